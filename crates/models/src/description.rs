//! Everything about a model that is not its weights: `tweedie.json`.

use crate::sampling::SamplingDefaults;
use serde::{Deserialize, Serialize};
use std::fmt;
use tweedie_math::{Conditioning, Parameterization, Schedule};

/// What a sampler must know beside the network; the content of `tweedie.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// Version of this file's format.
    pub format: u32,
    /// The discrete process' schedule.
    pub schedule: Schedule,
    /// T.
    pub steps: usize,
    /// What the network says.
    pub parameterization: Parameterization,
    /// What it is told.
    pub conditioning: Conditioning,
    /// Whether the second half of its channels is a variance.
    pub variance: LearnedVariance,
    /// The range of clean data.
    pub range: DataRange,
    /// For arrays instead of pictures: what was subtracted and divided by, per channel. `range` then says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardization: Option<Standardization>,
    /// Names of the classes, in the order of their numbers; empty for an unconditional model.
    pub class_names: Vec<String>,
    /// The row of the class table that means no class, where training dropped labels now and then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_class: Option<i64>,
    /// How to sample it unless told otherwise.
    pub sampling: SamplingDefaults,
    /// How it came to be.
    pub training: Option<TrainingSummary>,
}

/// What the second half of a network's output channels means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LearnedVariance {
    /// There is no second half.
    None,
    /// ln σ².
    Log,
    /// A place between ln β̃ and ln β.
    Range,
}

/// The range that u8 pictures are mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataRange {
    /// What 0 becomes.
    pub low: f64,
    /// What 255 becomes.
    pub high: f64,
}

impl fmt::Display for DataRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {}]", self.low, self.high)
    }
}

/// How arrays become what the network sees: (value − mean)/scale, channel by channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standardization {
    /// One per channel.
    pub mean: Vec<f64>,
    /// One per channel, positive.
    pub scale: Vec<f64>,
}

impl Default for DataRange {
    fn default() -> Self {
        Self { low: -1.0, high: 1.0 }
    }
}

/// How a checkpoint came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSummary {
    /// The data set's name.
    pub data: String,
    /// Images seen.
    pub images: u64,
    /// Steps taken.
    pub steps: u64,
    /// The seed.
    pub seed: u64,
    /// The training loss, a running mean over some hundred steps.
    pub loss: f64,
    /// The precision trained in.
    pub precision: String,
}

/// The version of `tweedie.json` that this crate writes.
pub(crate) const FORMAT: u32 = 1;

impl Description {
    /// A model on a discrete process, with everything else as it usually is: told the level's index (of a flow T times the
    /// noise rate), no learned variance, data in [−1, 1], no classes, DDIM with 50 steps.
    pub fn new(schedule: Schedule, steps: usize, parameterization: Parameterization) -> Self {
        let conditioning = match schedule {
            Schedule::RectifiedFlow { .. } => Conditioning::NoiseRate { scale: steps as f64 },
            _ => Conditioning::Index,
        };
        Self {
            format: FORMAT,
            schedule,
            steps,
            parameterization,
            conditioning,
            variance: LearnedVariance::None,
            range: DataRange::default(),
            standardization: None,
            class_names: Vec::new(),
            null_class: None,
            sampling: SamplingDefaults::default(),
            training: None,
        }
    }
}
