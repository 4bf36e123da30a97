//! Guidance by extrapolation from a worse denoiser: classifier-free guidance and autoguidance.

use crate::clip::rederived;
use crate::{Coefficient, Denoiser, Error, Estimate, Levels, State};
use tweedie_math::NoiseLevel;

/// The estimate worse + w·(better − worse), for both x̂_0 and ε̂. w = 0 gives the worse estimate, w = 1 the better one, and a larger w
/// extrapolates.
///
/// In classifier-free guidance (Ho & Salimans 2022), `better` is conditional and `worse` is unconditional. w is the `guidance_scale` of
/// `diffusers`, which is the paper's w plus 1. In autoguidance (Karras et al. 2024), `worse` is a smaller network or an earlier
/// checkpoint with the same condition, and w is that of the paper.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extrapolation {
    /// The guidance scale w.
    pub weight: f64,
    /// φ in [0, 1]: the share by which the standard deviation of each sample's x̂_0 is set back to that of the better estimate (Lin et
    /// al. 2024, sec. 3.4), after which ε̂ is recomputed. 0 means no rescaling; the paper uses .7.
    pub rescale: f64,
    /// The interval of σ = noise/signal where guidance applies (Kynkäänniemi et al. 2024). Outside it the better estimate is used.
    /// `None` means every level.
    pub interval: Option<(f64, f64)>,
}

impl Extrapolation {
    /// Guidance at every level, without rescaling.
    pub const fn new(weight: f64) -> Self {
        Self { weight, rescale: 0.0, interval: None }
    }

    /// Whether guidance applies at a level.
    pub fn guides(&self, level: NoiseLevel) -> bool {
        self.weight != 1.0 && self.interval.is_none_or(|(low, high)| (low..=high).contains(&level.sigma()))
    }

    /// Whether guidance applies to at least one sample. If it does not, the worse estimate is not needed.
    pub fn guides_any(&self, at: Levels<'_>) -> bool {
        at.any(|level| self.guides(level))
    }

    /// The extrapolated estimate of x with the spread of the better one. A sample without guidance keeps the better estimate.
    ///
    /// # Errors
    /// [`Error::Mismatch`] for a wrong number of levels.
    pub fn apply<X: State>(
        &self,
        x: &X,
        at: Levels<'_>,
        better: Estimate<X>,
        worse: Estimate<X>,
    ) -> Result<Estimate<X>, Error> {
        use Coefficient::PerSample;
        at.check(x.n_samples())?;
        let is_guided: Vec<bool> = (0..x.n_samples()).map(|i| self.guides(at.get(i))).collect();
        let towards: Vec<f64> = is_guided.iter().map(|&is| if is { self.weight } else { 1.0 }).collect();
        let away: Vec<f64> = towards.iter().map(|w| 1.0 - w).collect();
        let mix = |b: &X, w: &X| X::combine(&[(PerSample(&towards), b), (PerSample(&away), w)]);
        let mut x0 = mix(&better.x0, &worse.x0)?;
        let mut eps = mix(&better.eps, &worse.eps)?;
        if self.rescale > 0.0 {
            let (of_better, of_mix) = (deviations(&better.x0)?, deviations(&x0)?);
            let factor = |i: usize| {
                let (better, mix) = (of_better[i], of_mix[i]);
                if is_guided[i] && mix > 0.0 { self.rescale * better / mix + 1.0 - self.rescale } else { 1.0 }
            };
            let factors: Vec<f64> = (0..x.n_samples()).map(factor).collect();
            x0 = X::combine(&[(PerSample(&factors), &x0)])?;
            // A sample without guidance does not depend on the guidance of the other samples.
            eps = rederived(x, &x0, &eps, at)?.select_per_sample(&eps, &is_guided)?;
        }
        Ok(Estimate { x0, eps, spread: better.spread })
    }
}

/// A denoiser that applies [`Extrapolation`] to two others. The worse one is evaluated only if guidance applies to at least one sample.
#[derive(Debug, Clone, Copy)]
pub struct Extrapolated<B, W> {
    /// The denoiser towards which guidance extrapolates.
    pub better: B,
    /// The denoiser from which guidance extrapolates.
    pub worse: W,
    /// The extrapolation.
    pub how: Extrapolation,
}

impl<B, W> Extrapolated<B, W> {
    /// Guidance at every level, without rescaling.
    pub fn new(better: B, worse: W, weight: f64) -> Self {
        Self { better, worse, how: Extrapolation::new(weight) }
    }
}

impl<X: State, B: Denoiser<X>, W: Denoiser<X>> Denoiser<X> for Extrapolated<B, W> {
    fn denoise(&self, x: &X, at: Levels<'_>) -> Result<Estimate<X>, Error> {
        let better = self.better.denoise(x, at)?;
        if !self.how.guides_any(at) {
            return Ok(better);
        }
        self.how.apply(x, at, better, self.worse.denoise(x, at)?)
    }

    fn denoise_conditioned(&self, x: &X, at: Levels<'_>, network: Levels<'_>) -> Result<Estimate<X>, Error> {
        let better = self.better.denoise_conditioned(x, at, network)?;
        if !self.how.guides_any(at) {
            return Ok(better);
        }
        self.how.apply(x, at, better, self.worse.denoise_conditioned(x, at, network)?)
    }
}

/// The standard deviation of each sample's elements.
fn deviations<X: State>(x: &X) -> Result<Vec<f64>, Error> {
    let one = x.like(&mut |_, values| values.fill(1.0))?;
    let each = x.n_elements() as f64 / x.n_samples().max(1) as f64;
    let (sums, squares) = (x.dot_per_sample(&one)?, x.dot_per_sample(x)?);
    let deviation = |(sum, square): (f64, f64)| (square / each - (sum / each).powi(2)).max(0.0).sqrt();
    Ok(sums.into_iter().zip(squares).map(deviation).collect())
}
