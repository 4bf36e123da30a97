//! What a network is conditioned on beside time.

use tch::Tensor;

/// Plain tensors with one row per example; a network takes those that its [`Accepts`](crate::Accepts) names.
#[derive(Debug, Default)]
pub struct Condition {
    /// (N) class numbers, for a network with a class table.
    pub class: Option<Tensor>,
    /// (N) numbers that are embedded as times are, such as the noise level of a low-resolution image.
    pub number: Option<Tensor>,
    /// (N, width) vectors that are added to the time embedding.
    pub vector: Option<Tensor>,
    /// (N, C′, H, W) channels that are concatenated behind those of x.
    pub image: Option<Tensor>,
}

impl Condition {
    /// A condition on class numbers, (N).
    pub fn class(rows: Tensor) -> Self {
        Self { class: Some(rows), ..Self::default() }
    }

    /// A condition on vectors, (N, width).
    pub fn vector(vectors: Tensor) -> Self {
        Self { vector: Some(vectors), ..Self::default() }
    }

    /// A condition on numbers, (N).
    pub fn number(numbers: Tensor) -> Self {
        Self { number: Some(numbers), ..Self::default() }
    }

    /// A condition on images of x's height and width, (N, C′, H, W).
    pub fn image(images: Tensor) -> Self {
        Self { image: Some(images), ..Self::default() }
    }

    /// The names of the parts that are given.
    pub(crate) fn given(&self) -> Vec<&'static str> {
        let parts = [
            ("a class", self.class.is_some()),
            ("a number", self.number.is_some()),
            ("a vector", self.vector.is_some()),
            ("an image", self.image.is_some()),
        ];
        parts.into_iter().filter(|(_, is)| *is).map(|(name, _)| name).collect()
    }
}
