//! Description of a denoiser apart from its network.

use crate::About;
use crate::sampling::SamplingConfig;
use serde::{Deserialize, Serialize};
use tweedie_math::{Parameterization, Schedule};

/// The properties of a denoiser apart from its network.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The data, the process and the classes.
    pub about: About,
    /// What the network predicts.
    pub parameterization: Parameterization,
    /// The meaning of the second half of the network's output channels.
    pub variance: VariancePrediction,
    /// The default sampling configuration.
    pub sampling: SamplingConfig,
}

/// The meaning of the second half of a network's output channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VariancePrediction {
    /// The network does not predict a variance, so there is no second half.
    None,
    /// ln σ².
    Log,
    /// The position between ln β̃ and ln β (Nichol & Dhariwal 2021, eq. 15).
    Range,
}

impl VariancePrediction {
    /// The name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Log => "log",
            Self::Range => "range",
        }
    }
}

impl Description {
    /// A description with a process, a parameterization and defaults for everything else: those of [`About::new`], no predicted variance,
    /// and DDIM with 50 steps.
    pub fn new(schedule: Schedule, steps: usize, parameterization: Parameterization) -> Self {
        Self {
            about: About::new(schedule, steps),
            parameterization,
            variance: VariancePrediction::None,
            sampling: SamplingConfig::default(),
        }
    }
}
