//! Layers. Each has a constructor that names its parameters, and a forward pass.

mod activation;
mod attention;
mod conv;
mod embedding;
mod linear;
mod norm;
mod packed;
mod pool;
mod resample;
mod tokens;

pub use activation::Activation;
pub(crate) use attention::scaled;
pub use attention::{MultiHeadAttention, SelfAttention, attend};
pub use conv::Conv2d;
pub use embedding::{Embedding, FourierFeatures, sinusoidal};
pub use linear::Linear;
pub use norm::{GroupNorm, LayerNorm, RmsNorm};
pub use pool::AttentionPool;
pub use resample::{avg_pool_2, upsample_nearest_2};
pub use tokens::{from_tokens, to_tokens};

/// The initial values of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// PyTorch's default.
    Default,
    /// Zero, for the last layer of a residual branch, so that the block starts as the identity (Ho et al. 2020, appendix B).
    Zero,
}
