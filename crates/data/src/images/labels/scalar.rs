//! A single value of a label file.

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// A number or a text, as text; the first text of a list of texts. `None` for null, an empty text and every other value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Scalar(pub(super) Option<String>);

impl Scalar {
    /// A text without the blanks around it.
    pub(super) fn of(text: &str) -> Self {
        let text = text.trim();
        Self((!text.is_empty()).then(|| text.to_string()))
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::of(&value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::of(&value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::of(&value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
        // `3.0` is displayed as `3`.
        Ok(Scalar::of(&value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar::of(value))
    }

    fn visit_unit<E>(self) -> Result<Scalar, E> {
        Ok(Scalar(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        // A list of numbers is not a label: it may be a one-hot vector.
        let first = list.next_element::<Text>()?.map_or(Scalar(None), |text| text.0);
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(first)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar(None))
    }
}

/// A text; `None` for every other value.
struct Text(Scalar);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_str<E>(self, value: &str) -> Result<Text, E> {
                Ok(Text(Scalar::of(value)))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Text, E> {
                Ok(Text(Scalar(None)))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Text, E> {
                Ok(Text(Scalar(None)))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Text, E> {
                Ok(Text(Scalar(None)))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Text, E> {
                Ok(Text(Scalar(None)))
            }

            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text(Scalar(None)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Text(Scalar(None)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Text(Scalar(None)))
            }
        }
        deserializer.deserialize_any(TextVisitor)
    }
}
