//! The configuration of the loss.

use crate::Error;
use serde::{Deserialize, Serialize};
use tweedie_math::number::{is_finite, is_not_negative};
use tweedie_math::{Parameterization, Short, Weighting};

/// The training objective. The quantity that the network predicts is part of the model's configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Objective {
    /// The kind of network that is trained. A classifier's loss is the cross entropy, and only `levels` applies to it.
    pub kind: ObjectiveKind,
    /// The loss.
    pub loss: Loss,
    /// λ of the hybrid loss.
    pub vlb_weight: f64,
    /// The quantity whose squared error is the loss; by default the quantity that the network predicts.
    pub measured: Option<Parameterization>,
    /// A named weighting of the squared error, as an alternative to `measured`.
    pub weighting: Option<Weighting>,
    /// Upper bound of the weight that `measured` or `weighting` gives to an example's squared error.
    pub max_weight: f64,
    /// The distribution of the noise levels.
    pub levels: LevelSampling,
}

/// The kind of network that is trained.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectiveKind {
    /// A denoiser, which predicts the clean data or an equivalent quantity.
    #[default]
    Denoiser,
    /// A classifier of noisy data, p(y | x_t).
    Classifier,
}

/// A loss by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// A weighted squared error such as L_simple.
    Squared,
    /// L_vlb in bits per dimension: T times the term of the drawn level. L_T is left out because it does not depend on the network.
    Vlb,
    /// The squared error plus λ·L_vlb, where the gradient of L_vlb reaches only the variance (Nichol & Dhariwal 2021, eq. 16).
    Hybrid,
}

/// The distribution of the noise levels of training examples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum LevelSampling {
    /// Uniform over the trained levels.
    Uniform {},
    /// Uniform over the trained levels, with every sequence of consecutive examples spread evenly over them. The loss has less noise than
    /// with `uniform`, for every batch size.
    Stratified {},
    /// In proportion to √E(loss²) at each level, with the inverse weight on the example. The expectation is taken over the last
    /// `history` losses of the level (Nichol & Dhariwal 2021, sec. 3.3). Levels are uniform until every level has `history` losses.
    Importance {
        /// Number of losses kept per level; 10 in the paper.
        history: usize,
        /// The share of examples whose level is drawn uniformly; 0.001 in the paper's code.
        uniform_share: f64,
    },
    /// The log-SNR is normally distributed and moved to the nearest trained level.
    NormalLogSnr {
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        std: f64,
    },
    /// ln σ = ln(noise/signal) is normally distributed and moved to the nearest trained level (Karras et al. 2022, who use mean −1.2 and
    /// standard deviation 1.2).
    LogNormalSigma {
        /// Its mean.
        mean: f64,
        /// Its standard deviation.
        std: f64,
    },
    /// The time t/T is the sigmoid of a normally distributed number, moved to the nearest trained level (Esser et al. 2024, who use mean 0
    /// and standard deviation 1).
    LogitNormal {
        /// The mean of the normally distributed number.
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
    /// Checks the values; the error names the key of a value that is not allowed.
    pub(super) fn check(&self) -> Result<(), Error> {
        let wrong =
            |key, found: String, allowed: &str| Err(Error::Config { key, found, allowed: allowed.into() });
        if self.measured.is_some() && self.weighting.is_some() {
            let allowed =
                "absent if training.objective.measured is given, because each determines the weight";
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
                if !(is_finite(mean) && is_not_negative(std)) =>
            {
                let found = format!("mean {}, std {}", Short(mean), Short(std));
                wrong("training.objective.levels", found, "finite in single precision, std not negative")
            }
            LevelSampling::Importance { history, uniform_share }
                if !((1..=1000).contains(&history) && uniform_share > 0.0 && uniform_share <= 1.0) =>
            {
                let found = format!("history {history}, uniform_share {}", Short(uniform_share));
                let allowed = "a history of 1 to 1000 losses and a share above 0, at most 1";
                wrong("training.objective.levels", found, allowed)
            }
            _ => Ok(()),
        }
    }
}
