//! The embeddings of time and class.

use super::UNetConfig;
use crate::layers::{Activation, Embedding, Linear, Start, sinusoidal};
use crate::parameters::Init;
use crate::{Error, Pass, Scope};
use tch::{Kind, Tensor};

/// Features of the time that a network is told.
#[derive(Debug)]
pub(super) enum TimeFeatures {
    Positional {
        width: i64,
        flip_sin_to_cos: bool,
        freq_shift: f64,
    },
    /// sin‖cos of 2π·w·ln(time), w fixed and random (Song et al. 2021).
    Fourier {
        frequencies: Tensor,
    },
    Learned(Embedding),
}

impl TimeFeatures {
    pub(super) fn new(mut scope: Scope, config: &UNetConfig) -> Result<Self, Error> {
        let width = config.block_out_channels[0];
        Ok(match (config.time_embedding_type.as_str(), config.num_train_timesteps) {
            ("fourier", _) => {
                Self::Fourier { frequencies: scope.fixed("weight", &[width], Init::Normal(16.0))? }
            }
            ("learned", Some(rows)) => Self::Learned(Embedding::new(scope, rows, width)?),
            _ => Self::Positional {
                width,
                flip_sin_to_cos: config.flip_sin_to_cos,
                freq_shift: config.freq_shift,
            },
        })
    }

    pub(super) fn width(config: &UNetConfig) -> i64 {
        let channels = config.block_out_channels[0];
        if config.time_embedding_type == "fourier" { 2 * channels } else { channels }
    }

    /// (N) → (N, width), f32.
    pub(super) fn forward(&self, time: &Tensor) -> Result<Tensor, Error> {
        match self {
            Self::Positional { width, flip_sin_to_cos, freq_shift } => {
                Ok(sinusoidal(time, *width, *flip_sin_to_cos, *freq_shift))
            }
            Self::Fourier { frequencies } => {
                let angle = time.to_kind(Kind::Float).log().unsqueeze(1)
                    * frequencies.unsqueeze(0)
                    * 2.0
                    * std::f64::consts::PI;
                Ok(Tensor::cat(&[angle.sin(), angle.cos()], 1))
            }
            Self::Learned(table) => {
                let rows = rows_of(time, table.n_rows(), "time")?;
                Ok(table.forward(&rows))
            }
        }
    }

    /// Whether it has an entry per trained level and nothing between them.
    pub(super) fn is_table(&self) -> bool {
        matches!(self, Self::Learned(_))
    }
}

/// Linear, SiLU, linear: features → embedding.
#[derive(Debug)]
pub(super) struct FeatureEmbedding {
    linear_1: Linear,
    linear_2: Linear,
}

impl FeatureEmbedding {
    pub(super) fn new(mut scope: Scope, inputs: i64, width: i64) -> Result<Self, Error> {
        Ok(Self {
            linear_1: Linear::new(scope.sub("linear_1"), inputs, width, Start::Default)?,
            linear_2: Linear::new(scope.sub("linear_2"), width, width, Start::Default)?,
        })
    }

    pub(super) fn forward(&self, features: &Tensor, pass: &Pass) -> Tensor {
        self.linear_2.forward(&Activation::Silu.forward(&self.linear_1.forward(features, pass)), pass)
    }
}

/// What a network is told beside time.
#[derive(Debug)]
pub enum ClassCondition {
    /// (N) class numbers, for a table.
    Labels(Tensor),
    /// (N) numbers, embedded as times are.
    Timestep(Tensor),
    /// (N, width) vectors, added as they are.
    Vector(Tensor),
}

impl ClassCondition {
    /// The condition of some images of a batch, by their numbers (M) in it.
    ///
    /// # Errors
    /// Numbers outside the batch.
    pub fn rows(&self, images: &Tensor) -> Result<Self, Error> {
        Ok(match self {
            Self::Labels(values) => Self::Labels(values.f_index_select(0, images)?),
            Self::Timestep(values) => Self::Timestep(values.f_index_select(0, images)?),
            Self::Vector(values) => Self::Vector(values.f_index_select(0, images)?),
        })
    }
}

