//! What single samplers take beside steps and η.

use serde::{Deserialize, Serialize};
use tweedie_samplers::{
    Adaptive, Annealed, Churn, Corrector, EpsAfterClip, Norms, ThirdOrder, UniPc, UniPcKernel,
};

/// The options of single samplers, with their papers' defaults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SolverOptions {
    /// What DDIM's steps add.
    pub ddim: DdimAdds,
    /// Heun's `S_churn`.
    pub churn: f64,
    /// Heun's `S_tmin` and `S_tmax`; none is every level.
    pub churn_sigmas: Option<[f64; 2]>,
    /// Heun's `S_noise`.
    pub churn_noise: f64,
    /// Which second difference 3M takes.
    pub third_order: ThirdOrderForm,
    /// UniPC's order.
    pub order: usize,
    /// The adaptive solver's local error.
    pub tolerance: f64,
    /// The corrector's signal-to-noise ratio.
    pub corrector_snr: f64,
    /// Corrector steps per level.
    pub corrector_steps: usize,
    /// What the corrector's steps are measured by.
    pub corrector_norms: CorrectorNorms,
    /// Langevin steps per level.
    pub langevin_steps: usize,
    /// Underdamped Langevin steps with this much friction per step; none is overdamped.
    pub langevin_friction: Option<f64>,
    /// NCSNv2's ε; none is what its technique 4 gives for the path.
    pub langevin_epsilon: Option<f64>,
    /// Random probes of the optimal variance's trace.
    pub variance_probes: usize,
    /// Where x̂_0 is clipped: what becomes of ε̂.
    pub after_clip: AfterClip,
    /// Dynamic thresholding at this quantile instead of the plain clip; none is the plain clip.
    pub threshold: Option<f64>,
    /// The threshold is at most this, in the model's units; none is no limit.
    pub threshold_most: Option<f64>,
}

impl Default for SolverOptions {
    fn default() -> Self {
        Self {
            ddim: DdimAdds::Eta,
            churn: 0.0,
            churn_sigmas: None,
            churn_noise: 1.0,
            third_order: ThirdOrderForm::Corrected,
            order: 2,
            tolerance: 1e-4,
            corrector_snr: 0.16,
            corrector_steps: 1,
            corrector_norms: CorrectorNorms::PerSample,
            langevin_steps: 5,
            langevin_friction: None,
            langevin_epsilon: None,
            variance_probes: 1,
            after_clip: AfterClip::Rederive,
            threshold: None,
            threshold_most: None,
        }
    }
}

/// What DDIM's steps add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DdimAdds {
    /// η·√β̃ of noise.
    Eta,
    /// Noise all new at each step.
    Fresh,
    /// σ̂: more noise than the level has, in the direction of η = 1.
    SigmaHat,
}

/// Which second difference 3M takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThirdOrderForm {
    /// The one of third order.
    Corrected,
    /// The one in print, of second order.
    Published,
}

/// What a corrector's step is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectorNorms {
    /// Each picture's own norms.
    PerSample,
    /// The batch's mean norms, as published: pictures depend on those drawn with them.
    BatchMean,
}

/// What becomes of ε̂ once x̂_0 was clipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterClip {
    /// It is derived again from x and the clipped x̂_0.
    Rederive,
    /// It stays, as in `diffusers`' DDIM.
    Keep,
}

impl SolverOptions {
    /// Whether nothing was chosen.
    pub(super) fn are_usual(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn churn(&self) -> Churn {
        let [from_sigma, to_sigma] = self.churn_sigmas.unwrap_or([0.0, f64::INFINITY]);
        Churn { churn: self.churn, from_sigma, to_sigma, noise: self.churn_noise }
    }

    pub(super) fn form(&self) -> ThirdOrder {
        match self.third_order {
            ThirdOrderForm::Corrected => ThirdOrder::Corrected,
            ThirdOrderForm::Published => ThirdOrder::Published,
        }
    }

    pub(super) fn unipc(&self) -> UniPc {
        UniPc { order: self.order, kernel: UniPcKernel::ExpH }
    }

    pub(super) fn adaptive(&self) -> Adaptive {
        Adaptive { tolerance: self.tolerance, most_steps: 1000 }
    }

    pub(super) fn corrector(&self) -> Corrector {
        let norms = match self.corrector_norms {
            CorrectorNorms::PerSample => Norms::PerSample,
            CorrectorNorms::BatchMean => Norms::BatchMean,
        };
        Corrector { snr: self.corrector_snr, steps: self.corrector_steps, norms }
    }

    pub(super) fn annealed(&self, epsilon: f64) -> Annealed {
        Annealed {
            epsilon,
            steps_per_level: self.langevin_steps,
            friction: self.langevin_friction,
            denoise: true,
        }
    }

    pub(super) fn eps_after_clip(&self) -> EpsAfterClip {
        match self.after_clip {
            AfterClip::Rederive => EpsAfterClip::Rederive,
            AfterClip::Keep => EpsAfterClip::Keep,
        }
    }
}
