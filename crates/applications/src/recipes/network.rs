//! The network's part of a configuration: a class name, and the configuration of that class.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{PointMlp, PointMlpConfig, UNet, UNetConfig};

/// A network by its class. In a configuration the key `class` chooses it; without one it is a U-Net, or a point MLP where the data are
/// points.
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
    /// The class names that a configuration may have.
    pub const CLASSES: [&'static str; 2] = [UNet::CLASS, PointMlp::CLASS];

    /// The class name.
    pub fn class(&self) -> &'static str {
        match self {
            Self::UNet(_) => UNet::CLASS,
            Self::PointMlp(_) => PointMlp::CLASS,
        }
    }

    /// The class' own configuration as a JSON object.
    pub fn config(&self) -> Value {
        match self {
            Self::UNet(config) => serde_json::json!(config),
            Self::PointMlp(config) => serde_json::json!(config),
        }
    }

    /// Sets the shape of the data and the channels of the output; false where the network is for data of another shape.
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

    /// Rows of the class table.
    pub(super) fn class_rows_mut(&mut self) -> &mut Option<i64> {
        match self {
            Self::UNet(config) => &mut config.num_class_embeds,
            Self::PointMlp(config) => &mut config.num_class_embeds,
        }
    }

    /// Rows of the class table.
    pub fn class_rows(&self) -> Option<i64> {
        match self {
            Self::UNet(config) => config.num_class_embeds,
            Self::PointMlp(config) => config.num_class_embeds,
        }
    }

    /// Whether the logarithm of the number that the network is conditioned on is embedded.
    pub(super) fn embeds_log_time(&self) -> bool {
        matches!(self, Self::UNet(config) if config.time_embedding_type == "fourier")
    }

    /// Fails, naming the key, unless the configuration describes a network.
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
        // A U-Net's class is left out, so that configurations look as they always did.
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

/// Between the place inside the network's part and the message about it, in an error's text.
pub(super) const INSIDE: char = '\u{1}';

/// A class' own configuration; an error names the place inside it.
fn own<T: DeserializeOwned, E: serde::de::Error>(config: Map<String, Value>) -> Result<T, E> {
    serde_path_to_error::deserialize(Value::Object(config))
        .map_err(|error| E::custom(format!("{}{INSIDE}{}", error.path(), error.inner())))
}
