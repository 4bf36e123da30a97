//! The configuration of the network: the name of its class and the configuration of that class.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{PointMlp, PointMlpConfig, UNet, UNetConfig};

/// The configuration of a network. In a configuration file, the key `class` selects the variant; the default is `UNet2DModel`.
#[derive(Debug, Clone, PartialEq)]
pub enum NetworkConfig {
    /// `UNet2DModel`.
    UNet(Box<UNetConfig>),
    /// `PointMlp`.
    PointMlp(PointMlpConfig),
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self::UNet(Box::default())
    }
}

impl NetworkConfig {
    /// The names of the available classes.
    pub const CLASSES: [&'static str; 2] = [UNet::CLASS, PointMlp::CLASS];

    /// The name of the class.
    pub fn class(&self) -> &'static str {
        match self {
            Self::UNet(_) => UNet::CLASS,
            Self::PointMlp(_) => PointMlp::CLASS,
        }
    }

    /// The configuration of the class as a JSON object.
    pub fn config(&self) -> Value {
        match self {
            Self::UNet(config) => serde_json::json!(config),
            Self::PointMlp(config) => serde_json::json!(config),
        }
    }

    /// Sets the shape of the data and the number of output channels. Returns false if the network does not fit the shape.
    pub(super) fn fit(&mut self, sides: &[usize], outputs: i64) -> bool {
        match (self, sides) {
            (Self::UNet(config), &[channels, height, width]) => {
                config.in_channels = channels as i64;
                config.out_channels = outputs;
                config.sample_size = Some(SampleSize::of([height as i64, width as i64]));
            }
            (Self::PointMlp(config), &[dimensions]) => {
                config.dimensions = dimensions as i64;
                config.outputs = outputs;
            }
            (Self::UNet(_) | Self::PointMlp(_), _) => return false,
        }
        true
    }

    /// The number of rows of the class table.
    pub(super) fn class_rows_mut(&mut self) -> &mut Option<i64> {
        match self {
            Self::UNet(config) => &mut config.num_class_embeds,
            Self::PointMlp(config) => &mut config.num_class_embeds,
        }
    }

    /// The number of rows of the class table.
    pub fn class_rows(&self) -> Option<i64> {
        match self {
            Self::UNet(config) => config.num_class_embeds,
            Self::PointMlp(config) => config.num_class_embeds,
        }
    }

    /// Whether the network embeds the logarithm of the number that it is conditioned on.
    pub(super) fn embeds_log_time(&self) -> bool {
        matches!(self, Self::UNet(config) if config.time_embedding_type == "fourier")
    }

    /// Returns an error that names the key unless the configuration is valid.
    ///
    /// # Errors
    /// [`tweedie_networks::Error::Config`].
    pub fn check(&self) -> Result<(), tweedie_networks::Error> {
        match self {
            Self::UNet(config) => config.check(),
            Self::PointMlp(config) => config.check(),
        }
    }
}

impl Serialize for NetworkConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut whole = Map::new();
        // The class of a U-Net is omitted, so that its configurations have the same text as those of earlier versions.
        if self.class() != UNet::CLASS {
            whole.insert("class".into(), self.class().into());
        }
        if let Value::Object(own) = self.config() {
            whole.extend(own);
        }
        whole.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for NetworkConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut whole = Map::deserialize(deserializer)?;
        match whole.remove("class") {
            None => own(whole).map(|config| Self::UNet(Box::new(config))),
            Some(Value::String(class)) if class == UNet::CLASS => {
                own(whole).map(|config| Self::UNet(Box::new(config)))
            }
            Some(Value::String(class)) if class == PointMlp::CLASS => own(whole).map(Self::PointMlp),
            Some(other) => Err(D::Error::custom(format!(
                "class is {other}; it must be one of {}",
                Self::CLASSES.join(", ")
            ))),
        }
    }
}

/// The separator between the path inside the network's configuration and the message in the text of an error.
pub(super) const INSIDE: char = '\u{1}';

/// Deserializes the configuration of a class. The text of an error contains the path inside it.
fn own<T: DeserializeOwned, E: serde::de::Error>(config: Map<String, Value>) -> Result<T, E> {
    serde_path_to_error::deserialize(Value::Object(config))
        .map_err(|error| E::custom(format!("{}{INSIDE}{}", error.path(), error.inner())))
}
