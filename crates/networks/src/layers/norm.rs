//! Normalisation over groups of channels and over the last axis of tokens.

use super::Activation;
use super::packed::computed;
use crate::{Error, Init, OperationKind, Pass, Scope};
use tch::{Device, Kind, Tensor};
use tweedie_torch::Modulation;

/// Group normalisation with an affine map per channel (Wu & He 2018).
#[derive(Debug)]
pub struct GroupNorm {
    weight: Tensor,
    bias: Tensor,
    groups: i64,
    eps: f64,
}

impl GroupNorm {
    /// Creates the layer. `channels` must be a multiple of `groups`.
    ///
    /// # Errors
    /// [`Error::Config`] if `groups` does not divide `channels`.
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
        scope.count(OperationKind::Normalization { channels, groups }, 0.0);
        Ok(Self {
            weight: scope.trained("weight", &[channels], Init::Constant(1.0))?,
            bias: scope.trained("bias", &[channels], Init::Constant(0.0))?,
            groups,
            eps,
        })
    }

    /// Another handle to the same parameters.
    pub fn share(&self) -> Self {
        Self { weight: self.weight.shallow_clone(), bias: self.bias.shallow_clone(), ..*self }
    }

    /// Normalises x. Statistics are accumulated in f32 or wider for every kind of x; the result has the kind of x.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Tensor {
        if pass.is_fused(x) { self.fused(x, Modulation::default(), false) } else { self.plain(x) }
    }

    /// Computes activation(norm(x + add)·(1 + scale) + shift) with the vectors of a modulation.
    pub fn activated(
        &self,
        x: &Tensor,
        modulation: Modulation<'_>,
        activation: Activation,
        pass: &Pass,
    ) -> Tensor {
        if pass.is_fused(x) {
            return match activation {
                Activation::Silu => self.fused(x, modulation, true),
                other => other.forward(&self.fused(x, modulation, false)),
            };
        }
        let over_places = |rows: &Tensor| rows.unsqueeze(-1).unsqueeze(-1);
        let x = modulation.add.map_or_else(|| x.shallow_clone(), |add| x + over_places(add));
        let normed = self.plain(&x);
        activation.forward(&match modulation.scale_shift {
            Some((scale, shift)) => normed * (over_places(scale) + 1.0) + over_places(shift),
            None => normed,
        })
    }

    fn fused(&self, x: &Tensor, modulation: Modulation<'_>, silu: bool) -> Tensor {
        let (groups, eps) = (self.groups, self.eps);
        computed(tweedie_torch::group_norm(x, &self.weight, &self.bias, modulation, (groups, eps), silu))
    }

    fn plain(&self, x: &Tensor) -> Tensor {
        let norm =
            |x: &Tensor| x.group_norm(self.groups, Some(&self.weight), Some(&self.bias), self.eps, true);
        match (x.kind(), x.device()) {
            // The CPU kernel accepts f32 weights with a bf16 input.
            (Kind::Float, _) | (_, Device::Cpu) => norm(x),
            (kind, _) => norm(&x.to_kind(Kind::Float)).to_kind(kind),
        }
    }
}

/// Layer normalisation of the last axis with an affine map (Ba et al. 2016).
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    eps: f64,
}

impl LayerNorm {
    /// Creates the layer for `width` features.
    ///
    /// # Errors
    /// [`Error::DuplicateName`] if the name is already taken.
    pub fn new(mut scope: Scope, width: i64, eps: f64) -> Result<Self, Error> {
        Ok(Self {
            weight: scope.trained("weight", &[width], Init::Constant(1.0))?,
            bias: scope.trained("bias", &[width], Init::Constant(0.0))?,
            eps,
        })
    }

    /// (…, width) → the same shape and kind, computed in f32.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let width = self.weight.size()[0];
        let y =
            x.to_kind(Kind::Float).layer_norm([width], Some(&self.weight), Some(&self.bias), self.eps, true);
        y.to_kind(x.kind())
    }
}

/// Root-mean-square normalisation of the last axis with a scale (Zhang & Sennrich 2019).
#[derive(Debug)]
pub struct RmsNorm {
    weight: Tensor,
    eps: f64,
}

impl RmsNorm {
    /// Creates the layer for `width` features.
    ///
    /// # Errors
    /// [`Error::DuplicateName`] if the name is already taken.
    pub fn new(mut scope: Scope, width: i64, eps: f64) -> Result<Self, Error> {
        Ok(Self { weight: scope.trained("weight", &[width], Init::Constant(1.0))?, eps })
    }

    /// (…, width) → the same shape and kind, computed in f32.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let wide = x.to_kind(Kind::Float);
        let mean_square = wide.square().mean_dim(&[-1i64][..], true, Kind::Float);
        (wide * (mean_square + self.eps).rsqrt() * &self.weight).to_kind(x.kind())
    }
}
