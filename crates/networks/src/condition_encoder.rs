//! Encodes several conditions as one vector, which a U-Net with `class_embed_type = "identity"` adds to its time embedding.

use crate::layers::{Embedding, Linear, Start, sinusoidal};
use crate::unet::{FeatureEmbedding, rows_of};
use crate::{Condition, Error, Parameters, Pass, Plan};
use serde::{Deserialize, Serialize};
use tch::{Device, Tensor};
use tweedie_torch::guard;

/// Configuration of a [`ConditionEncoder`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConditionEncoderConfig {
    /// Width of the encoded vector, which must be the width of the U-Net's time embedding.
    pub width: i64,
    /// Number of rows of the class table; null for no class condition.
    pub class_rows: Option<i64>,
    /// Number of sinusoidal features of a number condition, such as the noise level of a low-resolution image; null for no such condition.
    pub number_features: Option<i64>,
    /// Width of a vector condition, such as a text embedding; null for no vector condition.
    pub vector: Option<i64>,
}

impl Default for ConditionEncoderConfig {
    fn default() -> Self {
        Self { width: 128, class_rows: None, number_features: None, vector: None }
    }
}

/// The sum of a class embedding, a number's embedding and a projected vector.
#[derive(Debug)]
pub struct ConditionEncoder {
    config: ConditionEncoderConfig,
    parameters: Parameters,
    class: Option<Embedding>,
    number: Option<FeatureEmbedding>,
    vector: Option<Linear>,
}

/// The greatest allowed size; a greater one is taken for a typing error.
const MOST: i64 = 1 << 20;

impl ConditionEncoder {
    /// Creates an encoder with initial values from `seed`, which are the same on every device.
    ///
    /// # Errors
    /// [`Error::Config`] with the key of a value that is not allowed; [`Error::TooLarge`] for too many parameters.
    pub fn new(config: &ConditionEncoderConfig, device: Device, seed: u64) -> Result<Self, Error> {
        // Sizes that are too large together are refused before memory is allocated.
        Self::into(config, Parameters::planned())?;
        Self::into(config, Parameters::new(device, seed))
    }

    /// The plan of an encoder, computed without allocating it.
    ///
    /// # Errors
    /// Errors of [`ConditionEncoder::new`].
    pub fn plan(config: &ConditionEncoderConfig) -> Result<Plan, Error> {
        Ok(Plan::of(&Self::into(config, Parameters::planned())?.parameters))
    }

    /// Builds the encoder and adds its parameters to an empty set.
    fn into(config: &ConditionEncoderConfig, mut parameters: Parameters) -> Result<Self, Error> {
        for (key, value, least) in [
            ("width", Some(config.width), 1),
            ("class_rows", config.class_rows, 1),
            // Sinusoidal features come in pairs; a single one would be padding only.
            ("number_features", config.number_features, 2),
            ("vector", config.vector, 1),
        ] {
            if let Some(value) = value.filter(|value| !(least..=MOST).contains(value)) {
                let allowed = format!("it must be between {least} and {MOST}");
                return Err(Error::Config { key, found: value.to_string(), allowed });
            }
        }
        if config.class_rows.or(config.number_features).or(config.vector).is_none() {
            let allowed = "at least one of class_rows, number_features and vector must be given".into();
            return Err(Error::Config { key: "class_rows", found: "null".into(), allowed });
        }
        let mut root = parameters.root();
        let class =
            config.class_rows.map(|rows| Embedding::new(root.sub("class_embedding"), rows, config.width));
        let class = class.transpose()?;
        let number = config.number_features;
        let number = number
            .map(|features| FeatureEmbedding::new(root.sub("number_embedding"), features, config.width));
        let number = number.transpose()?;
        let vector = config
            .vector
            .map(|inputs| Linear::new(root.sub("vector_projection"), inputs, config.width, Start::Default));
        let vector = vector.transpose()?;
        Ok(Self { config: config.clone(), parameters, class, number, vector })
    }

    /// Replaces the class, number and vector of a condition by one vector, (N, width). An image condition is kept.
    ///
    /// # Errors
    /// [`Error::Input`] for a part that is missing, that the encoder does not take, or that has another shape.
    pub fn encode(&self, condition: &Condition, pass: &Pass) -> Result<Condition, Error> {
        for (name, takes, given) in [
            ("a class", self.class.is_some(), condition.class.is_some()),
            ("a number", self.number.is_some(), condition.number.is_some()),
            ("a vector", self.vector.is_some(), condition.vector.is_some()),
        ] {
            if takes != given {
                let (found, expected) =
                    if given { ("given", "takes none") } else { ("missing", "needs one") };
                return Err(Error::Input(format!("{name} is {found}; this condition encoder {expected}")));
            }
        }
        self.check_shapes(condition)?;
        let vector = guard(|| self.sum(condition, pass))??;
        let image = condition.image.as_ref().map(Tensor::shallow_clone);
        Ok(Condition { vector, image, ..Condition::default() })
    }

    /// Checks that every part has one row per example, and that a vector has the configured width.
    fn check_shapes(&self, condition: &Condition) -> Result<(), Error> {
        let parts = [
            ("class", &condition.class, None),
            ("number", &condition.number, None),
            ("vector", &condition.vector, self.config.vector),
        ];
        let mut n = None;
        for (name, part, width) in parts {
            let Some(part) = part else { continue };
            let size = part.size();
            let n = *n.get_or_insert(size.first().copied().unwrap_or(0));
            let expected: Vec<i64> = [n].into_iter().chain(width).collect();
            if n == 0 || size != expected {
                return Err(Error::Input(format!(
                    "the condition's {name} has shape {size:?}; it must have one row per example, {expected:?}"
                )));
            }
        }
        Ok(())
    }

    /// The sum of the embedded parts, (N, width).
    fn sum(&self, condition: &Condition, pass: &Pass) -> Result<Option<Tensor>, Error> {
        let mut sum: Option<Tensor> = None;
        let mut add = |term: Tensor| {
            sum = Some(match sum.take() {
                Some(sum) => sum + term,
                None => term,
            });
        };
        if let (Some(table), Some(class)) = (&self.class, &condition.class) {
            add(table.forward(&rows_of(class, table.n_rows(), "class")?));
        }
        if let (Some(embedding), Some(number), Some(features)) =
            (&self.number, &condition.number, self.config.number_features)
        {
            add(embedding.forward(&sinusoidal(number, features, true, 0.0), pass));
        }
        if let (Some(projection), Some(vector)) = (&self.vector, &condition.vector) {
            add(projection.forward(vector, pass));
        }
        Ok(sum)
    }

    /// The configuration.
    pub fn config(&self) -> &ConditionEncoderConfig {
        &self.config
    }

    /// The parameters, in the order of construction.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}
