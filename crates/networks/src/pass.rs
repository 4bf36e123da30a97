//! The settings of a forward pass. Apart from dropout in training, they change the result only by rounding errors.

use tch::{Device, Tensor};
use tweedie_torch::{Precision, gradients_enabled};

/// The derivatives of the output that are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Derivatives {
    /// No derivatives: the pass may use kernels without a gradient.
    None,
    /// First derivatives.
    #[default]
    First,
    /// Second derivatives. LibTorch's fused attention has none on the CPU, so attention is computed with matrix products.
    Second,
}

/// The settings of one forward pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pass {
    /// The precision of activations.
    pub precision: Precision,
    /// Whether dropout is active.
    pub train: bool,
    /// The derivatives that are needed.
    pub derivatives: Derivatives,
    /// Whether activations are stored in the memory order N, H, W, C. On a CPU, passes without derivatives always use this order.
    pub channels_last: bool,
    /// Whether layers store only their inputs and are recomputed in the backward pass. It has an effect only with [`Derivatives::First`],
    /// because a recomputed layer has no second derivative.
    pub gradient_checkpointing: bool,
}

impl Pass {
    /// The pass for sampling and evaluation.
    pub fn inference(precision: Precision) -> Self {
        Self {
            precision,
            train: false,
            derivatives: Derivatives::None,
            channels_last: false,
            gradient_checkpointing: false,
        }
    }

    /// The pass for training.
    pub fn training(precision: Precision) -> Self {
        Self { train: true, derivatives: Derivatives::First, ..Self::inference(precision) }
    }

    /// Whether layers on x use packed weights, which are faster and have no gradient: in passes without derivatives on a CPU, unless
    /// gradients are enabled.
    pub(crate) fn is_packed(&self, x: &Tensor) -> bool {
        self.derivatives == Derivatives::None && x.device() == Device::Cpu && !gradients_enabled()
    }

    /// Whether normalisations of x are fused with the operations around them. The fused form keeps the memory order N, H, W, C and has no
    /// second derivative.
    pub(crate) fn is_fused(&self, x: &Tensor) -> bool {
        let in_order = self.channels_last || self.is_packed(x);
        in_order && self.derivatives != Derivatives::Second && x.device() == Device::Cpu
    }

    /// The same pass with at least these derivatives.
    #[must_use]
    pub fn with_derivatives(self, derivatives: Derivatives) -> Self {
        Self { derivatives: self.derivatives.max(derivatives), ..self }
    }
}
