//! How good samples are.
//!
//! For the built-in set the judge is its analyser: the share of pictures that are exactly one shape of the palette, beside
//! the histogram of what they show. A share alone would hide a lost colour or background.

mod shapes;

pub use shapes::{ShapesQuality, shapes_quality};
