//! Samples of the built-in set against the set itself.

use std::fmt;
use tweedie_data::shapes::{Histogram, MAX_RESIDUAL};
use tweedie_data::{Dataset, Error, Shape, Shapes};

/// What samples show, beside what as many images of the data show.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapesQuality {
    /// Of the samples.
    pub samples: Histogram,
    /// Of the data.
    pub data: Histogram,
}

/// Reads every sample (channels × height × width bytes each) and as many images of the data.
///
/// # Errors
/// What the data reports.
pub fn shapes_quality(samples: &[Vec<u8>], data: &Shapes) -> Result<ShapesQuality, Error> {
    let shape =
        Shape::of(&data.shape()).ok_or_else(|| Error::Loader("the built-in set has images".into()))?;
    if let Some(sample) = samples.iter().find(|sample| sample.len() != shape.n_values()) {
        return Err(Error::Parameter {
            name: "the bytes of a sample",
            found: sample.len().to_string(),
            allowed: shape.n_values().to_string(),
        });
    }
    let real: Vec<Vec<u8>> = (0..samples.len() as u64)
        .map(|index| Ok(data.get(index)?.image().to_vec()))
        .collect::<Result<_, Error>>()?;
    let read = |images: &[Vec<u8>]| Histogram::of(images.iter().map(Vec::as_slice), shape);
    Ok(ShapesQuality { samples: read(samples), data: read(&real) })
}

impl ShapesQuality {
    /// Total variation between the attributes' shares in samples and data, averaged over the kinds: 0 where they agree, 1
    /// where nothing of one is in the other.
    pub fn distance(&self) -> f64 {
        if (self.samples.n_accepted == 0) != (self.data.n_accepted == 0) {
            return 1.0;
        }
        let of_kind = |(samples, data): (&Kind, &Kind)| {
            samples.1.iter().zip(&data.1).map(|((_, a), (_, b))| 0.5 * (a - b).abs()).sum::<f64>()
        };
        let (samples, data) = (self.samples.rows(), self.data.rows());
        samples.iter().zip(&data).map(of_kind).sum::<f64>() / samples.len() as f64
    }
}

/// A kind of attributes and their shares.
type Kind = (&'static str, Vec<(&'static str, f64)>);

impl fmt::Display for ShapesQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:.1} % of {} samples are exactly one shape of the palette (redrawn within {MAX_RESIDUAL}; of the data {:.1} %)",
            100.0 * self.samples.share(),
            self.samples.n,
            100.0 * self.data.share()
        )?;
        writeln!(f, "{:<12} {:>9} {:>9}", "", "samples", "data")?;
        for ((kind, samples), (_, data)) in self.samples.rows().iter().zip(self.data.rows()) {
            writeln!(f, "{kind}")?;
            for ((name, share), (_, real)) in samples.iter().zip(data) {
                writeln!(f, "  {name:<10} {:>7.1} % {:>7.1} %", 100.0 * share, 100.0 * real)?;
            }
        }
        Ok(())
    }
}
