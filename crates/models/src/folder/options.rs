//! What a caller chooses about a folder that does not decide everything itself.

use tweedie_math::{Parameterization, Schedule};

/// How a folder is opened. The default leaves every choice to the folder.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LoadOptions {
    /// The weights, where the folder holds averaged ones beside those of the optimiser; the averaged ones by default.
    pub weights: Option<WeightsChoice>,
    /// The variant of the weight files, such as `fp16` in `diffusion_pytorch_model.fp16.safetensors`.
    pub variant: Option<String>,
    /// The forward process, for a folder that declares none or another.
    pub process: ProcessChoice,
}

/// The weights of the optimiser or their moving average.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightsChoice {
    /// The weights that the optimiser moves.
    Raw,
    /// Their exponential moving average.
    Ema,
}

/// A forward process and the meaning of a network's output, chosen by the caller.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProcessChoice {
    /// The schedule.
    pub schedule: Option<Schedule>,
    /// T, the number of trained levels; 1000 by default.
    pub steps: Option<usize>,
    /// What the network predicts; ε by default.
    pub prediction: Option<Parameterization>,
}

impl ProcessChoice {
    /// Whether nothing is chosen.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
