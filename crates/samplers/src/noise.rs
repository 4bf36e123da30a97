//! Where a sampler's noise comes from.

use crate::{Coefficient, Error, Path, State};
use tweedie_math::Process;
use tweedie_math::random::{Key, Purpose, Stream};

/// Names one draw of noise: what for, at which visit of the path, which one there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// What for.
    pub purpose: Purpose,
    /// Which step of the path.
    pub visit: u64,
    /// Which draw of that step.
    pub draw: u64,
}

/// A source of standard normal noise, and of uniform numbers.
pub trait NoiseSource<X: State> {
    /// Noise of x's shape, kind and device.
    ///
    /// # Errors
    /// What the source has to report.
    fn normal(&self, like: &X, draw: Draw) -> Result<X, Error>;

    /// One number uniform in [0, 1) per sample: what a proposed step is accepted by.
    ///
    /// # Errors
    /// [`Error::Uniform`] from a source that has none.
    fn uniform_per_sample(&self, _like: &X, _draw: Draw) -> Result<Vec<f64>, Error> {
        Err(Error::Uniform)
    }
}

/// Counter-based noise: an image's noise depends on (seed, image number, draw) and on nothing else, whatever batch it
/// rides in and whatever device it is on.
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

/// The state that sampling starts from: the process' noise at the path's first level, in the shape of `like`.
///
/// # Errors
/// What the noise source reports.
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
