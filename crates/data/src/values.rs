//! Examples, their values, and the shape of images.

use tweedie_math::DataShape;

/// The shape of an image or an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// The number of channels: 1 or 3 for images, any number for arrays.
    pub channels: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
}

impl From<Shape> for DataShape {
    fn from(shape: Shape) -> Self {
        Self::image(shape.channels, shape.height, shape.width)
    }
}

impl Shape {
    /// The shape of an image, from `[C, H, W]`; `None` for a shape with another number of sides, such as that of points.
    pub fn of(shape: &DataShape) -> Option<Self> {
        shape.as_image().map(|[channels, height, width]| Self { channels, height, width })
    }

    /// The number of values of one image.
    pub fn n_values(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// `[channels, height, width]`.
    pub fn as_array(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }
}

/// The values of one or more examples, concatenated: channels × height × width values for an image or an array, the coordinates for a
/// point.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Pixels of images.
    Bytes(Vec<u8>),
    /// Numbers of any range, such as latents, fields or coordinates.
    Floats(Vec<f32>),
}

impl Values {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Floats(values) => values.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Mirrors every row horizontally.
    pub(crate) fn mirror(&mut self, width: usize) {
        match self {
            Self::Bytes(values) => values.chunks_exact_mut(width).for_each(<[u8]>::reverse),
            Self::Floats(values) => values.chunks_exact_mut(width).for_each(<[f32]>::reverse),
        }
    }

    /// Appends values of the same variant. Returns false, and drops them, if the variants differ.
    pub(crate) fn append(&mut self, more: Self) -> bool {
        match (self, more) {
            (Self::Bytes(values), Self::Bytes(more)) => values.extend(more),
            (Self::Floats(values), Self::Floats(more)) => values.extend(more),
            _ => return false,
        }
        true
    }
}

/// One example with its class and its caption.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The values, in the number given by the shape of the set.
    pub values: Values,
    /// The class, if the set has classes.
    pub label: Option<u32>,
    /// The caption; empty if there is none.
    pub caption: String,
}

impl Example {
    /// The pixels of an image; empty for values that are not bytes.
    pub fn image(&self) -> &[u8] {
        match &self.values {
            Values::Bytes(bytes) => bytes,
            Values::Floats(_) => &[],
        }
    }
}
