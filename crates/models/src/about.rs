//! What is known of a model beside its network, whatever kind of model it is.

use serde::{Deserialize, Serialize};
use std::fmt;
use tweedie_math::{Conditioning, DataShape, Schedule};

/// The data, the process and the classes of a model. None of it is read from the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The sides of one example: `[C, H, W]` for images, `[D]` for points. Empty means: as the network's configuration has them. A side
    /// of 0 fits any size.
    #[serde(default = "no_shape")]
    pub data: DataShape,
    /// The range of clean data.
    #[serde(default)]
    pub range: DataRange,
    /// For arrays and points: what was subtracted and divided by, per channel. `range` has no meaning then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardization: Option<Standardization>,
    /// The forward process.
    pub schedule: Schedule,
    /// T, the number of its levels; of a continuous process, the number of levels by which rules and reports count.
    pub steps: usize,
    /// The number that the network is conditioned on at a level.
    pub conditioning: Conditioning,
    /// Names of the classes, in the order of their numbers; empty for a model that knows none.
    #[serde(default)]
    pub class_names: Vec<String>,
    /// The row of the class table that means no class, where training dropped labels now and then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_class: Option<i64>,
    /// How the model was trained.
    #[serde(default)]
    pub training: Option<TrainingSummary>,
}

fn no_shape() -> DataShape {
    DataShape::new(Vec::new())
}

impl About {
    /// A model on a process, with defaults for everything else: data in [−1, 1] of the network's shape, no classes, and a network that
    /// is conditioned on the level's index (of a flow on T times the noise rate, of a variance-exploding process on ln(σ)/4, of the
    /// other continuous processes on 1000 times the time).
    pub fn new(schedule: Schedule, steps: usize) -> Self {
        let conditioning = match schedule {
            Schedule::RectifiedFlow { .. } => Conditioning::NoiseRate { scale: steps as f64 },
            Schedule::Ve { .. } | Schedule::Edm { .. } => Conditioning::LogSigma,
            _ if schedule.is_continuous() => Conditioning::Time { scale: 1000.0 },
            _ => Conditioning::Index,
        };
        Self {
            data: no_shape(),
            range: DataRange::default(),
            standardization: None,
            schedule,
            steps,
            conditioning,
            class_names: Vec::new(),
            null_class: None,
            training: None,
        }
    }

    /// The sides of an example after its channels, where they are fixed; empty for points.
    pub fn size(&self) -> Option<&[usize]> {
        let sides = self.data.sides().get(1..).unwrap_or_default();
        (!sides.contains(&0)).then_some(sides)
    }

    /// Whether the data are images of bytes: three sides, one or three channels, no standardization.
    pub fn is_images(&self) -> bool {
        self.standardization.is_none()
            && self.data.sides().len() == 3
            && matches!(self.data.channels(), 1 | 3)
    }

    /// Whether the data are points.
    pub fn is_points(&self) -> bool {
        self.data.sides().len() == 1
    }
}

/// The range that bytes are mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataRange {
    /// The value of byte 0.
    pub low: f64,
    /// The value of byte 255.
    pub high: f64,
}

impl fmt::Display for DataRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {}]", self.low, self.high)
    }
}

impl Default for DataRange {
    fn default() -> Self {
        Self { low: -1.0, high: 1.0 }
    }
}

/// How arrays become the network's units: (value − mean)/scale, channel by channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standardization {
    /// One per channel.
    pub mean: Vec<f64>,
    /// One per channel, positive.
    pub scale: Vec<f64>,
}

/// How a checkpoint was trained.
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
    /// The precision of training.
    pub precision: String,
}
