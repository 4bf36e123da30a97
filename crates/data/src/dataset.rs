//! What a data set is.

use crate::{Error, Example, Shape, Values};

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

    /// What the picture of an index holds.
    ///
    /// # Errors
    /// What is wrong with it, naming it.
    fn values(&self, index: u64) -> Result<Values, Error>;

    /// The class of an index, where the set has classes.
    fn label(&self, index: u64) -> Option<u32>;

    /// What the picture of an index shows, in words; empty where nothing is known.
    fn caption(&self, index: u64) -> String;

    /// What the picture of an index is known by, the same however many others there are.
    fn key(&self, index: u64) -> String {
        index.to_string()
    }

    /// What changes when a picture does under the same key.
    fn version(&self) -> String {
        String::new()
    }

    /// How many threads keep up with training.
    fn loaders(&self) -> usize {
        1
    }

    /// Mean and scale per channel by which a model should see arrays; none for pictures, whose range is that of bytes.
    fn moments(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        None
    }

    /// Files that could not be read so far and were left out, by name.
    fn left_out(&self) -> Vec<String> {
        Vec::new()
    }

    /// The example of an index.
    ///
    /// # Errors
    /// What is wrong with it, naming it.
    fn get(&self, index: u64) -> Result<Example, Error> {
        Ok(Example { values: self.values(index)?, label: self.label(index), caption: self.caption(index) })
    }
}

/// Fails unless an index is below a number of pictures.
pub(crate) fn check_index(index: u64, len: u64) -> Result<usize, Error> {
    match usize::try_from(index) {
        Ok(at) if index < len => Ok(at),
        _ => Err(Error::Parameter {
            name: "a picture's index",
            found: index.to_string(),
            allowed: format!("below the number of pictures, {len}"),
        }),
    }
}

/// The methods that a set around another set, its field `whole`, answers as that one does.
macro_rules! as_whole {
    () => {
        fn name(&self) -> String {
            self.whole.name()
        }

        fn shape(&self) -> crate::Shape {
            self.whole.shape()
        }

        fn class_names(&self) -> Vec<String> {
            self.whole.class_names()
        }

        fn may_flip(&self) -> bool {
            self.whole.may_flip()
        }

        fn loaders(&self) -> usize {
            self.whole.loaders()
        }

        fn moments(&self) -> Option<(Vec<f64>, Vec<f64>)> {
            self.whole.moments()
        }

        fn version(&self) -> String {
            self.whole.version()
        }

        fn left_out(&self) -> Vec<String> {
            self.whole.left_out()
        }
    };
}
pub(crate) use as_whole;

/// Where the other set has the same pictures at the same places: what is known of each, and how many there are.
macro_rules! picture_by_picture_as_whole {
    () => {
        fn len(&self) -> Option<u64> {
            self.whole.len()
        }

        fn label(&self, index: u64) -> Option<u32> {
            self.whole.label(index)
        }

        fn caption(&self, index: u64) -> String {
            self.whole.caption(index)
        }

        fn key(&self, index: u64) -> String {
            self.whole.key(index)
        }
    };
}
pub(crate) use picture_by_picture_as_whole;
