//! The probability-flow ODE with steps of each sample's own (Song et al. 2021, sec. 4.3).
//!
//! A process of any rates is taken to its variance-preserving coordinates, x = cos φ·x_0 + sin φ·ε. There the flow is
//! dx/dφ = v̂ = cos φ·ε̂ − sin φ·x̂_0, which has no singular level: neither clean data (φ = 0) nor pure noise (φ = π/2). Along it
//! d ln q/dφ = −div v̂. Likelihoods follow it up, with the divergence; a sampler follows it down, without.

mod dormand_prince;
mod solve;

pub(crate) use solve::{Slope, Solver, Way};

use crate::{Error, Estimate, State};
use tweedie_math::NoiseLevel;

/// φ of a level: tan φ = noise/signal.
pub(crate) fn angle(level: NoiseLevel) -> f64 {
    level.noise_rate().atan2(level.signal_rate())
}

/// The factor of x to variance-preserving coordinates.
pub(crate) fn rescaling(level: NoiseLevel) -> f64 {
    1.0 / level.signal_rate().hypot(level.noise_rate())
}

/// The variance-preserving level of an angle; exactly pure noise at π/2.
pub(crate) fn level(phi: f64) -> Result<NoiseLevel, Error> {
    if phi >= std::f64::consts::FRAC_PI_2 {
        return Ok(NoiseLevel::new(0.0, 1.0)?);
    }
    Ok(NoiseLevel::new(phi.cos(), phi.sin())?)
}

/// v̂ = cos φ·ε̂ − sin φ·x̂_0 at each sample's own level.
pub(crate) fn velocity<X: State>(estimate: &Estimate<X>, levels: &[NoiseLevel]) -> Result<X, Error> {
    use crate::state::coefficient;
    let signal: Vec<f64> = levels.iter().map(NoiseLevel::signal_rate).collect();
    let minus_noise: Vec<f64> = levels.iter().map(|level| -level.noise_rate()).collect();
    X::combine(&[(coefficient(&signal), &estimate.eps), (coefficient(&minus_noise), &estimate.x0)])
}
