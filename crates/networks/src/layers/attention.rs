//! Self-attention over the places of an image (Vaswani et al. 2017).

use super::{GroupNorm, Linear, Start};
use crate::{Attention, Error, Pass, Scope};
use tch::{Kind, Tensor};

/// Self-attention with a residual connection: (N, C, H, W) → the same shape.
#[derive(Debug)]
pub struct SelfAttention {
    group_norm: Option<GroupNorm>,
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    to_out: Linear,
    heads: i64,
    output_scale: f64,
}

impl SelfAttention {
    /// `channels/head_dim` heads; `norm` comes before the projections; the sum is divided by `output_scale`.
    ///
    /// # Errors
    /// [`Error::Config`] when `head_dim` does not divide `channels`.
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
        Ok(Self {
            group_norm,
            to_q: Linear::new(scope.sub("to_q"), channels, channels, Start::Default)?,
            to_k: Linear::new(scope.sub("to_k"), channels, channels, Start::Default)?,
            to_v: Linear::new(scope.sub("to_v"), channels, channels, Start::Default)?,
            to_out: Linear::new(scope.sub("to_out").sub("0"), channels, channels, Start::Zero)?,
            heads: channels / head_dim,
            output_scale,
        })
    }

    /// x + attention(norm(x)), divided by the output scale.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Tensor {
        let size = x.size();
        let (n, c, places) = (size[0], size[1], size[2] * size[3]);
        let normed = self.group_norm.as_ref().map_or_else(|| x.shallow_clone(), |norm| norm.forward(x));
        let tokens = normed.flatten(2, 3).transpose(1, 2);
        let split = |y: Tensor| y.reshape([n, places, self.heads, c / self.heads]).transpose(1, 2);
        let q = split(self.to_q.forward(&tokens, pass));
        let k = split(self.to_k.forward(&tokens, pass));
        let v = split(self.to_v.forward(&tokens, pass));
        let joined = mixed(&q, &k, &v, pass).transpose(1, 2).reshape([n, places, c]);
        let out = self.to_out.forward(&joined, pass).transpose(1, 2).reshape(&size);
        scaled(x + out, self.output_scale)
    }
}

/// Fails unless heads of so many channels make up all of them.
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

/// softmax(q·kᵀ/√d)·v of (N, heads, places, d), in the form that the pass asks for.
pub(super) fn mixed(q: &Tensor, k: &Tensor, v: &Tensor, pass: &Pass) -> Tensor {
    match pass.attention {
        Attention::Fused => {
            Tensor::scaled_dot_product_attention(q, k, v, None::<&Tensor>, 0.0, false, None, false)
        }
        Attention::Plain => plain(q, k, v),
    }
}

/// The same, the softmax in f32.
fn plain(q: &Tensor, k: &Tensor, v: &Tensor) -> Tensor {
    let scale = 1.0 / (q.size()[3] as f64).sqrt();
    let weights = (q.matmul(&k.transpose(-2, -1)) * scale).softmax(-1, Kind::Float);
    weights.to_kind(v.kind()).matmul(v)
}

/// x/scale, without an operation where the scale is 1.
pub(crate) fn scaled(x: Tensor, scale: f64) -> Tensor {
    if scale == 1.0 { x } else { x / scale }
}
