//! Options of loading a folder that does not determine the model completely.

use tweedie_math::{Parameterization, Schedule};

/// Options of loading a folder. The default options use what the folder contains.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadOptions {
    /// The weights, for a folder with the optimizer's weights and their average; default: the average.
    pub weights: Option<WeightsChoice>,
    /// The variant of the weight files, such as `fp16` in `diffusion_pytorch_model.fp16.safetensors`.
    pub variant: Option<String>,
    /// The forward process, for a folder without one or instead of that of a scheduler.
    pub process: ProcessChoice,
}

/// The weights of the optimizer or their moving average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightsChoice {
    /// The weights that the optimizer updates.
    Raw,
    /// Their exponential moving average.
    Ema,
}

/// A forward process and a parameterization given by the caller.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProcessChoice {
    /// The schedule.
    pub schedule: Option<Schedule>,
    /// T, the number of trained levels; default: 1000.
    pub steps: Option<usize>,
    /// The prediction of the network; default: ε.
    pub prediction: Option<Parameterization>,
}

impl ProcessChoice {
    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
