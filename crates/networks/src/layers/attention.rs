//! Attention (Vaswani et al. 2017) among tokens and among the positions of an image.

use super::linear::rows_of;
use super::packed::{Packed, computed};
use super::{GroupNorm, Linear, Start};
use crate::{Derivatives, Error, OperationKind, Pass, Scope};
use std::cell::Ref;
use tch::{Kind, Tensor};
use tweedie_torch::{PackedLinear, attention_takes};

/// The greatest number of values of the keys of a head for which the attention of `tweedie_torch` is used. Up to about this number its
/// keys stay in the caches, and it measures faster than that of LibTorch.
const MOST_KEYS: i64 = 1 << 19;

/// Multi-head self-attention among tokens, without a residual connection: (N, T, C) → the same shape.
#[derive(Debug)]
pub struct MultiHeadAttention {
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    to_out: Linear,
    heads: i64,
    /// The three projections as one.
    to_qkv: Packed<PackedLinear, 6>,
}

impl MultiHeadAttention {
    /// Creates the layer with `channels/head_dim` heads. The scope's places are the tokens.
    ///
    /// # Errors
    /// [`Error::Config`] if `head_dim` does not divide `channels`.
    pub fn new(mut scope: Scope, channels: i64, head_dim: i64) -> Result<Self, Error> {
        check_heads(channels, head_dim)?;
        let places = scope.places() as f64;
        scope.count(
            OperationKind::Attention { channels, heads: channels / head_dim },
            4.0 * places * places * channels as f64,
        );
        Ok(Self {
            to_q: Linear::new(scope.sub("to_q"), channels, channels, Start::Default)?,
            to_k: Linear::new(scope.sub("to_k"), channels, channels, Start::Default)?,
            to_v: Linear::new(scope.sub("to_v"), channels, channels, Start::Default)?,
            to_out: Linear::new(scope.sub("to_out").sub("0"), channels, channels, Start::Zero)?,
            heads: channels / head_dim,
            to_qkv: Packed::default(),
        })
    }

    /// Another handle to the same parameters.
    pub fn share(&self) -> Self {
        Self {
            to_q: self.to_q.share(),
            to_k: self.to_k.share(),
            to_v: self.to_v.share(),
            to_out: self.to_out.share(),
            heads: self.heads,
            to_qkv: Packed::default(),
        }
    }

    /// Computes in the precision of the pass.
    pub fn forward(&self, tokens: &Tensor, pass: &Pass) -> Tensor {
        self.to_out.forward(&self.attended(tokens, pass), pass)
    }

    /// Computes sum + attention(tokens).
    fn plus(&self, tokens: &Tensor, sum: &Tensor, pass: &Pass) -> Tensor {
        self.to_out.plus(&self.attended(tokens, pass), sum, pass)
    }

    /// The heads' results, joined, before the last projection.
    fn attended(&self, tokens: &Tensor, pass: &Pass) -> Tensor {
        let size = tokens.size();
        let (n, places, c) = (size[0], size[1], size[2]);
        let split = |y: &Tensor| y.reshape([n, places, self.heads, c / self.heads]).transpose(1, 2);
        let tokens = tokens.to_kind(pass.precision.kind());
        let takes = attention_takes(places, c / self.heads, tokens.kind(), tokens.device());
        let qkv = self.projected(&tokens, pass);
        if takes && places * (c / self.heads) <= MOST_KEYS && pass.derivatives != Derivatives::Second {
            return computed(tweedie_torch::attention(&qkv, self.heads));
        }
        let [q, k, v] = [0, 1, 2].map(|part| split(&qkv.narrow(2, part * c, c)));
        attend(&q, &k, &v, pass).transpose(1, 2).reshape([n, places, c])
    }

    /// Queries, keys and values of all heads, computed by one map: (N, T, C) → (N, T, 3·C).
    fn projected(&self, tokens: &Tensor, pass: &Pass) -> Tensor {
        if let Some(packed) = self.packed_projections(tokens, pass) {
            return computed(packed.forward(tokens));
        }
        let kind = pass.precision.kind();
        let all = [&self.to_q, &self.to_k, &self.to_v];
        let weight = Tensor::cat(&all.map(|projection| &projection.weight), 0).to_kind(kind);
        let bias = Tensor::cat(&all.map(|projection| &projection.bias), 0).to_kind(kind);
        tokens.linear(&weight, Some(bias))
    }

