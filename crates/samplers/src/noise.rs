//! Sources of a sampler's noise.

use crate::{Coefficient, Error, Levels, Path, State};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{NoiseLevel, Process};

/// The identity of one draw of noise: its purpose, the step of the path, and its number within the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// The purpose.
    pub purpose: Purpose,
    /// The index of the step of the path.
    pub visit: u64,
    /// The number of the draw in that step, from 0.
    pub draw: u64,
}

/// A source of standard normal noise and of uniform numbers.
pub trait NoiseSource<X: State> {
    /// Standard normal noise with the shape, kind and device of `like`.
    ///
    /// # Errors
    /// The source's own errors.
    fn normal(&self, like: &X, draw: Draw) -> Result<X, Error>;

    /// One number per sample, uniform in [0, 1), to accept or reject a proposed step.
    ///
    /// # Errors
    /// [`Error::Uniform`] from a source without uniform numbers, which is the default.
    fn uniform_per_sample(&self, _like: &X, _draw: Draw) -> Result<Vec<f64>, Error> {
        Err(Error::Uniform)
    }
}

/// Counter-based noise: an image's noise depends on (seed, image number, draw) and on nothing else. It does not depend on the batch or
/// on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamNoise {
    seed: u64,
    first_image: u64,
}

impl StreamNoise {
    /// Noise for a batch whose first image has the given number.
    pub fn new(seed: u64, first_image: u64) -> Self {
        Self { seed, first_image }
    }

    /// The key of the batch's sample i.
    fn key(&self, i: usize, draw: Draw) -> Key {
        let image = self.first_image.wrapping_add(i as u64);
        Key { seed: self.seed, image, purpose: draw.purpose, visit: draw.visit, draw: draw.draw }
    }
}

impl<X: State> NoiseSource<X> for StreamNoise {
    fn normal(&self, like: &X, draw: Draw) -> Result<X, Error> {
        like.like(&mut |i, values| Stream::new(self.key(i, draw)).fill_normal(values))
    }

    fn uniform_per_sample(&self, like: &X, draw: Draw) -> Result<Vec<f64>, Error> {
        Ok((0..like.n_samples()).map(|i| Stream::new(self.key(i, draw)).uniform()).collect())
    }
}

/// A noise source for deterministic samplers: drawing from it is an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoNoise;

impl<X: State> NoiseSource<X> for NoNoise {
    fn normal(&self, _: &X, draw: Draw) -> Result<X, Error> {
        Err(Error::other(format!("NoNoise is for deterministic samplers and cannot draw {draw:?}")))
    }
}

/// The noised data x_t = signal·x_0 + noise·ε at the levels `at`, with x_0 and ε of one shape.
///
/// # Errors
/// [`Error::Mismatch`] for a wrong number of levels, or states of different shapes.
pub fn noised<X: State>(x0: &X, eps: &X, at: Levels<'_>) -> Result<X, Error> {
    let rates = |of: fn(&NoiseLevel) -> f64| at.map(x0.n_samples(), |level| Ok::<_, Error>(of(&level)));
    let (signal, noise) = (rates(NoiseLevel::signal_rate)?, rates(NoiseLevel::noise_rate)?);
    X::combine(&[(at.coefficient(&signal), x0), (at.coefficient(&noise), eps)])
}

/// The initial state of sampling: the process' noise at the path's first level, in the shape of `like`.
///
/// # Errors
/// Errors returned by the noise source.
pub fn start<X: State>(
    like: &X,
    process: &dyn Process,
    path: &Path,
    noise: &dyn NoiseSource<X>,
) -> Result<X, Error> {
    let eps = noise.normal(like, Draw { purpose: Purpose::START, visit: 0, draw: 0 })?;
    match process.start_std(path.first()) {
        1.0 => Ok(eps),
        std => X::combine(&[(Coefficient::Same(std), &eps)]),
    }
}
