//! How a forward pass is computed; what is computed does not depend on it beyond rounding.

use tweedie_torch::Precision;

/// Which form of attention to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Attention {
    /// LibTorch's fused kernel; it has no second derivative on the CPU.
    #[default]
    Fused,
    /// Matrix products and a softmax, differentiable any number of times.
    Plain,
}

/// The way of one forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// The kind of number between layers.
    pub precision: Precision,
    /// Whether dropout acts.
    pub train: bool,
    /// The form of attention.
    pub attention: Attention,
    /// Whether activations lie in memory as N, H, W, C.
    pub channels_last: bool,
    /// Whether a layer keeps its inputs alone and is computed again in the backward pass.
    pub gradient_checkpointing: bool,
}

impl Pass {
    /// The pass that sampling and evaluation use.
    pub fn inference(precision: Precision) -> Self {
        Self {
            precision,
            train: false,
            attention: Attention::Fused,
            channels_last: false,
            gradient_checkpointing: false,
        }
    }

    /// The pass that training uses.
    pub fn training(precision: Precision) -> Self {
        Self { train: true, ..Self::inference(precision) }
    }
}