    /// The projections to queries, keys and values with packed weights, if the pass uses them.
    fn packed_projections(&self, tokens: &Tensor, pass: &Pass) -> Option<Ref<'_, PackedLinear>> {
        if !pass.is_packed(tokens) {
            return None;
        }
        let (q, k, v) = (&self.to_q, &self.to_k, &self.to_v);
        let parameters = [&q.weight, &k.weight, &v.weight, &q.bias, &k.bias, &v.bias];
        self.to_qkv.get(parameters, tokens.kind(), |parameters| {
            let (weights, biases) = parameters.split_at(3);
            PackedLinear::new(&Tensor::cat(weights, 0), &Tensor::cat(biases, 0), rows_of(tokens))
        })
    }
}

/// Self-attention among the positions of an image, with a residual connection: (N, C, H, W) → the same shape.
#[derive(Debug)]
pub struct SelfAttention {
    group_norm: Option<GroupNorm>,
    attention: MultiHeadAttention,
    output_scale: f64,
}

impl SelfAttention {
    /// Creates the layer with `channels/head_dim` heads. `norm` gives the groups and ε of a group normalisation before the projections; the
    /// sum of the residual connection is divided by `output_scale`.
    ///
    /// # Errors
    /// [`Error::Config`] if `head_dim` does not divide `channels`.
    pub fn new(
        mut scope: Scope,
        channels: i64,
        head_dim: i64,
        norm: Option<(i64, f64)>,
        output_scale: f64,
    ) -> Result<Self, Error> {
        check_heads(channels, head_dim)?;
        let group_norm = match norm {
            Some((groups, eps)) => Some(GroupNorm::new(scope.sub("group_norm"), channels, groups, eps)?),
            None => None,
        };
        Ok(Self { group_norm, attention: MultiHeadAttention::new(scope, channels, head_dim)?, output_scale })
    }

    /// Another handle to the same parameters.
    pub fn share(&self) -> Self {
        Self {
            group_norm: self.group_norm.as_ref().map(GroupNorm::share),
            attention: self.attention.share(),
            output_scale: self.output_scale,
        }
    }

    /// x + attention(norm(x)), divided by the output scale.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Tensor {
        let normed = self.group_norm.as_ref().map_or_else(|| x.shallow_clone(), |norm| norm.forward(x, pass));
        let tokens = |of: &Tensor| of.flatten(2, 3).transpose(1, 2);
        if pass.is_packed(x) {
            // In the memory order N, H, W, C, images and tokens have the same memory.
            let size = x.size();
            let sum = self.attention.plus(&in_rows(&normed), &in_rows(x), pass);
            let image = sum.reshape([size[0], size[2], size[3], size[1]]).permute([0, 3, 1, 2]);
            return scaled(image, self.output_scale);
        }
        let out = self.attention.forward(&tokens(&normed), pass).transpose(1, 2).reshape(x.size());
        scaled(x + out, self.output_scale)
    }
}

/// The positions of an image in the memory order N, H, W, C as tokens: (N, C, H, W) → (N, H·W, C).
fn in_rows(x: &Tensor) -> Tensor {
    let size = x.size();
    x.permute([0, 2, 3, 1]).reshape([size[0], size[2] * size[3], size[1]])
}

/// Checks that `head_dim` divides `channels`.
pub(super) fn check_heads(channels: i64, head_dim: i64) -> Result<(), Error> {
    if head_dim >= 1 && channels % head_dim == 0 {
        return Ok(());
    }
    let divisors: Vec<_> = (1..=channels).filter(|d| channels % d == 0).map(|d| d.to_string()).collect();
    Err(Error::Config {
        key: "attention_head_dim",
        found: head_dim.to_string(),
        allowed: format!("it must divide a block's {channels} channels ({}) or be null", divisors.join(", ")),
    })
}

/// Computes softmax(q·kᵀ/√d)·v for tensors (N, heads, places, d).
///
/// It uses LibTorch's fused kernel, or matrix products if second derivatives are needed, which the kernel lacks on the CPU.
pub fn attend(q: &Tensor, k: &Tensor, v: &Tensor, pass: &Pass) -> Tensor {
    match pass.derivatives {
        Derivatives::None | Derivatives::First => {
            Tensor::scaled_dot_product_attention(q, k, v, None::<&Tensor>, 0.0, false, None, false)
        }
        Derivatives::Second => plain(q, k, v),
    }
}

/// Attention by matrix products, with the softmax in f32.
fn plain(q: &Tensor, k: &Tensor, v: &Tensor) -> Tensor {
    let scale = 1.0 / (q.size()[3] as f64).sqrt();
    let weights = (q.matmul(&k.transpose(-2, -1)) * scale).softmax(-1, Kind::Float);
    weights.to_kind(v.kind()).matmul(v)
}

/// x/scale, without an operation if the scale is 1.
pub(crate) fn scaled(x: Tensor, scale: f64) -> Tensor {
    if scale == 1.0 { x } else { x / scale }
}
