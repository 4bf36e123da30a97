//! The summary of the bounds of many images.

use super::{BoundOptions, ImageBound};
use serde::Serialize;
use std::fmt;
use tweedie_math::DiscreteProcess;
use tweedie_math::bound::bits_per_dimension;

/// A mean over images and its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figure {
    /// The mean.
    pub mean: f64,
    /// The standard error of the mean; `None` for a single image.
    pub error: Option<f64>,
}

impl Figure {
    /// The mean of values with its standard error: the sample standard deviation divided by √n.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        Self { mean, error: (values.len() > 1).then(|| (squares / (n - 1.0) / n).sqrt()) }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4}", self.mean)?;
        self.error.map_or(Ok(()), |error| write!(f, " ± {error:.4}"))
    }
}

/// The bound over images, in bits per dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BoundReport {
    /// The number of images.
    pub images: usize,
    /// The number of values per image.
    pub dimensions: usize,
    /// The bound L_T + Σ L_{t−1} + L_0.
    pub total: Figure,
    /// The rate L_T + Σ L_{t−1}, t ≥ 2: the cost of coding x_1.
    pub rate: Figure,
    /// The distortion L_0: the cost of coding x_0 given x_1.
    pub distortion: Figure,
    /// The prior term L_T.
    pub prior: Figure,
    /// The root mean square error of x̂_0 at the first level, in byte values; `None` for arrays.
    pub first_error_of_255: Option<f64>,
    /// The term of each level, from the cleanest: L_0, L_1, …
    pub levels: Vec<LevelReport>,
    /// The bound of each image, in the order of the images.
    pub of_images: Vec<ImageReport>,
}

/// One image's bound, in bits per dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImageReport {
    /// The bound L_T + Σ L_{t−1} + L_0.
    pub total: f64,
    /// The rate L_T + Σ L_{t−1}, t ≥ 2.
    pub rate: f64,
    /// The distortion L_0.
    pub distortion: f64,
    /// The prior term L_T.
    pub prior: f64,
    /// The term of each level, from the cleanest, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<Vec<f64>>,
}

/// One level's term.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LevelReport {
    /// The level's time t.
    pub time: usize,
    /// The level's log-SNR; `None` for pure noise.
    pub log_snr: Option<f64>,
    /// L_{t−1} in bits per dimension.
    pub term: Figure,
    /// The mean of (x_0 − x̂_0)², in the model's units.
    pub x0_error: f64,
}

/// Summarises the bounds of images. `range` is the width of the data's range for bytes, and `None` for arrays. With `terms` the report
/// holds the terms of every image.
///
/// # Panics
/// If there are no images.
pub fn bound_report(
    bounds: &[ImageBound],
    dimensions: usize,
    options: &BoundOptions,
    process: &dyn DiscreteProcess,
    range: Option<f64>,
    terms: bool,
) -> BoundReport {
    let mut times = options.times.clone();
    times.sort_unstable();
    let figure = |of: &dyn Fn(&ImageBound) -> f64| {
        let bits: Vec<f64> = bounds.iter().map(|it| bits_per_dimension(of(it), dimensions)).collect();
        Figure::of(&bits)
    };
    let bits = |nats: f64| bits_per_dimension(nats, dimensions);
    let image = |it: &ImageBound| ImageReport {
        total: bits(it.bound.total()),
        rate: bits(it.bound.rate()),
        distortion: bits(it.bound.distortion()),
        prior: bits(it.bound.prior),
        terms: terms.then(|| it.bound.steps.iter().map(|term| bits(*term)).collect()),
    };
    let x0_error = |i: usize| bounds.iter().map(|it| it.x0_errors[i]).sum::<f64>() / bounds.len() as f64;
    let level = |(i, &time): (usize, &usize)| LevelReport {
        time,
        log_snr: Some(process.level(time).log_snr()).filter(|log_snr| log_snr.is_finite()),
        term: figure(&|it| it.bound.steps[i]),
        x0_error: x0_error(i),
    };
    BoundReport {
        images: bounds.len(),
        dimensions,
        total: figure(&|it| it.bound.total()),
        rate: figure(&|it| it.bound.rate()),
        distortion: figure(&|it| it.bound.distortion()),
        prior: figure(&|it| it.bound.prior),
        first_error_of_255: range.map(|range| 255.0 / range * x0_error(0).sqrt()),
        levels: times.iter().enumerate().map(level).collect(),
        of_images: bounds.iter().map(image).collect(),
    }
}

/// The number of rows of levels in the printed table.
const ROWS: usize = 12;

impl fmt::Display for BoundReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "bits per dimension over {} images of {} values", self.images, self.dimensions)?;
        writeln!(f, "  bound        {}", self.total)?;
        writeln!(f, "  rate         {}   L_T and every L_(t-1) from t = 2", self.rate)?;
        writeln!(f, "  distortion   {}   L_0", self.distortion)?;
        writeln!(f, "  prior        {}   L_T", Figure { mean: self.prior.mean, ..self.prior })?;
        if let Some(error) = self.first_error_of_255 {
            writeln!(f, "  the root mean square error of x0 at the first level is {error:.2} of 255")?;
        }
        writeln!(f, "  {:>12} {:>10} {:>22}", "levels", "log-SNR", "sum of terms")?;
        // The first row is L_0; the other rows are groups of equally many levels.
        let (first, rest) = self.levels.split_at(1.min(self.levels.len()));
        let groups = std::iter::once(first).chain(rest.chunks(rest.len().div_ceil(ROWS - 1).max(1)));
        for group in groups {
            let (Some(low), Some(high)) = (group.first(), group.last()) else { continue };
            let times = if low.time == high.time {
                low.time.to_string()
            } else {
                format!("{}–{}", low.time, high.time)
            };
            let log_snr = high.log_snr.map_or("−∞".into(), |log_snr| format!("{log_snr:.2}"));
            let sum: f64 = group.iter().map(|level| level.term.mean).sum();
            writeln!(f, "  {times:>12} {log_snr:>10} {sum:>22.5}")?;
        }
        Ok(())
    }
}
