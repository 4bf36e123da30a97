//! Evaluation of samples of the built-in set.

use std::fmt;
use tweedie_data::shapes::{Histogram, MAX_RESIDUAL};
use tweedie_data::{Dataset, Error, Shape, Shapes};

/// The histograms of the attributes of samples and of an equal number of images of the data.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapesQuality {
    /// The histogram of the samples.
    pub samples: Histogram,
    /// The histogram of the data.
    pub data: Histogram,
}

/// Analyses samples of channels × height × width bytes each, and an equal number of images of the data.
///
/// # Errors
/// [`Error::Parameter`] for samples of another size; errors returned by the data.
pub fn shapes_quality(samples: &[Vec<u8>], data: &Shapes) -> Result<ShapesQuality, Error> {
    let shape = Shape::of(&data.shape())
        .ok_or_else(|| Error::Loader("the shape of the built-in set is not that of images".into()))?;
    if let Some(sample) = samples.iter().find(|sample| sample.len() != shape.n_values()) {
        return Err(Error::Parameter {
            name: "the number of bytes of a sample",
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
    /// The total variation distance between the shares of the attributes in samples and data, averaged over the kinds of attributes: 0 for
    /// equal shares, 1 for disjoint ones.
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

/// A kind of attributes, with the names and shares of the attributes.
type Kind = (&'static str, Vec<(&'static str, f64)>);

impl fmt::Display for ShapesQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:.1} % of {} samples are exactly one shape of the palette (residual at most {MAX_RESIDUAL}); of the data, {:.1} %",
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
