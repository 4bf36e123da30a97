//! The number of replicas of a network.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// The number of replicas of a network that compute parts of a batch at the same time, each with an equal share of the threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replicas {
    /// The number that is fastest by measurement; 1 without a measurement.
    Auto,
    /// This number, between 1 and [`Replicas::MOST`].
    Number(usize),
}

impl Replicas {
    /// The greatest number of replicas.
    pub const MOST: usize = 64;

    /// The number without a measurement.
    pub fn number(self) -> usize {
        match self {
            Self::Auto => 1,
            Self::Number(n) => n,
        }
    }
}

/// One replica, which is the network itself.
impl Default for Replicas {
    fn default() -> Self {
        Self::Number(1)
    }
}

impl fmt::Display for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Number(n) => write!(f, "{n}"),
        }
    }
}

impl FromStr for Replicas {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<usize>() {
            _ if text == "auto" => Ok(Self::Auto),
            Ok(n) if (1..=Self::MOST).contains(&n) => Ok(Self::Number(n)),
            _ => Err(format!("it must be auto or a whole number between 1 and {}", Self::MOST)),
        }
    }
}

impl Serialize for Replicas {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Auto => serializer.serialize_str("auto"),
            Self::Number(n) => serializer.serialize_u64(*n as u64),
        }
    }
}

impl<'de> Deserialize<'de> for Replicas {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Number(i64),
            Name(String),
        }
        let allowed = || format!("it must be \"auto\" or a whole number between 1 and {}", Self::MOST);
        let text = match Given::deserialize(deserializer).map_err(|_| de::Error::custom(allowed()))? {
            Given::Number(n) => n.to_string(),
            Given::Name(name) => name,
        };
        text.parse().map_err(|_| de::Error::custom(format!("it is {text}; {}", allowed())))
    }
}

#[cfg(test)]
mod tests {
    use super::Replicas;
    use serde_json::json;

    #[test]
    fn names_and_numbers_are_read_and_written() {
        let read = |value| serde_json::from_value::<Replicas>(value).map_err(|error| error.to_string());
        for replicas in [Replicas::Auto, Replicas::Number(1), Replicas::Number(Replicas::MOST)] {
            assert_eq!(read(json!(replicas)).unwrap(), replicas);
            assert_eq!(replicas.to_string().parse::<Replicas>().unwrap(), replicas);
        }
        for bad in [json!(0), json!(-1), json!(65), json!("two"), json!(1.5), json!(true)] {
            assert!(read(bad.clone()).unwrap_err().contains("auto"), "{bad}");
        }
    }
}
