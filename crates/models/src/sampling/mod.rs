//! From what a checkpoint says and what a user wishes to a path, a sampler and pictures.

mod check;
mod draw;
mod levels;
mod options;
mod sampler;

pub use draw::{bounded, walk_down};
pub use levels::{Levels, NoLevels};
pub use options::{AfterClip, CorrectorNorms, DdimAdds, SolverOptions, ThirdOrderForm};
pub use sampler::Sampler;

use serde::{Deserialize, Serialize};
use tweedie_math::Spacing;

/// The reverse variance of ancestral sampling, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variance {
    /// β̃.
    FixedSmall,
    /// β.
    FixedLarge,
    /// The network's.
    Learned,
    /// β̃ + c₁²·Var(x_0 | x_t), the latter by the network's own Jacobian.
    Optimal,
}

/// How a checkpoint wants to be sampled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingDefaults {
    /// Which sampler.
    pub sampler: Sampler,
    /// How many steps.
    pub steps: usize,
    /// η of DDIM and of Euler's ancestral form.
    pub eta: f64,
    /// The variance of ancestral sampling.
    pub variance: Variance,
    /// How the steps are spread over the trained times.
    pub spacing: Spacing,
    /// Added to leading times.
    pub steps_offset: usize,
    /// Which levels are visited, by any rule; where it is given, steps, spacing and offset say nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<Levels>,
    /// Whether the last step ends at clean data; else at the first trained level.
    pub ends_clean: bool,
    /// x̂_0 is clipped to ±this, in the model's units; none is no clipping.
    pub clip: Option<f64>,
    /// What single samplers take beside that.
    #[serde(skip_serializing_if = "SolverOptions::are_usual")]
    pub options: SolverOptions,
}

impl Default for SamplingDefaults {
    fn default() -> Self {
        Self {
            sampler: Sampler::Ddim,
            steps: 50,
            eta: 0.0,
            variance: Variance::FixedSmall,
            spacing: Spacing::Trailing,
            steps_offset: 0,
            levels: None,
            ends_clean: true,
            clip: Some(1.0),
            options: SolverOptions::default(),
        }
    }
}
