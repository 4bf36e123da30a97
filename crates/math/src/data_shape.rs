//! The shape of one example.

use crate::Error;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The greatest number of values of one example, such as an image of 3 × 9459 × 9459.
pub const MOST_VALUES: usize = 1 << 28;

/// The sides of one example: `[C, H, W]` for images, `[D]` for points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataShape(Vec<usize>);

impl DataShape {
    /// A shape from its sides, the channels of an image first.
    pub fn new(sides: impl Into<Vec<usize>>) -> Self {
        Self(sides.into())
    }

    /// The shape `[C, H, W]` of an image.
    pub fn image(channels: usize, height: usize, width: usize) -> Self {
        Self(vec![channels, height, width])
    }

    /// The shape `[D]` of a point.
    pub fn point(dimensions: usize) -> Self {
        Self(vec![dimensions])
    }

    /// The sides, the channels of an image first.
    pub fn sides(&self) -> &[usize] {
        &self.0
    }

    /// The number of values of one example: the product of the sides, or `usize::MAX` if the product overflows.
    pub fn n_values(&self) -> usize {
        self.0.iter().fold(1, |product: usize, &side| product.saturating_mul(side))
    }

    /// Checks that an example has at most [`MOST_VALUES`] values. A side of 0, which means any size, is allowed.
    ///
    /// # Errors
    /// [`Error::Parameter`] for more values.
    pub fn check(&self) -> Result<(), Error> {
        let found = self.n_values();
        if found <= MOST_VALUES {
            return Ok(());
        }
        let allowed = "at most 268435456";
        Err(Error::Parameter { name: "the number of values of an example", found: found as f64, allowed })
    }

    /// The sides `[C, H, W]` if there are exactly three.
    pub fn as_image(&self) -> Option<[usize; 3]> {
        self.0.as_slice().try_into().ok()
    }

    /// The first side: the channels of an image or the dimensions of a point; 0 for a shape without sides.
    pub fn channels(&self) -> usize {
        self.0.first().copied().unwrap_or(0)
    }

    /// The shape `[n, sides...]` of a batch of n examples. A side above `i64::MAX` becomes `i64::MAX`.
    pub fn batch(&self, n: usize) -> Vec<i64> {
        let sides = core::iter::once(n).chain(self.0.iter().copied());
        sides.map(|side| i64::try_from(side).unwrap_or(i64::MAX)).collect()
    }
}

impl fmt::Display for DataShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, side) in self.0.iter().enumerate() {
            write!(f, "{}{side}", if i == 0 { "" } else { "×" })?;
        }
        Ok(())
    }
}
