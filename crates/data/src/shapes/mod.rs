//! The built-in set: images of one shape of one colour on one background, endless and deterministic by index; and an analyser that recovers
//! the attributes from pixels, so that the quality of a model can be measured without a download.

mod analyse;
mod draw;
mod histogram;

pub use analyse::{MAX_RESIDUAL, Reading, STRICT_RESIDUAL, analyse};
pub use draw::{Figure, draw};
pub use histogram::Histogram;

use crate::{Dataset, Error, Shape, Values};
use tweedie_math::DataShape;
use tweedie_math::random::{Key, Purpose, Stream};

/// The forms, in the order of their labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A disc.
    Circle,
    /// A square with sides parallel to those of the image.
    Square,
    /// An equilateral triangle that points up.
    Triangle,
}

impl Form {
    /// Every form, in the order of the labels.
    pub const ALL: [Self; 3] = [Self::Circle, Self::Square, Self::Triangle];

    /// The name of the form.
    pub fn name(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Square => "square",
            Self::Triangle => "triangle",
        }
    }
}

/// The palette: names and RGB values.
pub const COLOURS: [(&str, [u8; 3]); 6] = [
    ("red", [220, 40, 40]),
    ("green", [40, 170, 70]),
    ("blue", [45, 85, 220]),
    ("yellow", [240, 205, 45]),
    ("purple", [150, 55, 190]),
    ("cyan", [60, 200, 215]),
];

/// The backgrounds: names and RGB values.
pub const BACKGROUNDS: [(&str, [u8; 3]); 3] = [("white", [255; 3]), ("grey", [128; 3]), ("black", [0; 3])];

/// The sizes: names, and ranges of half the width as a share of the shorter side of the image.
pub const SIZES: [(&str, [f64; 2]); 3] =
    [("small", [0.17, 0.21]), ("medium", [0.24, 0.28]), ("large", [0.31, 0.36])];

/// The built-in set at one image size.
#[derive(Debug, Clone)]
pub struct Shapes {
    shape: Shape,
    seed: u64,
}

/// The smallest side on which the forms can be distinguished.
pub const MIN_SIDE: usize = 12;

impl Shapes {
    /// The set of images with 3 channels and the given height and width.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a side below [`MIN_SIDE`] or above 1024.
    pub fn new(height: usize, width: usize, seed: u64) -> Result<Self, Error> {
        for side in [height, width] {
            if !(MIN_SIDE..=1024).contains(&side) {
                let found = side.to_string();
                return Err(Error::Parameter {
                    name: "a side of shapes",
                    found,
                    allowed: "between 12 and 1024 pixels".into(),
                });
            }
        }
        Ok(Self { shape: Shape { channels: 3, height, width }, seed })
    }

    /// The shape of every image.
    pub fn image_shape(&self) -> Shape {
        self.shape
    }

    /// The figure of the image at an index.
    pub fn figure(&self, index: u64) -> Figure {
        let mut numbers =
            Stream::new(Key { seed: self.seed, image: index, purpose: Purpose::DATA, visit: 0, draw: 0 });
        let mut choose = |n: usize| numbers.below(n as u64) as usize;
        let (form, colour, background, size) =
            (choose(Form::ALL.len()), choose(COLOURS.len()), choose(BACKGROUNDS.len()), choose(SIZES.len()));
        let (height, width) = (self.shape.height as f64, self.shape.width as f64);
        let [least, most] = SIZES[size].1;
        let half = (least + (most - least) * numbers.uniform()) * height.min(width);
        // The whole figure lies inside the image, at least half a pixel from the edge.
        let mut place = |side: f64| half + 0.5 + (side - 2.0 * half - 1.0) * numbers.uniform();
        let (x, y) = (place(width), place(height));
        Figure { form: Form::ALL[form], colour, background, x, y, half }
    }
}

impl Dataset for Shapes {
    fn name(&self) -> String {
        format!("shapes {}×{}", self.shape.height, self.shape.width)
    }

    fn shape(&self) -> DataShape {
        self.shape.into()
    }

    fn len(&self) -> Option<u64> {
        None
    }

    fn class_names(&self) -> Vec<String> {
        Form::ALL.map(|form| form.name().to_string()).to_vec()
    }

    fn may_flip(&self) -> bool {
        true
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        Ok(Values::Bytes(draw(&self.figure(index), self.shape)))
    }

    fn label(&self, index: u64) -> Option<u32> {
        Some(self.figure(index).form as u32)
    }

    fn caption(&self, index: u64) -> String {
        self.figure(index).caption(self.shape)
    }
}
