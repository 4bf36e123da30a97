//! What the loss is.

use crate::Error;
use serde::{Deserialize, Serialize};
use tweedie_math::{Parameterization, Weighting};

/// What the loss is, beside what the network says (which belongs to the model).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Objective {
    /// What is to be learned. A classifier's loss is the cross entropy; of what follows it takes `levels` alone.
    pub kind: ObjectiveKind,
    /// Which loss.
    pub loss: Loss,
    /// λ of the hybrid loss.
    pub vlb_weight: f64,
    /// Where the squared error is measured; absent means where the network says it.
    pub measured: Option<Parameterization>,
    /// A named weighting of the squared error instead.
    pub weighting: Option<Weighting>,
    /// The weight that turns one into the other is at most this.
    pub max_weight: f64,
    /// How levels are drawn.
    pub levels: LevelSampling,
}

/// What a network is to learn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveKind {
    /// What lies under the noise.
    #[default]
    Denoiser,
    /// Which class lies under the noise, p(y | x_t).
    Classifier,
}

/// A loss by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The weighted squared error: L_simple and its kin.
    Squared,
    /// L_vlb without L_T, which nothing learned enters, in bits per dimension: T times the term of the level that was drawn.
    Vlb,
    /// The squared error plus λ·L_vlb, whose gradient reaches the variance alone (Nichol & Dhariwal 2021, eq. 16).
    Hybrid,
}

/// How the level of a training example is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum LevelSampling {
    /// Each trained level equally often.
    Uniform {},
    /// Each equally often, and any run of examples spread over all of them: less noise of the loss than `uniform`, whatever the batch.
    Stratified {},
    /// In proportion to √E(loss²) at each level, the example being weighed down by as much, from the last `history` losses there
    /// (Nichol & Dhariwal 2021, sec. 3.3); uniform until every level has so many.
    Importance {
        /// Losses kept per level; 10 in the paper.
        history: usize,
        /// The share of examples drawn uniformly all the same; .001 in the paper's code.
        uniform_share: f64,
    },
    /// log-SNR normal, moved to the nearest trained level.
    NormalLogSnr {
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        std: f64,
    },
    /// ln σ = ln(noise/signal) normal, moved to the nearest trained level (Karras et al. 2022; −1.2 and 1.2 there).
    LogNormalSigma {
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        std: f64,
    },
    /// The time's share of T is the sigmoid of a normal number, moved to the nearest trained level (Esser et al. 2024; 0 and 1
    /// there).
    LogitNormal {
        /// The normal number's mean.
        mean: f64,
        /// Its standard deviation.
        std: f64,
    },
}

impl Default for Objective {
    fn default() -> Self {
        Self {
            kind: ObjectiveKind::Denoiser,
            loss: Loss::Squared,
            vlb_weight: 0.001,
            measured: None,
            weighting: None,
            max_weight: 400.0,
            levels: LevelSampling::Uniform {},
        }
    }
}

impl Objective {
    /// Fails, naming the key, unless the numbers describe an objective.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong =
            |key, found: String, allowed: &str| Err(Error::Config { key, found, allowed: allowed.into() });
        if self.measured.is_some() && self.weighting.is_some() {
            let allowed = "absent where training.objective.measured is given, for either says the weight";
            return wrong("training.objective.weighting", "given".into(), allowed);
        }
        let named = self.measured.map_or(Ok(()), Parameterization::check);
        if let Err(error) = named.and(self.weighting.map_or(Ok(()), Weighting::check)) {
            return wrong(
                "training.objective",
                error.to_string(),
                "a weighting whose parameters are in range",
            );
        }
        match self.levels {
            LevelSampling::NormalLogSnr { mean, std }
            | LevelSampling::LogNormalSigma { mean, std }
            | LevelSampling::LogitNormal { mean, std }
                if !(mean.is_finite() && std.is_finite() && std >= 0.0) =>
            {
                let found = format!("mean {mean}, std {std}");
                wrong("training.objective.levels", found, "finite, std not negative")
            }
            LevelSampling::Importance { history, uniform_share }
                if !((1..=1000).contains(&history) && uniform_share > 0.0 && uniform_share <= 1.0) =>
            {
                let found = format!("history {history}, uniform_share {uniform_share}");
                let allowed = "a history of 1 to 1000 losses and a share above 0, at most 1";
                wrong("training.objective.levels", found, allowed)
            }
            _ => Ok(()),
        }
    }
}
