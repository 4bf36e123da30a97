//! What a set holds: values of a shape, and what is known of them.

/// Channels, height and width of every picture of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// 1 or 3 for pictures, any number for arrays.
    pub channels: usize,
    /// Pixels down.
    pub height: usize,
    /// Pixels across.
    pub width: usize,
}

impl Shape {
    /// Values of one picture.
    pub fn n_values(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// As channels, height, width.
    pub fn as_array(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }
}

/// What a picture or an array holds, channels × height × width, one after another.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Pixels.
    Bytes(Vec<u8>),
    /// Numbers of any range, such as latents, spectrograms or fields.
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

/// One picture with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// Channels × height × width values.
    pub values: Values,
    /// Its class, where the set has classes.
    pub label: Option<u32>,
    /// What it shows, in words.
    pub caption: String,
}

impl Example {
    /// Its bytes; none where it is an array of other numbers.
    pub fn picture(&self) -> &[u8] {
        match &self.values {
            Values::Bytes(bytes) => bytes,
            Values::Floats(_) => &[],
        }
    }
}
