//! Frequencies of the attributes in images.

use super::{BACKGROUNDS, COLOURS, Form, MAX_RESIDUAL, Reading, analyse};
use crate::Shape;

/// The counts of the attributes in accepted images.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    /// The number of images.
    pub n: usize,
    /// The number of images that were accepted as exactly one shape.
    pub n_accepted: usize,
    /// The counts of the forms, in the order of the labels.
    pub forms: [usize; 3],
    /// The counts of the colours, in the order of the palette.
    pub colours: [usize; 6],
    /// The counts of the backgrounds.
    pub backgrounds: [usize; 3],
}

impl Histogram {
    /// Analyses every image, with the bound [`MAX_RESIDUAL`].
    pub fn of<'a>(images: impl IntoIterator<Item = &'a [u8]>, shape: Shape) -> Self {
        let readings: Vec<Reading> = images.into_iter().map(|image| analyse(image, shape)).collect();
        Self::of_readings(&readings, MAX_RESIDUAL)
    }

    /// Counts analysed images. Those with a residual above the bound are not accepted.
    pub fn of_readings(readings: &[Reading], residual: f64) -> Self {
        let mut counts = Self::default();
        readings.iter().for_each(|reading| counts.add(reading, residual));
        counts
    }

    fn add(&mut self, reading: &Reading, residual: f64) {
        self.n += 1;
        if reading.accepted_at(residual) {
            self.n_accepted += 1;
            self.forms[reading.figure.form as usize] += 1;
            self.colours[reading.figure.colour] += 1;
            self.backgrounds[reading.figure.background] += 1;
        }
    }

    /// The share of accepted images.
    pub fn share(&self) -> f64 {
        self.n_accepted as f64 / self.n.max(1) as f64
    }

    /// The name of each attribute with its share in the accepted images, by kind.
    pub fn rows(&self) -> [(&'static str, Vec<(&'static str, f64)>); 3] {
        let total = self.n_accepted.max(1) as f64;
        let shares = |names: Vec<&'static str>, counts: &[usize]| {
            names.into_iter().zip(counts).map(|(name, &count)| (name, count as f64 / total)).collect()
        };
        [
            ("forms", shares(Form::ALL.map(Form::name).to_vec(), &self.forms)),
            ("colours", shares(COLOURS.map(|colour| colour.0).to_vec(), &self.colours)),
            ("backgrounds", shares(BACKGROUNDS.map(|background| background.0).to_vec(), &self.backgrounds)),
        ]
    }
}
