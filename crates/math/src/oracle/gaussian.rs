//! Gaussian data with any covariance.

use super::Oracle;
use crate::gaussian::LOG_TAU;
use crate::random::Stream;
use crate::{Error, GaussianDenoiser, NoiseLevel};
use ndarray::{Array1, Array2, ArrayView1};

/// Data N(mean, Σ). All quantities are computed along the principal axes of Σ, where the data is a product of one-dimensional
/// Gaussians.
#[derive(Debug, Clone, PartialEq)]
pub struct GaussianData {
    mean: Array1<f64>,
    /// The variance along each axis.
    variances: Array1<f64>,
    /// The axes as columns; `None` for the coordinate axes.
    axes: Option<Array2<f64>>,
}

impl GaussianData {
    /// Data N(mean, variance·I).
    ///
    /// # Errors
    /// [`Error::Parameter`] for a negative variance, an empty mean, or a number that is not finite.
    pub fn isotropic(mean: Vec<f64>, variance: f64) -> Result<Self, Error> {
        let variances = vec![variance; mean.len()];
        Self::diagonal(mean, variances)
    }

    /// Data with independent coordinates.
    ///
    /// # Errors
    /// [`Error::Parameter`] as [`Self::isotropic`], and if the number of variances is not that of the mean.
    pub fn diagonal(mean: Vec<f64>, variances: Vec<f64>) -> Result<Self, Error> {
        let wrong = |name, found, allowed| Err(Error::Parameter { name, found, allowed });
        if mean.is_empty() || mean.len() != variances.len() {
            let allowed = "at least 1 and equal to the length of the mean";
            return wrong("the number of variances", variances.len() as f64, allowed);
        }
        if let Some(&mean) = mean.iter().find(|mean| !mean.is_finite()) {
            return wrong("a mean", mean, "finite");
        }
        if let Some(&variance) = variances.iter().find(|v| !(v.is_finite() && **v >= 0.0)) {
            return wrong("a variance", variance, "finite and not negative");
        }
        Ok(Self { mean: mean.into(), variances: variances.into(), axes: None })
    }

    /// Data N(mean, covariance).
    ///
    /// # Errors
    /// [`Error::Parameter`] as [`Self::diagonal`], and for a covariance that is not symmetric, or whose least variance is negative
    /// beyond rounding.
    pub fn new(mean: Vec<f64>, covariance: &Array2<f64>) -> Result<Self, Error> {
        let n = mean.len();
        let wrong = |name, found, allowed| Err(Error::Parameter { name, found, allowed });
        if n == 0 || covariance.dim() != (n, n) {
            let allowed = "the length of the mean, at least 1, in rows and in columns";
            return wrong("the covariance's size", covariance.nrows() as f64, allowed);
        }
        let largest = covariance.iter().fold(0.0f64, |most, value| most.max(value.abs()));
        if let Some(value) = covariance.iter().find(|value| !value.is_finite()) {
            return wrong("an element of the covariance", *value, "finite");
        }
        let skew = (covariance - &covariance.t()).iter().fold(0.0f64, |most, value| most.max(value.abs()));
        if skew > 1e-12 * largest {
            return wrong("the covariance's asymmetry", skew, "0");
        }
        // The axes are the eigenvectors of the covariance.
        let matrix = nalgebra::DMatrix::from_fn(n, n, |i, j| covariance[[i, j]]);
        let eigen = nalgebra::SymmetricEigen::new(matrix);
        if let Some(&negative) = eigen.eigenvalues.iter().find(|value| **value < -1e-12 * largest) {
            return wrong("the covariance's least variance", negative, "not negative");
        }
        let variances = eigen.eigenvalues.iter().map(|value| value.max(0.0)).collect();
        let axes = Array2::from_shape_fn((n, n), |(i, j)| eigen.eigenvectors[(i, j)]);
        Ok(Self { axes: Some(axes), ..Self::diagonal(mean, variances)? })
    }

