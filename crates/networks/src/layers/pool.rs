//! Attention pooling of an image to one vector (Radford et al. 2021, section 2.4).

use super::attention::{attend, check_heads};
use super::{Linear, Start};
use crate::{Error, Init, OperationKind, Pass, Scope};
use tch::{Kind, Tensor};

/// Attention pooling: (N, C, H, W) → (N, outputs).
///
/// The query is the mean over all H·W positions; keys and values are the positions and the mean. Each of these H·W + 1 tokens has a learned
/// positional embedding, so height and width are fixed.
#[derive(Debug)]
pub struct AttentionPool {
    positional_embedding: Tensor,
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    to_out: Linear,
    heads: i64,
}

impl AttentionPool {
    /// Creates the layer for features of `sides` = [height, width] with `channels` channels, with `channels/head_dim` heads.
    ///
    /// # Errors
    /// [`Error::Config`] if `head_dim` does not divide `channels`.
    pub fn new(
        scope: Scope,
        sides: [i64; 2],
        channels: i64,
        head_dim: i64,
        outputs: i64,
    ) -> Result<Self, Error> {
        check_heads(channels, head_dim)?;
        let tokens = sides[0] * sides[1] + 1;
        let mut scope = scope.on(tokens);
        scope.count(
            OperationKind::Attention { channels, heads: channels / head_dim },
            4.0 * tokens as f64 * channels as f64,
        );
        let near_zero = Init::Normal(1.0 / (channels as f64).sqrt());
        Ok(Self {
            positional_embedding: scope.trained("positional_embedding", &[tokens, channels], near_zero)?,
            to_q: Linear::new(scope.sub("to_q").on(1), channels, channels, Start::Default)?,
            to_k: Linear::new(scope.sub("to_k"), channels, channels, Start::Default)?,
            to_v: Linear::new(scope.sub("to_v"), channels, channels, Start::Default)?,
            to_out: Linear::new(scope.sub("to_out").on(1), channels, outputs, Start::Default)?,
            heads: channels / head_dim,
        })
    }

    /// (N, C, H, W) → (N, outputs), computed in the precision of the pass.
    pub fn forward(&self, x: &Tensor, pass: &Pass) -> Tensor {
        let kind = pass.precision.kind();
        let (n, c) = (x.size()[0], x.size()[1]);
        let places = x.flatten(2, 3).transpose(1, 2);
        let mean = places.mean_dim(&[1i64][..], true, Kind::Float).to_kind(places.kind());
        let tokens = Tensor::cat(&[mean, places], 1).to_kind(kind) + self.positional_embedding.to_kind(kind);
        let split = |y: Tensor| y.reshape([n, -1, self.heads, c / self.heads]).transpose(1, 2);
        // The first token is the only query.
        let q = split(self.to_q.forward(&tokens.narrow(1, 0, 1), pass));
        let k = split(self.to_k.forward(&tokens, pass));
        let v = split(self.to_v.forward(&tokens, pass));
        let pooled = attend(&q, &k, &v, pass).transpose(1, 2).reshape([n, c]);
        self.to_out.forward(&pooled, pass)
    }
}
