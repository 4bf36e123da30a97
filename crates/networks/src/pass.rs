//! How a forward pass is computed. Apart from dropout in training, the result does not depend on it beyond rounding.

use tweedie_torch::Precision;

/// Which derivatives of the output are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Derivatives {
    /// None: the pass may use kernels that have no gradient.
    None,
    /// Gradients.
    #[default]
    First,
    /// Gradients of gradients. LibTorch's fused attention has none on the CPU, so attention is computed by matrix products.
    Second,
}

/// The settings of one forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// The kind of number between layers.
    pub precision: Precision,
    /// Whether dropout acts.
    pub train: bool,
    /// Which derivatives are wanted.
    pub derivatives: Derivatives,
    /// Whether activations lie in memory as N, H, W, C.
    pub channels_last: bool,
    /// Whether a layer keeps its inputs alone and is computed again in the backward pass. It has an effect with [`Derivatives::First`]
    /// alone, since a recomputed layer has no second derivative.
    pub gradient_checkpointing: bool,
}

impl Pass {
    /// The pass that sampling and evaluation use.
    pub fn inference(precision: Precision) -> Self {
        Self {
            precision,
            train: false,
            derivatives: Derivatives::None,
            channels_last: false,
            gradient_checkpointing: false,
        }
    }

    /// The pass that training uses.
    pub fn training(precision: Precision) -> Self {
        Self { train: true, derivatives: Derivatives::First, ..Self::inference(precision) }
    }

    /// The same pass with at least these derivatives.
    #[must_use]
    pub fn with_derivatives(self, derivatives: Derivatives) -> Self {
        Self { derivatives: self.derivatives.max(derivatives), ..self }
    }
}
