//! From a sampling configuration to a path, a sampler and samples.

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

/// How a model is sampled. A checkpoint carries one; a caller changes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingConfig {
    /// The sampler.
    pub sampler: Sampler,
    /// The number of steps.
    pub steps: usize,
    /// η of DDIM and of Euler's ancestral form.
    pub eta: f64,
    /// The reverse variance of ancestral sampling and of the variational bound.
    pub variance: ReverseVariance,
    /// How the steps are spread over the trained times.
    pub spacing: Spacing,
    /// Added to leading times.
    pub steps_offset: usize,
    /// The levels that are visited, by any rule; with one, steps, spacing and offset have no effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub levels: Option<LevelRule>,
    /// Whether the last step ends at clean data; otherwise it ends at the first trained level.
    pub ends_clean: bool,
    /// x̂_0 is clipped to ± this, in the model's units; `None` does not clip.
    pub clip: Option<f64>,
    /// The options of single samplers, by the sampler's name.
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
    /// Whether the start alone determines the sample: no noise is drawn on the way.
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

    /// Whether the optimal reverse variance is needed, which a model finds by its own Jacobian.
    pub fn takes_optimal_variance(&self) -> bool {
        matches!(self.sampler, Sampler::Ddpm | Sampler::PredictorCorrector)
            && self.variance == ReverseVariance::Optimal
    }
}
