//! Exact denoisers of known data, as [`Denoiser`]s of (N, D) arrays. Samplers and likelihoods are tested against them.

use crate::{Denoiser, Differentiable, Energy, EnergyAndScore, Error, Estimate, Levels};
use ndarray::{Array1, Array2, ArrayView1};
use tweedie_math::{NoiseLevel, Oracle};

/// An oracle's E[x_0 | x_t] and E[ε | x_t], row by row.
#[derive(Debug)]
pub struct Exact<'a, O: ?Sized>(pub &'a O);

// The derived impls would require `O: Clone`, although only the reference is copied.
impl<O: ?Sized> Clone for Exact<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O: ?Sized> Copy for Exact<'_, O> {}

impl<O: Oracle + ?Sized> Denoiser<Array2<f64>> for Exact<'_, O> {
    fn denoise(&self, x: &Array2<f64>, at: Levels<'_>) -> Result<Estimate<Array2<f64>>, Error> {
        at.check(x.nrows())?;
        let (mut x0, mut eps) = (x.clone(), x.clone());
        for (i, row) in x.rows().into_iter().enumerate() {
            let level = at.get(i);
            let point = row.to_vec();
            x0.row_mut(i).assign(&Array1::from(self.0.x0(&point, level)));
            eps.row_mut(i).assign(&Array1::from(self.0.eps(&point, level)));
        }
        Ok(Estimate { x0, eps, spread: None })
    }

    /// The exact estimate at the level of x. There is no network, so that `network` has no effect.
    fn denoise_conditioned(
        &self,
        x: &Array2<f64>,
        at: Levels<'_>,
        _network: Levels<'_>,
    ) -> Result<Estimate<Array2<f64>>, Error> {
        self.denoise(x, at)
    }
}

impl<O: Oracle + ?Sized> Differentiable<Array2<f64>> for Exact<'_, O> {
    /// By Tweedie's formula of second order: ∂x̂_0/∂x = s/n²·Cov(x_0 | x_t), which is symmetric, and ∂ε̂/∂x = (I − s·∂x̂_0/∂x)/n.
    fn denoise_vjp(
        &self,
        x: &Array2<f64>,
        at: Levels<'_>,
        cotangents: &[(Array2<f64>, Array2<f64>)],
    ) -> Result<(Estimate<Array2<f64>>, Vec<Array2<f64>>), Error> {
        at.check(x.nrows())?;
        let mut products: Vec<Array2<f64>> = cotangents.iter().map(|_| x.clone()).collect();
        for (i, row) in x.rows().into_iter().enumerate() {
            let level = at.get(i);
            let (s, n) = (level.signal_rate(), level.noise_rate());
            let covariance = self.0.x0_covariance(&row.to_vec(), level);
            for (product, (of_x0, of_eps)) in products.iter_mut().zip(cotangents) {
                let (a, b): (ArrayView1<f64>, ArrayView1<f64>) = (of_x0.row(i), of_eps.row(i));
                let value = if n == 0.0 {
                    // Without noise, x̂_0 is x/s and ε̂ is 0.
                    &a / s
                } else {
                    let x0_of = |w: &ArrayView1<f64>| covariance.dot(w) * (s / (n * n));
                    x0_of(&a) + (&b - &(x0_of(&b) * s)) / n
                };
                product.row_mut(i).assign(&value);
            }
        }
        Ok((self.denoise(x, at)?, products))
    }
}

/// An oracle's density at one level as an energy, E = −ln q(x_t), including the normalisation.
#[derive(Debug)]
pub struct ExactAt<'a, O: ?Sized> {
    /// The oracle.
    pub oracle: &'a O,
    /// The level of x.
    pub level: NoiseLevel,
}

impl<O: ?Sized> Clone for ExactAt<'_, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<O: ?Sized> Copy for ExactAt<'_, O> {}

impl<O: Oracle + ?Sized> Energy<Array2<f64>> for ExactAt<'_, O> {
    fn energy_and_score(&self, x: &Array2<f64>) -> Result<EnergyAndScore<Array2<f64>>, Error> {
        let rows = || x.rows().into_iter().map(|row| row.to_vec());
        let energy = rows().map(|point| -self.oracle.log_density(&point, self.level)).collect();
        let mut score = x.clone();
        for (mut row, point) in score.rows_mut().into_iter().zip(rows()) {
            row.assign(&Array1::from(self.oracle.score(&point, self.level)));
        }
        Ok(EnergyAndScore { energy, score })
    }
}
