//! Description of a model apart from its network, common to all kinds of models.

use crate::Error;
use crate::sampling::SamplingError;
use serde::{Deserialize, Serialize};
use std::fmt;
use tweedie_math::number::{FINITE, POSITIVE, is_finite, is_positive};
use tweedie_math::{Conditioning, DataShape, Schedule, Short};

/// The data, the process and the classes of a model. These are properties that the network does not determine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The shape of one example: `[C, H, W]` for images, `[D]` for points. An empty shape is taken from the network's configuration. A
    /// side of 0 means any size.
    #[serde(default = "no_shape")]
    pub data: DataShape,
    /// The range of clean data.
    #[serde(default)]
    pub range: DataRange,
    /// For arrays and points, the mean and the scale of each channel. `range` is not used then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardization: Option<Standardization>,
    /// The forward process.
    pub schedule: Schedule,
    /// T, the number of levels of the process. For a continuous process, it is the number of levels that level rules and reports use.
    pub steps: usize,
    /// The number that the network is conditioned on at a level.
    pub conditioning: Conditioning,
    /// The names of the classes in the order of their numbers; empty for a model without class names.
    #[serde(default)]
    pub class_names: Vec<String>,
    /// The row of the class table that means no class, if labels were dropped in training.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_class: Option<i64>,
    /// A summary of the training.
    #[serde(default)]
    pub training: Option<TrainingSummary>,
}

fn no_shape() -> DataShape {
    DataShape::new(Vec::new())
}

impl About {
    /// A description with a process and defaults for everything else: data in [−1, 1] of the network's shape, no classes, and a network
    /// that is conditioned on the index of the level. For a rectified flow it is conditioned on T times the noise rate, for a
    /// variance-exploding process on ln(σ)/4, and for the other continuous processes on 1000 times the time.
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

    /// Checks the numbers that become elements or factors of tensors, and the size of an example.
    ///
    /// # Errors
    /// An error that names the number.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let range = |name, found, allowed| Err(SamplingError::Range { name, found, allowed }.into());
        self.data.check()?;
        self.conditioning.check()?;
        let DataRange { low, high } = self.range;
        if !is_finite(low) {
            return range("the low end of the range of the data", low, FINITE);
        }
        if !is_positive(high - low) {
            return range("the width of the range of the data", high - low, POSITIVE);
        }
        let Some(Standardization { mean, scale }) = &self.standardization else { return Ok(()) };
        if let Some(mean) = mean.iter().find(|mean| !is_finite(**mean)) {
            return range("a mean of the standardization", *mean, FINITE);
        }
        match scale.iter().find(|scale| !is_positive(**scale)) {
            Some(scale) => range("a scale of the standardization", *scale, POSITIVE),
            None => Ok(()),
        }
    }

    /// The sides of an example without its channels, or `None` if they are not fixed. They are empty for points.
    pub fn size(&self) -> Option<&[usize]> {
        let sides = self.data.sides().get(1..).unwrap_or_default();
        (!sides.contains(&0)).then_some(sides)
    }

    /// Whether the data are images of bytes, with three sides, one or three channels and no standardization.
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
        write!(f, "[{}, {}]", Short(self.low), Short(self.high))
    }
}

impl Default for DataRange {
    fn default() -> Self {
        Self { low: -1.0, high: 1.0 }
    }
}

/// The standardization of arrays and points: (value − mean)/scale for each channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standardization {
    /// The mean of each channel.
    pub mean: Vec<f64>,
    /// The scale of each channel, positive.
    pub scale: Vec<f64>,
}

/// A summary of the training of a checkpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSummary {
    /// The name of the data set.
    pub data: String,
    /// The number of images trained on.
    pub images: u64,
    /// The number of optimizer steps.
    pub steps: u64,
    /// The seed.
    pub seed: u64,
    /// The training loss, as a running mean over some hundred steps.
    pub loss: f64,
    /// The precision of training.
    pub precision: String,
}
