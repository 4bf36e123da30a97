//! Evaluation of samples of the built-in set.

use std::fmt;
use tweedie_data::shapes::{
    BACKGROUNDS, COLOURS, Form, Histogram, MAX_RESIDUAL, Reading, STRICT_RESIDUAL, analyse,
};
use tweedie_data::{Dataset, Error, Shape, Shapes};

/// The analysed samples, and analysed images of the data.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapesQuality {
    /// The samples.
    pub samples: Vec<Reading>,
    /// As many images of the data.
    pub data: Vec<Reading>,
    /// As many other images of the data, for the floor.
    pub others: Vec<Reading>,
}

/// The attributes by which images are divided into cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cells {
    /// A cell for each form.
    Forms,
    /// A cell for each combination of form, colour and background.
    Combinations,
}

impl Cells {
    /// The number of cells.
    pub fn len(self) -> usize {
        match self {
            Self::Forms => Form::ALL.len(),
            Self::Combinations => Form::ALL.len() * COLOURS.len() * BACKGROUNDS.len(),
        }
    }

    /// Whether there are no cells, which is never so.
    pub fn is_empty(self) -> bool {
        false
    }

    /// The cell of an image.
    fn of(self, reading: &Reading) -> usize {
        let figure = &reading.figure;
        match self {
            Self::Forms => figure.form as usize,
            Self::Combinations => {
                (figure.form as usize * COLOURS.len() + figure.colour) * BACKGROUNDS.len() + figure.background
            }
        }
    }

    /// The share of each cell in images. An image that is not accepted is in no cell, so that the shares may add up to less than 1.
    fn shares(self, readings: &[Reading], residual: f64) -> Vec<f64> {
        let mut shares = vec![0.0; self.len()];
        for reading in readings.iter().filter(|reading| reading.accepted_at(residual)) {
            shares[self.of(reading)] += 1.0 / readings.len() as f64;
        }
        shares
    }
}

/// The matched share of samples: the sum over cells of the smaller of the shares of the cell in samples and data. An image with a residual above
/// the bound is in no cell. It is 1 if all samples are accepted and all attributes are as frequent as in the data. Unlike the share of
/// accepted samples, it does not grow if one form replaces another.
pub fn matched_share(samples: &[Reading], data: &[Reading], cells: Cells, residual: f64) -> f64 {
    let (samples, data) = (cells.shares(samples, residual), cells.shares(data, residual));
    samples.iter().zip(&data).map(|(a, b)| a.min(*b)).sum()
}

/// Analyses samples of channels × height × width bytes each, and twice as many images of the data.
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
    let n = samples.len() as u64;
    let real = |range: std::ops::Range<u64>| {
        range.map(|index| Ok(analyse(data.get(index)?.image(), shape))).collect::<Result<Vec<_>, Error>>()
    };
    Ok(ShapesQuality {
        samples: samples.iter().map(|sample| analyse(sample, shape)).collect(),
        data: real(0..n)?,
        others: real(n..2 * n)?,
    })
}

impl ShapesQuality {
    /// The share of the samples that are accepted as exactly one shape.
    pub fn recognised(&self, residual: f64) -> f64 {
        Histogram::of_readings(&self.samples, residual).share()
    }

    /// The matched share of the samples.
    pub fn matched(&self, cells: Cells, residual: f64) -> f64 {
        matched_share(&self.samples, &self.data, cells, residual)
    }

    /// The matched share of as many real images, which is below 1 because the frequencies of finite sets differ.
    pub fn matched_of_data(&self, cells: Cells, residual: f64) -> f64 {
        matched_share(&self.others, &self.data, cells, residual)
    }

    /// The distance of the attributes of samples and data.
    pub fn distance(&self) -> f64 {
        let of = |readings: &[Reading]| Histogram::of_readings(readings, MAX_RESIDUAL);
        histogram_distance(&of(&self.samples), &of(&self.data))
    }
}

/// The total variation distance between the shares of the attributes in the accepted images of two sets, averaged over the kinds of
/// attributes: 0 for equal shares, 1 for disjoint ones.
pub fn histogram_distance(samples: &Histogram, data: &Histogram) -> f64 {
    if (samples.n_accepted == 0) != (data.n_accepted == 0) {
        return 1.0;
    }
    let of_kind = |(samples, data): (&Kind, &Kind)| {
        samples.1.iter().zip(&data.1).map(|((_, a), (_, b))| 0.5 * (a - b).abs()).sum::<f64>()
    };
    let (samples, data) = (samples.rows(), data.rows());
    samples.iter().zip(&data).map(of_kind).sum::<f64>() / samples.len() as f64
}

/// A kind of attributes, with the names and shares of the attributes.
type Kind = (&'static str, Vec<(&'static str, f64)>);

impl fmt::Display for ShapesQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| 100.0 * share;
        let of = |readings: &[Reading], residual| Histogram::of_readings(readings, residual);
        writeln!(
            f,
            "{:.1} % of {} samples are exactly one shape, in forms as frequent as in the data (matched share; real images reach {:.1} %)",
            percent(self.matched(Cells::Forms, MAX_RESIDUAL)),
            self.samples.len(),
            percent(self.matched_of_data(Cells::Forms, MAX_RESIDUAL)),
        )?;
        writeln!(f, "{:<40} {:>9} {:>9}", "", "samples", "data")?;
        for residual in [MAX_RESIDUAL, STRICT_RESIDUAL] {
            let recognised = of(&self.others, residual).share();
            let mut rows = vec![("exactly one shape", self.recognised(residual), recognised)];
            for (name, cells) in
                [("matched by form", Cells::Forms), ("matched by form, colour, ground", Cells::Combinations)]
            {
                rows.push((name, self.matched(cells, residual), self.matched_of_data(cells, residual)));
            }
            writeln!(f, "residual at most {residual}")?;
            for (name, samples, data) in rows {
                writeln!(f, "  {name:<38} {:>7.1} % {:>7.1} %", percent(samples), percent(data))?;
            }
        }
        let (samples, data) = (of(&self.samples, MAX_RESIDUAL), of(&self.data, MAX_RESIDUAL));
        for ((kind, samples), (_, data)) in samples.rows().iter().zip(data.rows()) {
            writeln!(f, "{kind}")?;
            for ((name, share), (_, real)) in samples.iter().zip(data) {
                writeln!(f, "  {name:<38} {:>7.1} % {:>7.1} %", percent(*share), percent(real))?;
            }
        }
        Ok(())
    }
}
