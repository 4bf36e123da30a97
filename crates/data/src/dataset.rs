//! What a data set is.
//!
//! A data set of your own is a type with eight functions:
//!
//! ```
//! use std::sync::Arc;
//! use tweedie_data::{Dataset, Error, Loader, Values};
//! use tweedie_math::DataShape;
//!
//! /// Points on a circle.
//! struct Circle;
//!
//! impl Dataset for Circle {
//!     fn name(&self) -> String {
//!         "circle".into()
//!     }
//!     fn shape(&self) -> DataShape {
//!         DataShape::point(2)
//!     }
//!     fn len(&self) -> Option<u64> {
//!         Some(1000)
//!     }
//!     fn class_names(&self) -> Vec<String> {
//!         Vec::new()
//!     }
//!     fn may_flip(&self) -> bool {
//!         false
//!     }
//!     fn values(&self, index: u64) -> Result<Values, Error> {
//!         let angle = index as f32 * std::f32::consts::TAU / 1000.0;
//!         Ok(Values::Floats(vec![angle.cos(), angle.sin()]))
//!     }
//!     fn label(&self, _index: u64) -> Option<u32> {
//!         None
//!     }
//!     fn caption(&self, _index: u64) -> String {
//!         String::new()
//!     }
//! }
//!
//! let mut batches = Loader::new(Arc::new(Circle), 0, 16, 0, false)?;
//! assert_eq!(batches.next_batch()?.values.len(), 32);
//! # Ok::<(), Error>(())
//! ```

use crate::{Error, Example, Side, Values};
use tweedie_math::DataShape;

/// A set of examples of one shape, by index: images, arrays or points.
pub trait Dataset: Send + Sync {
    /// Its name in reports.
    fn name(&self) -> String;

    /// The shape of every example: `[C, H, W]` for images and arrays, `[D]` for points.
    fn shape(&self) -> DataShape;

    /// How many there are; `None` for a set without end.
    fn len(&self) -> Option<u64>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The names of its classes, in the order of their labels; empty where it has none.
    fn class_names(&self) -> Vec<String>;

    /// Whether an image mirrored left to right is still one of the set. Examples that are not images are never mirrored.
    fn may_flip(&self) -> bool;

    /// The values of the example of an index, as many as its shape has.
    ///
    /// # Errors
    /// What is wrong with it, naming it.
    fn values(&self, index: u64) -> Result<Values, Error>;

    /// The class of an index, where the set has classes.
    fn label(&self, index: u64) -> Option<u32>;

    /// A description of the example of an index in words; empty where nothing is known.
    fn caption(&self, index: u64) -> String;

    /// The name by which the example of an index is known, the same however many others there are.
    fn key(&self, index: u64) -> String {
        index.to_string()
    }

    /// A text that changes when an example changes under the same key.
    fn version(&self) -> String {
        String::new()
    }

    /// How many threads keep up with training.
    fn loaders(&self) -> usize {
        1
    }

    /// The mean and the scale of each channel by which a model should standardize arrays and points, in the data's own units:
    /// for points, one of each per dimension. `None` for images, whose range is that of bytes.
    fn moments(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        None
    }

    /// The side of the example of an index, where the set itself determines it; `None` for a set without parts of its own.
    fn side(&self, _index: u64) -> Option<Side> {
        None
    }

    /// Lines for people about what was found and decided when the set was opened: its classes, its parts, what was left out.
    fn notices(&self) -> Vec<String> {
        Vec::new()
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

/// Fails unless an index is below a number of examples.
pub(crate) fn check_index(index: u64, len: u64) -> Result<usize, Error> {
    match usize::try_from(index) {
        Ok(at) if index < len => Ok(at),
        _ => Err(Error::Parameter {
            name: "an example's index",
            found: index.to_string(),
            allowed: format!("below the number of examples, {len}"),
        }),
    }
}

/// The methods that a set around another set, its field `whole`, answers as that one does.
macro_rules! as_whole {
    () => {
        fn name(&self) -> String {
            self.whole.name()
        }

        fn shape(&self) -> tweedie_math::DataShape {
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

/// Where the other set has the same images at the same places: what is known of each, and how many there are.
macro_rules! image_by_image_as_whole {
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

        fn side(&self, index: u64) -> Option<crate::Side> {
            self.whole.side(index)
        }

        fn notices(&self) -> Vec<String> {
            self.whole.notices()
        }
    };
}
pub(crate) use image_by_image_as_whole;
