//! Pointwise non-linearities.

use crate::Error;
use tch::Tensor;

/// A pointwise non-linearity, with the name that it has in `diffusers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// x·sigmoid(x); `silu` or `swish`.
    Silu,
    /// x·tanh(softplus(x)).
    Mish,
    /// x·Φ(x).
    Gelu,
    /// max(x, 0).
    Relu,
}

impl Activation {
    /// The activation with a given name.
    ///
    /// # Errors
    /// [`Error::Config`] for an unknown name.
    pub fn from_name(name: &str) -> Result<Self, Error> {
        match name {
            "silu" | "swish" => Ok(Self::Silu),
            "mish" => Ok(Self::Mish),
            "gelu" => Ok(Self::Gelu),
            "relu" => Ok(Self::Relu),
            other => Err(Error::Config {
                key: "act_fn",
                found: format!("\"{other}\""),
                allowed: "it must be silu, swish, mish, gelu or relu".into(),
            }),
        }
    }

    /// Applies the activation to every element.
    pub fn forward(self, x: &Tensor) -> Tensor {
        match self {
            Self::Silu => x.silu(),
            Self::Mish => x.mish(),
            Self::Gelu => x.gelu("none"),
            Self::Relu => x.relu(),
        }
    }
}