/// How a class becomes a vector that is added to the time embedding.
#[derive(Debug)]
pub(super) enum ClassEmbedding {
    None,
    Table(Embedding),
    Timestep(FeatureEmbedding),
    Identity { width: i64 },
}

impl ClassEmbedding {
    pub(super) fn new(scope: Scope, config: &UNetConfig, width: i64) -> Result<Self, Error> {
        Ok(match (config.class_embed_type.as_deref(), config.num_class_embeds) {
            (None, Some(rows)) => Self::Table(Embedding::new(scope, rows, width)?),
            (Some("timestep"), _) => {
                Self::Timestep(FeatureEmbedding::new(scope, TimeFeatures::width(config), width)?)
            }
            (Some("identity"), _) => Self::Identity { width },
            _ => Self::None,
        })
    }

    /// Fails unless the condition is of the kind that the network takes, one per image.
    pub(super) fn check(&self, class: Option<&ClassCondition>, n: i64) -> Result<(), Error> {
        let (found, expected) = match (self, class) {
            (Self::None, None) => return Ok(()),
            (Self::Table(_), Some(ClassCondition::Labels(values)))
            | (Self::Timestep(_), Some(ClassCondition::Timestep(values))) => (values.size(), vec![n]),
            (Self::Identity { width }, Some(ClassCondition::Vector(values))) => {
                (values.size(), vec![n, *width])
            }
            (Self::None, Some(_)) => {
                return Err(Error::Input("this network takes no condition and was given one".into()));
            }
            (needs, given) => {
                let needed = match needs {
                    Self::Table(table) => format!("class numbers 0 … {}", table.n_rows() - 1),
                    Self::Timestep(_) => "a number per image".into(),
                    _ => "a vector per image".into(),
                };
                let given = if given.is_some() { "another kind of condition" } else { "none" };
                return Err(Error::Input(format!(
                    "this network needs {needed} as its condition and was given {given}"
                )));
            }
        };
        if found == expected {
            Ok(())
        } else {
            Err(Error::Input(format!("the condition has shape {found:?}; it must be {expected:?}")))
        }
    }

    /// The embedding with the class added; the condition was checked.
    pub(super) fn add(
        &self,
        embedding: Tensor,
        class: Option<&ClassCondition>,
        features: &TimeFeatures,
        pass: &Pass,
    ) -> Result<Tensor, Error> {
        let vector = match (self, class) {
            (Self::Table(table), Some(ClassCondition::Labels(labels))) => {
                table.forward(&rows_of(labels, table.n_rows(), "class")?)
            }
            (Self::Timestep(embed), Some(ClassCondition::Timestep(time))) => {
                embed.forward(&features.forward(time)?, pass)
            }
            (Self::Identity { .. }, Some(ClassCondition::Vector(vector))) => vector.shallow_clone(),
            _ => return Ok(embedding),
        };
        Ok(embedding + vector.to_kind(pass.precision.kind()))
    }
}

/// Whole numbers in 0..rows, or a sentence.
fn rows_of(values: &Tensor, rows: i64, what: &str) -> Result<Tensor, Error> {
    let whole = values.round().to_kind(Kind::Int64);
    let outside = whole.lt(0).logical_or(&whole.ge(rows)).any();
    if bool::try_from(outside).unwrap_or(true) {
        return Err(Error::Input(format!(
            "a {what} number is outside the network's table, which has rows 0 … {}",
            rows - 1
        )));
    }
    let off = (values.to_kind(Kind::Double) - whole.to_kind(Kind::Double)).abs().max();
    if f64::try_from(off).unwrap_or(1.0) > 1e-3 {
        return Err(Error::Input(format!(
            "the network has a learned {what} table and knows nothing between its rows"
        )));
    }
    Ok(whole)
}
