//! Evaluation of point samples: their maximum mean discrepancy from data (Gretton et al. 2012), compared with that between real sets.

use crate::{Error, Scatter};
use serde::Serialize;
use std::fmt;
use tch::{Kind, Tensor};

/// The kernel's bandwidths as multiples of the median distance between points of the data.
const SCALES: [f64; 4] = [0.125, 0.25, 0.5, 1.0];

/// The greatest number of points from which the median distance is computed.
const FOR_MEDIAN: i64 = 1000;

/// A mean of Gaussian kernels e^(−‖x − y‖²/(2σ²)) with several bandwidths σ.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GaussianKernel {
    /// The bandwidths σ, in the data's own units.
    pub bandwidths: Vec<f64>,
}

impl GaussianKernel {
    /// A kernel with the bandwidths 1/8, 1/4, 1/2 and 1 times the median distance between points (N, D).
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than two points.
    pub fn of(points: &Tensor) -> Result<Self, Error> {
        let n = points.size()[0];
        if n < 2 {
            return Err(Error::TooFew { what: "points for a kernel", found: n, needed: 2 });
        }
        let some = points.f_narrow(0, 0, n.min(FOR_MEDIAN))?.f_to_kind(Kind::Double)?;
        let distances = Tensor::f_pdist(&some, 2.0)?;
        let median = f64::try_from(distances.f_median()?)?;
        Ok(Self { bandwidths: SCALES.iter().map(|scale| scale * median.max(f64::MIN_POSITIVE)).collect() })
    }

    /// The sum of the kernel over all pairs of points (N, D) and (M, D).
    fn sum(&self, x: &Tensor, y: &Tensor) -> Result<f64, Error> {
        let squares = Tensor::f_cdist(x, y, 2.0, Some(2))?.f_square()?;
        let mut sum = 0.0;
        for sigma in &self.bandwidths {
            let kernel = squares.f_mul_scalar(-0.5 / (sigma * sigma))?.f_exp()?;
            sum += f64::try_from(kernel.f_sum(Kind::Double)?)?;
        }
        Ok(sum / self.bandwidths.len() as f64)
    }

    /// The unbiased estimate of MMD² between points (N, D) and (M, D); it may be negative.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than two points on a side.
    pub fn mmd2(&self, x: &Tensor, y: &Tensor) -> Result<f64, Error> {
        let _no_gradient = tch::no_grad_guard();
        for side in [x, y] {
            let n = side.size()[0];
            if n < 2 {
                return Err(Error::TooFew { what: "points for a discrepancy", found: n, needed: 2 });
            }
        }
        let (x, y) = (x.f_to_kind(Kind::Double)?, y.f_to_kind(Kind::Double)?);
        let (n, m) = (x.size()[0] as f64, y.size()[0] as f64);
        // The diagonal, k(x, x) = 1, is left out.
        let within = |of: &Tensor, n: f64| Ok::<_, Error>((self.sum(of, of)? - n) / (n * (n - 1.0)));
        Ok(within(&x, n)? + within(&y, m)? - 2.0 * self.sum(&x, &y)? / (n * m))
    }
}

/// The result of [`judge_points`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PointsReport {
    /// The number of samples, and of real points in each set.
    pub n: usize,
    /// The kernel.
    pub kernel: GaussianKernel,
    /// The unbiased MMD² between samples and data.
    pub mmd2: f64,
    /// MMD² between pairs of real sets of the same size. A perfect model has the same mean.
    pub floor: Vec<f64>,
    /// The mean and the standard deviation of the floor.
    pub floor_scatter: Scatter,
    /// The 95 % quantile of the floor.
    pub floor_95: f64,
    /// Whether the real sets were drawn with replacement because there are too few points.
    pub with_replacement: bool,
    /// Whether one set of each pair has the classes of the samples.
    pub matched: bool,
}

/// Compares point samples with data.
///
/// `real` returns the k-th set of as many real points as there are samples. Set 0 is compared with the samples; the sets 1 and 2, 3 and 4,
/// … are compared with each other, for `pairs` pairs. Sets of an odd number stand for samples, so they may be chosen to have the classes of
/// the samples; `matched` states whether they are.
///
/// # Errors
/// [`Error::TooFew`] for fewer than two points; errors returned by `real`.
pub fn judge_points(
    samples: &Tensor,
    pairs: usize,
    with_replacement: bool,
    matched: bool,
    real: &mut dyn FnMut(usize) -> Result<Tensor, Error>,
) -> Result<PointsReport, Error> {
    let data = real(0)?;
    let kernel = GaussianKernel::of(&data)?;
    let mmd2 = kernel.mmd2(samples, &data)?;
    let mut floor = Vec::new();
    for pair in 0..pairs.max(1) {
        floor.push(kernel.mmd2(&real(1 + 2 * pair)?, &real(2 + 2 * pair)?)?);
    }
    let mut sorted = floor.clone();
    sorted.sort_by(f64::total_cmp);
    let place = (0.95 * (sorted.len() - 1) as f64).round() as usize;
    let n = samples.size()[0] as usize;
    let (floor_scatter, floor_95) = (Scatter::of(&floor), sorted[place]);
    Ok(PointsReport { n, kernel, mmd2, floor, floor_scatter, floor_95, with_replacement, matched })
}

impl fmt::Display for PointsReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bandwidths: Vec<String> =
            self.kernel.bandwidths.iter().map(|sigma| format!("{sigma:.3}")).collect();
        writeln!(
            f,
            "{} samples compared with as many points of the data; the kernel is the mean of Gaussian kernels with the bandwidths {}",
            self.n,
            bandwidths.join(", ")
        )?;
        let Scatter { mean, deviation } = self.floor_scatter;
        writeln!(f, "MMD² of samples and data     {:>12.3e}", self.mmd2)?;
        writeln!(
            f,
            "MMD² of data and data        {mean:>12.3e} ± {deviation:.1e} (floor, {} pairs{}{})",
            self.floor.len(),
            if self.matched { ", one set of each with the classes of the samples" } else { "" },
            if self.with_replacement { ", drawn with replacement" } else { "" }
        )?;
        write!(
            f,
            "95 % quantile of the pairs   {:>12.3e}   the samples are {} it",
            self.floor_95,
            if self.mmd2 <= self.floor_95 { "within" } else { "beyond" }
        )
    }
}
