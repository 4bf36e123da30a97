//! Sampling configurations, and sampling with them.

mod check;
mod draw;
mod options;
mod rule;
mod sampler;

pub use check::SamplingError;
pub use draw::{bounded, walk_down};
pub use options::{SamplerOptions, takers_of};
pub use rule::{LevelRule, NoLevelRule};
pub use sampler::{NoSampler, Sampler};

use serde::{Deserialize, Serialize};
use tweedie_math::Spacing;
use tweedie_samplers::{DdimNoiseKind, ReverseVariance};

/// The configuration of sampling. A checkpoint contains one with default values, which callers can change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingConfig {
    /// The sampler.
    pub sampler: Sampler,
    /// The number of steps.
    pub steps: usize,
    /// η of DDIM and of the ancestral Euler sampler.
    pub eta: f64,
    /// The variance of the reverse process in ancestral sampling and in the variational bound.
    pub variance: ReverseVariance,
    /// The spacing of the steps over the trained times.
    pub spacing: Spacing,
    /// An offset added to the times of leading spacing.
    pub steps_offset: usize,
    /// The rule for the levels that are visited. If it is given, `steps`, `spacing` and `steps_offset` are not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<LevelRule>,
    /// Whether the last step ends at clean data instead of the first trained level.
    pub ends_clean: bool,
    /// The bound b of the clip of x̂_0 to [−b, b], in the model's units; `None` does not clip.
    pub clip: Option<f64>,
    /// The options of individual samplers, grouped by the name of the sampler.
    #[serde(skip_serializing_if = "SamplerOptions::are_default")]
    pub options: SamplerOptions,
}

impl Default for SamplingConfig {
    fn default() -> Self {
        Self {
            sampler: Sampler::Ddim,
            steps: 50,
            eta: 0.0,
            variance: ReverseVariance::FixedSmall,
            spacing: Spacing::Trailing,
            steps_offset: 0,
            levels: None,
            ends_clean: true,
            clip: Some(1.0),
            options: SamplerOptions::default(),
        }
    }
}

impl SamplingConfig {
    /// Whether a sample is determined by its starting point, because the sampler adds no noise.
    pub fn is_deterministic(&self) -> bool {
        match self.sampler {
            Sampler::Ddim => self.eta == 0.0 && self.options.ddim.noise == DdimNoiseKind::Eta,
            Sampler::EulerAncestral => self.eta == 0.0,
            Sampler::Heun => self.options.heun.churn == 0.0,
            Sampler::Euler | Sampler::Dpm2m | Sampler::Dpm3m | Sampler::UniPc | Sampler::Ode => true,
            Sampler::Ddpm
            | Sampler::Dpm2mSde
            | Sampler::Dpm3mSde
            | Sampler::PredictorCorrector
            | Sampler::Langevin
            | Sampler::Mala => false,
        }
    }

    /// Whether the optimal variance of the reverse process is used, which is computed from the Jacobian of the model.
    pub fn takes_optimal_variance(&self) -> bool {
        matches!(self.sampler, Sampler::Ddpm | Sampler::PredictorCorrector)
            && self.variance == ReverseVariance::Optimal
    }
}
