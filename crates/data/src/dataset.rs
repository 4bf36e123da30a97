//! What a data set is.

use crate::Error;

/// Channels, height and width of every picture of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// 1 or 3.
    pub channels: usize,
    /// Pixels down.
    pub height: usize,
    /// Pixels across.
    pub width: usize,
}

impl Shape {
    /// Bytes of one picture.
    pub fn n_values(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// As channels, height, width.
    pub fn as_array(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }
}

/// One picture with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Channels × height × width bytes.
    pub picture: Vec<u8>,
    /// Its class, where the set has classes.
    pub label: Option<u32>,
    /// What it shows, in words.
    pub caption: String,
}

/// A set of pictures of one shape, by index.
pub trait Dataset: Send + Sync {
    /// Its name in reports.
    fn name(&self) -> String;

    /// The shape of every picture.
    fn shape(&self) -> Shape;

    /// How many there are; `None` for a set without end.
    fn len(&self) -> Option<u64>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The names of its classes, in the order of their labels; empty where it has none.
    fn class_names(&self) -> Vec<String>;

    /// Whether a picture mirrored left to right is still one of the set.
    fn may_flip(&self) -> bool;

    /// The example of an index.
    ///
    /// # Errors
    /// What is wrong with it, naming it.
    fn get(&self, index: u64) -> Result<Example, Error>;
}
