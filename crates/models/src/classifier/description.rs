//! Everything about a classifier that is not its weights: its `tweedie.json`.

use crate::description::FORMAT;
use crate::{DataRange, Description, Standardization, TrainingSummary};
use serde::{Deserialize, Serialize};
use tweedie_math::{Conditioning, Parameterization, Schedule};

/// What must be known of a classifier beside its network; the content of its folder's `tweedie.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierDescription {
    /// Which kind of model the folder holds: a denoiser's says nothing here.
    kind: Kind,
    /// Version of this file's format.
    pub format: u32,
    /// The discrete process' schedule.
    pub schedule: Schedule,
    /// T.
    pub steps: usize,
    /// What the network is told.
    pub conditioning: Conditioning,
    /// The range of clean data.
    pub range: DataRange,
    /// For arrays instead of pictures: what was subtracted and divided by, per channel. `range` then says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardization: Option<Standardization>,
    /// Names of the classes, in the order of their numbers.
    pub class_names: Vec<String>,
    /// How it came to be.
    pub training: Option<TrainingSummary>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Classifier,
}

impl ClassifierDescription {
    /// A classifier of these classes on a discrete process, with everything else as it usually is: told the level's index (of a
    /// flow T times the noise rate), data in [−1, 1].
    pub fn new(schedule: Schedule, steps: usize, class_names: Vec<String>) -> Self {
        // What it is told does not depend on what a denoiser would say.
        let usual = Description::new(schedule, steps, Parameterization::Epsilon);
        Self {
            kind: Kind::Classifier,
            format: FORMAT,
            schedule: usual.schedule,
            steps,
            conditioning: usual.conditioning,
            range: usual.range,
            standardization: None,
            class_names,
            training: None,
        }
    }
}
