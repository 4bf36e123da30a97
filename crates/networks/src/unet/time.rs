//! The embedding of time.

use super::UNetConfig;
use super::rows::rows_of;
use crate::layers::{Activation, Embedding, Linear, Start, sinusoidal};
use crate::{Error, Init, Pass, Scope};
use tch::{Kind, Tensor};

/// Features of the number that represents the noise level.
#[derive(Debug)]
pub(crate) enum TimeFeatures {
    Positional {
        width: i64,
        flip_sin_to_cos: bool,
        freq_shift: f64,
    },
    /// sin‖cos of 2π·w·ln(time) with fixed random frequencies w (Song et al. 2021).
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

    /// Whether the features are a table with a row for each trained level, undefined between them.
    pub(super) fn is_table(&self) -> bool {
        matches!(self, Self::Learned(_))
    }
}

/// The map from features to an embedding: linear, SiLU, linear.
#[derive(Debug)]
pub(crate) struct FeatureEmbedding {
    linear_1: Linear,
    linear_2: Linear,
}

impl FeatureEmbedding {
    pub(crate) fn new(scope: Scope, inputs: i64, width: i64) -> Result<Self, Error> {
        let mut scope = scope.on(1);
        Ok(Self {
            linear_1: Linear::new(scope.sub("linear_1"), inputs, width, Start::Default)?,
            linear_2: Linear::new(scope.sub("linear_2"), width, width, Start::Default)?,
        })
    }

    pub(crate) fn forward(&self, features: &Tensor, pass: &Pass) -> Tensor {
        self.linear_2
            .forward_rows(&Activation::Silu.forward(&self.linear_1.forward_rows(features, pass)), pass)
    }
}
