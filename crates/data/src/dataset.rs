//! The trait of data sets.
//!
//! To add a data set, implement eight functions of [`Dataset`]:
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

/// A data set: examples of the same shape (images, arrays or points), accessed by index.
pub trait Dataset: Send + Sync {
    /// The name of the set in reports.
    fn name(&self) -> String;

    /// The shape of every example: `[C, H, W]` for images and arrays, `[D]` for points.
    fn shape(&self) -> DataShape;

    /// The number of examples; `None` for an endless set.
    fn len(&self) -> Option<u64>;

    /// Whether the set has no examples.
    fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }

    /// The names of the classes in the order of their labels; empty if the set has no classes.
    fn class_names(&self) -> Vec<String>;

    /// Whether images may be mirrored horizontally for augmentation. Examples that are not images are never mirrored.
    fn may_flip(&self) -> bool;

    /// The values of the example at an index, in the number given by the shape.
    ///
    /// # Errors
    /// An error that names the example and the problem.
    fn values(&self, index: u64) -> Result<Values, Error>;

    /// The class of the example at an index; `None` if the set has no classes.
    fn label(&self, index: u64) -> Option<u32>;

    /// The caption of the example at an index; empty if there is none.
    fn caption(&self, index: u64) -> String;

    /// The identifying name of the example at an index. It does not depend on the other examples.
    fn key(&self, index: u64) -> String {
        index.to_string()
    }

    /// A text that changes if an example changes under the same key.
    fn version(&self) -> String {
        String::new()
    }

    /// The number of loader threads that keep up with training.
    fn loaders(&self) -> usize {
        1
    }

    /// The mean and the scale of each channel by which a model should standardize arrays and points, in the units of the data. For
    /// points there is one of each per dimension. `None` for images, whose range is that of bytes.
    fn moments(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        None
    }

    /// The side of the example at an index, if the set itself determines it; `None` for a set without parts of its own.
    fn side(&self, _index: u64) -> Option<Side> {
        None
    }

    /// Lines of text about the set for the user: the source of its classes, its parts, files that are left out.
    fn notices(&self) -> Vec<String> {
        Vec::new()
    }

    /// The names of the files that could not be decoded so far and were skipped.
    fn left_out(&self) -> Vec<String> {
        Vec::new()
    }

    /// The example at an index.
    ///
    /// # Errors
    /// An error that names the example and the problem.
    fn get(&self, index: u64) -> Result<Example, Error> {
        Ok(Example { values: self.values(index)?, label: self.label(index), caption: self.caption(index) })
    }
}

/// Checks that an index is below the number of examples.
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

/// The methods of a set around another set that are passed on to that set, the field `whole`.
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

/// The methods about single examples that are passed on if both sets have the same examples at the same indices.
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
