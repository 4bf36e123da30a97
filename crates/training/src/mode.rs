//! The modes of computation of a training.

use std::fmt;
use tweedie_torch::Precision;

/// A precision and a memory order. They change the result of a step only by rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    /// The precision of activations.
    pub precision: Precision,
    /// Whether activations are stored in the memory order N, H, W, C.
    pub channels_last: bool,
}

impl Mode {
    /// The name of the memory order: NCHW or NHWC.
    pub fn memory_layout(self) -> &'static str {
        if self.channels_last { "NHWC" } else { "NCHW" }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.precision.name(), self.memory_layout())
    }
}
