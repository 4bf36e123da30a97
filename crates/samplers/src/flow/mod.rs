//! The probability-flow ODE with separate step sizes for each sample (Song et al. 2021, sec. 4.3).
//!
//! A process with any rates is rescaled to variance-preserving coordinates, x = cos φ·x_0 + sin φ·ε. In these the flow is
//! dx/dφ = v̂ = cos φ·ε̂ − sin φ·x̂_0, which is regular at clean data (φ = 0) and at pure noise (φ = π/2). Along the flow,
//! d ln q/dφ = −div v̂. Likelihoods integrate the flow and its divergence to noise; samplers integrate the flow alone to data.

mod dormand_prince;
mod solve;

pub(crate) use solve::{Slope, Solver, Way};

use crate::{Error, Estimate, State};
use tweedie_math::NoiseLevel;

/// The angle φ of a level, with tan φ = noise/signal.
pub(crate) fn angle(level: NoiseLevel) -> f64 {
    level.noise_rate().atan2(level.signal_rate())
}

/// The factor that takes x to variance-preserving coordinates.
pub(crate) fn rescaling(level: NoiseLevel) -> f64 {
    1.0 / level.signal_rate().hypot(level.noise_rate())
}

/// The variance-preserving level of an angle. It is exactly pure noise at π/2.
pub(crate) fn level(phi: f64) -> Result<NoiseLevel, Error> {
    if phi >= std::f64::consts::FRAC_PI_2 {
        return Ok(NoiseLevel::new(0.0, 1.0)?);
    }
    Ok(NoiseLevel::new(phi.cos(), phi.sin())?)
}

/// v̂ = cos φ·ε̂ − sin φ·x̂_0 at the level of each sample.
pub(crate) fn velocity<X: State>(estimate: &Estimate<X>, levels: &[NoiseLevel]) -> Result<X, Error> {
    use crate::state::coefficient;
    let signal: Vec<f64> = levels.iter().map(NoiseLevel::signal_rate).collect();
    let minus_noise: Vec<f64> = levels.iter().map(|level| -level.noise_rate()).collect();
    X::combine(&[(coefficient(&signal), &estimate.eps), (coefficient(&minus_noise), &estimate.x0)])
}
