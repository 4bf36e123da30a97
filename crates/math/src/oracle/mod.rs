//! Data with exact densities, scores and denoisers: Gaussians with any covariance, and mixtures of them.
//!
//! They are references for tests. With [`Oracle::x0`] in place of a network, the exact result of a sampler, a bound or a
//! likelihood is known.
//!
//! ```
//! use tweedie_math::{DiscreteProcess, DiscreteVp, GaussianData, Oracle};
//!
//! let data = GaussianData::isotropic(vec![0.5, -0.5], 0.25)?;
//! let level = DiscreteVp::linear(1000, 1e-4, 0.02)?.level(300);
//! let x0 = data.x0(&[0.1, 0.2], level);
//! // Tweedie's formula relates the denoiser to the score.
//! let score = data.score(&[0.1, 0.2], level);
//! let n = level.noise_rate();
//! assert!((x0[0] - (0.1 + n * n * score[0]) / level.signal_rate()).abs() < 1e-12);
//! # Ok::<(), tweedie_math::Error>(())
//! ```

mod expected;
mod gaussian;
mod mixture;

pub use expected::OracleVariance;
pub use gaussian::GaussianData;
pub use mixture::Mixture;

use crate::NoiseLevel;
use crate::random::Stream;
use ndarray::Array2;

/// A data distribution that is known exactly at every level. Points are slices of [`Self::dimensions`] numbers.
///
/// # Panics
/// Every method that takes a point panics if the point has another length.
pub trait Oracle {
    /// The number of dimensions.
    fn dimensions(&self) -> usize;

    /// ln q(x_t) in nats. At [`NoiseLevel::CLEAN`] it is the exact log-likelihood of data.
    fn log_density(&self, x: &[f64], level: NoiseLevel) -> f64;

    /// The score ∇ ln q(x_t).
    fn score(&self, x: &[f64], level: NoiseLevel) -> Vec<f64>;

    /// E[x_0 | x_t], the denoiser with the least mean squared error.
    fn x0(&self, x: &[f64], level: NoiseLevel) -> Vec<f64>;

    /// Cov(x_0 | x_t).
    fn x0_covariance(&self, x: &[f64], level: NoiseLevel) -> Array2<f64>;

    /// A sample of the data.
    fn sample(&self, numbers: &mut Stream) -> Vec<f64>;

    /// A sample of q(x_0 | x_t).
    fn sample_x0(&self, x: &[f64], level: NoiseLevel, numbers: &mut Stream) -> Vec<f64>;

    /// E[ε | x_t] = −n·score.
    fn eps(&self, x: &[f64], level: NoiseLevel) -> Vec<f64> {
        self.score(x, level).into_iter().map(|score| -level.noise_rate() * score).collect()
    }

    /// x_t = s·x_0 + n·ε for a point x_0, with fresh noise.
    fn noised(&self, x0: &[f64], level: NoiseLevel, numbers: &mut Stream) -> Vec<f64> {
        x0.iter().map(|x0| level.signal_rate() * x0 + level.noise_rate() * numbers.normal()).collect()
    }
}
