//! The Fréchet distance of two Gaussians fitted to features (Heusel et al. 2017), in f64.

use crate::Error;
use tch::{Kind, Tensor};

/// Mean and covariance of features.
#[derive(Debug)]
pub struct Moments {
    /// The mean, (D), f64.
    pub mean: Tensor,
    /// The covariance, (D, D), f64.
    pub covariance: Tensor,
    /// The number of feature vectors.
    pub n: i64,
}

impl Moments {
    /// Computes the moments of features (N, D). The covariance is divided by N − 1, as in NumPy.
    ///
    /// # Errors
    /// [`Error::TooFew`] for fewer than two feature vectors.
    pub fn of(features: &Tensor) -> Result<Self, Error> {
        let n = features.size()[0];
        if n < 2 {
            return Err(Error::TooFew { what: "features for a Gaussian", found: n, needed: 2 });
        }
        let x = features.f_to_kind(Kind::Double)?;
        let mean = x.f_mean_dim(&[0i64][..], false, Kind::Double)?;
        let centred = x.f_sub(&mean)?;
        let covariance = centred.f_transpose(0, 1)?.f_matmul(&centred)?.f_div_scalar((n - 1) as f64)?;
        Ok(Self { mean, covariance, n })
    }
}

/// The Fréchet distance ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2·(Σ₁Σ₂)^½).
///
/// The trace of the root is computed as the sum of the singular values of Σ₁^½·Σ₂^½. This avoids complex roots, and it stays accurate
/// if there are fewer images than features.
///
/// # Errors
/// Errors returned by LibTorch.
pub fn frechet_distance(a: &Moments, b: &Moments) -> Result<f64, Error> {
    let _no_gradient = tch::no_grad_guard();
    let product = root_of(&a.covariance)?.f_matmul(&root_of(&b.covariance)?)?;
    let (_, singular, _) = product.f_svd(true, false)?;
    let cross = singular.f_sum(Kind::Double)?;
    let shift = a.mean.f_sub(&b.mean)?.f_square()?.f_sum(Kind::Double)?;
    let traces = a.covariance.f_trace()?.f_add(&b.covariance.f_trace()?)?;
    Ok(f64::try_from(shift.f_add(&traces)?.f_sub(&cross.f_mul_scalar(2.0)?)?)?)
}

/// The symmetric root of a covariance. Eigenvalues below the rounding error are set to 0.
fn root_of(covariance: &Tensor) -> Result<Tensor, Error> {
    let (values, vectors) = covariance.f_linalg_eigh("L")?;
    let greatest = f64::try_from(values.f_abs()?.f_max()?)?;
    let noise = greatest * f64::EPSILON * covariance.size()[0] as f64;
    let kept = values.f_where_self(&values.f_gt(noise)?, &values.f_zeros_like()?)?;
    let scaled = vectors.f_mul(&kept.f_sqrt()?)?;
    Ok(scaled.f_matmul(&vectors.f_transpose(0, 1)?)?)
}
