//! Guidance away from a worse denoiser: classifier-free guidance and autoguidance.

use crate::clip::rederived;
use crate::{Coefficient, Denoiser, Error, Estimate, State};
use tweedie_math::NoiseLevel;

/// worse + w·(better − worse), of x̂_0 and of ε̂ alike: w = 0 is the worse one, 1 the better, more lies beyond.
///
/// Classifier-free guidance (Ho & Salimans 2022) is `better` with its condition and `worse` without; w is `diffusers`'
/// `guidance_scale`, the paper's w plus 1. Autoguidance (Karras et al. 2024) is `worse` a smaller network or an earlier checkpoint,
/// with the same condition; w is the paper's.
#[derive(Debug, Clone, Copy)]
pub struct Extrapolated<B, W> {
    /// What is led towards.
    pub better: B,
    /// What is led away from.
    pub worse: W,
    /// w.
    pub weight: f64,
    /// φ in [0, 1]: how much of x̂_0's standard deviation, sample by sample, is set back to the better one's (Lin et al. 2024,
    /// sec. 3.4); ε̂ is derived again. 0 leaves it; the paper's choice is .7.
    pub rescale: f64,
    /// Only within these σ = noise/signal is there guidance, outside the better one alone (Kynkäänniemi et al. 2024); none is
    /// everywhere.
    pub interval: Option<(f64, f64)>,
}

impl<B, W> Extrapolated<B, W> {
    /// Everywhere, without rescaling.
    pub fn new(better: B, worse: W, weight: f64) -> Self {
        Self { better, worse, weight, rescale: 0.0, interval: None }
    }

    /// Whether a level is guided at all.
    fn guides(&self, level: NoiseLevel) -> bool {
        self.weight != 1.0 && self.interval.is_none_or(|(low, high)| (low..=high).contains(&level.sigma()))
    }
}

impl<X: State, B: Denoiser<X>, W: Denoiser<X>> Denoiser<X> for Extrapolated<B, W> {
    fn denoise_told(&self, x: &X, at: &[NoiseLevel], told: &[NoiseLevel]) -> Result<Estimate<X>, Error> {
        use Coefficient::PerSample;
        let better = self.better.denoise_told(x, at, told)?;
        if !at.iter().any(|&level| self.guides(level)) {
            return Ok(better);
        }
        let worse = self.worse.denoise_told(x, at, told)?;
        let is_guided: Vec<bool> = (0..x.n_samples()).map(|i| self.guides(at[i.min(at.len() - 1)])).collect();
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
            // Whether a neighbour is guided changes nothing of a sample that is not.
            eps = rederived(x, &x0, &eps, at)?.select_per_sample(&eps, &is_guided)?;
        }
        Ok(Estimate { x0, eps, spread: better.spread })
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
