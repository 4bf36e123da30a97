//! Normalisation over groups of channels.

use crate::parameters::Init;
use crate::{Error, Scope};
use tch::{Device, Kind, Tensor};

/// Group normalisation with an affine map per channel (Wu & He 2018).
#[derive(Debug)]
pub struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    groups: i64,
    eps: f64,
}

impl GroupNorm {
    /// `channels` must be a multiple of `groups`.
    ///
    /// # Errors
    /// [`Error::Config`] when it is not.
    pub fn new(mut scope: Scope, channels: i64, groups: i64, eps: f64) -> Result<Self, Error> {
        if groups < 1 || channels % groups != 0 {
            let divisors: Vec<_> =
                (1..=channels).filter(|g| channels % g == 0).map(|g| g.to_string()).collect();
            return Err(Error::Config {
                key: "norm_num_groups",
                found: groups.to_string(),
                allowed: format!("it must divide {channels} channels: {}", divisors.join(", ")),
            });
        }
        Ok(Self {
            weight: scope.trained("weight", &[channels], Init::Constant(1.0))?,
            bias: scope.trained("bias", &[channels], Init::Constant(0.0))?,
            groups,
            eps,
        })
    }

    /// Statistics are accumulated in f32 or wider whatever kind x has; the result has x's kind.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let norm =
            |x: &Tensor| x.group_norm(self.groups, Some(&self.weight), Some(&self.bias), self.eps, true);
        match (x.kind(), x.device()) {
            // The CPU kernel takes f32 weights beside a bf16 input.
            (Kind::Float, _) | (_, Device::Cpu) => norm(x),
            (kind, _) => norm(&x.to_kind(Kind::Float)).to_kind(kind),
        }
    }
}
