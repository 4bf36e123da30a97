//! The values of an example, the shape of an image, and what is known of an example.

use tweedie_math::DataShape;

/// Channels, height and width of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// 1 or 3 for images, any number for arrays.
    pub channels: usize,
    /// Pixels down.
    pub height: usize,
    /// Pixels across.
    pub width: usize,
}

impl From<Shape> for DataShape {
    fn from(shape: Shape) -> Self {
        Self::image(shape.channels, shape.height, shape.width)
    }
}

impl Shape {
    /// The shape `[C, H, W]` of an image; `None` for a shape with another number of sides, such as that of points.
    pub fn of(shape: &DataShape) -> Option<Self> {
        shape.as_image().map(|[channels, height, width]| Self { channels, height, width })
    }

    /// The number of values of one image.
    pub fn n_values(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// As channels, height, width.
    pub fn as_array(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }
}

/// The values of one or more examples, one after another: channels × height × width for an image or an array, the coordinates
/// for a point.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Pixels.
    Bytes(Vec<u8>),
    /// Numbers of any range, such as latents, fields or coordinates.
    Floats(Vec<f32>),
}

impl Values {
    /// How many.
    pub fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Floats(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Mirrors every row left to right.
    pub(crate) fn mirror(&mut self, width: usize) {
        match self {
            Self::Bytes(values) => values.chunks_exact_mut(width).for_each(<[u8]>::reverse),
            Self::Floats(values) => values.chunks_exact_mut(width).for_each(<[f32]>::reverse),
        }
    }

    /// Adds another's values behind these; both are of one kind.
    pub(crate) fn append(&mut self, more: Self) -> bool {
        match (self, more) {
            (Self::Bytes(values), Self::Bytes(more)) => values.extend(more),
            (Self::Floats(values), Self::Floats(more)) => values.extend(more),
            _ => return false,
        }
        true
    }
}

/// One example with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// As many values as the set's shape has.
    pub values: Values,
    /// Its class, where the set has classes.
    pub label: Option<u32>,
    /// A description in words.
    pub caption: String,
}

impl Example {
    /// The bytes of an image; empty for other numbers.
    pub fn image(&self) -> &[u8] {
        match &self.values {
            Values::Bytes(bytes) => bytes,
            Values::Floats(_) => &[],
        }
    }
}
