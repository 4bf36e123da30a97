//! The conditions of a network, apart from time.

use tch::Tensor;

/// The conditions of a batch as tensors with one row per example. A network takes the ones that its [`Accepts`](crate::Accepts) lists.
#[derive(Debug, Default)]
pub struct Condition {
    /// Class numbers, (N), for a network with a class table.
    pub class: Option<Tensor>,
    /// Numbers, (N), that are embedded like times, such as the noise level of a low-resolution image.
    pub number: Option<Tensor>,
    /// Vectors, (N, width), that are added to the time embedding.
    pub vector: Option<Tensor>,
    /// Images, (N, C′, H, W), that are concatenated to x along the channels.
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
