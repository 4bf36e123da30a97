//! Points: built-in two-dimensional sets, and tables in files.

mod kind;
mod read;
mod table;
mod write;

pub use kind::PointKind;
pub use read::{PointFile, PointFileOptions};
pub use write::points_text;

use crate::{Dataset, Error, Values};
use tweedie_math::DataShape;
use tweedie_math::random::{Key, Purpose, Stream};

/// A built-in set of two-dimensional points, endless and deterministic by index.
///
/// Both coordinates have mean 0 and standard deviation 1 exactly (as distributions): see [`PointKind`] for the formulas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    kind: PointKind,
    seed: u64,
}

impl Points {
    /// The set of a kind. The point of an index depends only on the kind, the seed and the index.
    pub fn new(kind: PointKind, seed: u64) -> Self {
        Self { kind, seed }
    }

    /// The kind of the set.
    pub fn kind(&self) -> PointKind {
        self.kind
    }

    /// The point (x, y) of an index, and the number of its part.
    fn draw(&self, index: u64) -> ([f64; 2], u32) {
        let stream =
            |draw| Stream::new(Key { seed: self.seed, image: index, purpose: Purpose::DATA, visit: 0, draw });
        let (part, [x, y]) = self.kind.raw(&mut stream(0), &mut stream(1));
        let ([mean_x, mean_y], [scale_x, scale_y]) = self.kind.raw_moments();
        ([(x - mean_x) / scale_x, (y - mean_y) / scale_y], part)
    }
}

impl Dataset for Points {
    fn name(&self) -> String {
        self.kind.name().into()
    }

    fn shape(&self) -> DataShape {
        DataShape::point(2)
    }

    fn len(&self) -> Option<u64> {
        None
    }

    fn class_names(&self) -> Vec<String> {
        self.kind.parts().iter().map(ToString::to_string).collect()
    }

    fn may_flip(&self) -> bool {
        false
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        let ([x, y], _) = self.draw(index);
        Ok(Values::Floats(vec![x as f32, y as f32]))
    }

    fn label(&self, index: u64) -> Option<u32> {
        (!self.kind.parts().is_empty()).then(|| self.draw(index).1)
    }

    fn caption(&self, index: u64) -> String {
        let name = self.label(index).and_then(|label| self.kind.parts().get(label as usize));
        name.map(ToString::to_string).unwrap_or_default()
    }

    fn moments(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        Some((vec![0.0; 2], vec![1.0; 2]))
    }
}