    /// The mean.
    pub fn mean(&self) -> ArrayView1<'_, f64> {
        self.mean.view()
    }

    /// The variances along the axes.
    pub fn variances(&self) -> ArrayView1<'_, f64> {
        self.variances.view()
    }

    /// The covariance Σ.
    pub fn covariance(&self) -> Array2<f64> {
        self.with_variances(|variance| variance)
    }

    /// The entropy E[−ln q(x_0)] = ½·Σ ln(2πe·variance), in nats.
    pub fn entropy(&self) -> f64 {
        self.variances.iter().map(|variance| 0.5 * (LOG_TAU + 1.0 + libm::log(*variance))).sum()
    }

    /// The one-dimensional data along each axis, with mean 0.
    pub(super) fn along_axes(&self) -> impl Iterator<Item = GaussianDenoiser> + '_ {
        self.variances.iter().map(|&variance| GaussianDenoiser { mean: 0.0, variance })
    }

    /// The matrix with the same axes whose variances are f of the own ones.
    fn with_variances(&self, f: impl Fn(f64) -> f64) -> Array2<f64> {
        let diagonal = Array2::from_diag(&self.variances.mapv(f));
        match &self.axes {
            Some(axes) => axes.dot(&diagonal).dot(&axes.t()),
            None => diagonal,
        }
    }

    /// x − s·mean along the axes.
    fn along(&self, x: &[f64], signal: f64) -> Array1<f64> {
        assert_eq!(x.len(), self.mean.len(), "the point must have the dimensions of the data");
        let centred = &ArrayView1::from(x) - &(signal * &self.mean);
        match &self.axes {
            Some(axes) => axes.t().dot(&centred),
            None => centred,
        }
    }

    /// A vector's coordinates from its components along the axes.
    fn back(&self, along: Array1<f64>) -> Array1<f64> {
        match &self.axes {
            Some(axes) => axes.dot(&along),
            None => along,
        }
    }

    /// Applies f to the data and the component of x along each axis, and returns the result in coordinates.
    fn by_axis(
        &self,
        x: &[f64],
        level: NoiseLevel,
        mut f: impl FnMut(GaussianDenoiser, f64) -> f64,
    ) -> Array1<f64> {
        let along = self.along(x, level.signal_rate());
        self.back(self.along_axes().zip(along).map(|(data, x)| f(data, x)).collect())
    }
}

impl Oracle for GaussianData {
    fn dimensions(&self) -> usize {
        self.mean.len()
    }

    fn log_density(&self, x: &[f64], level: NoiseLevel) -> f64 {
        let along = self.along(x, level.signal_rate());
        let term = |(data, x): (GaussianDenoiser, f64)| {
            let variance = data.marginal_variance(level);
            -0.5 * (LOG_TAU + libm::log(variance) + x * x / variance)
        };
        self.along_axes().zip(along).map(term).sum()
    }

    fn score(&self, x: &[f64], level: NoiseLevel) -> Vec<f64> {
        self.by_axis(x, level, |data, x| -x / data.marginal_variance(level)).to_vec()
    }

    fn x0(&self, x: &[f64], level: NoiseLevel) -> Vec<f64> {
        (&self.mean + &self.by_axis(x, level, |data, x| data.x0(x, level))).to_vec()
    }

    fn x0_covariance(&self, x: &[f64], level: NoiseLevel) -> Array2<f64> {
        assert_eq!(x.len(), self.mean.len(), "the point must have the dimensions of the data");
        self.with_variances(|variance| GaussianDenoiser { mean: 0.0, variance }.x0_variance(level))
    }

    fn sample(&self, numbers: &mut Stream) -> Vec<f64> {
        let along = self.variances.mapv(|variance| variance.sqrt() * numbers.normal());
        (&self.mean + &self.back(along)).to_vec()
    }

    fn sample_x0(&self, x: &[f64], level: NoiseLevel, numbers: &mut Stream) -> Vec<f64> {
        let drawn = self.by_axis(x, level, |data, x| {
            data.x0(x, level) + data.x0_variance(level).sqrt() * numbers.normal()
        });
        (&self.mean + &drawn).to_vec()
    }
}
