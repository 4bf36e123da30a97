//! Samplers of Gaussian data are linear: their variances, exactly, by pushing unit coefficients through them.

use crate::Batch;
use tweedie_math::DiscreteVp;
use tweedie_math::random::Purpose;
use tweedie_samplers::{Draw, Error, NoiseSource, Path, State};

/// Sample i of the batch, or element i of a single sample, gets a 1 at step i and 0 elsewhere.
pub struct Impulses;

impl<X: State> NoiseSource<X> for Impulses {
    fn normal(&self, like: &X, draw: Draw) -> Result<X, Error> {
        assert_eq!((draw.purpose, draw.draw), (Purpose::STEP, 0));
        if like.n_samples() == 1 {
            return like.like(&mut |_, values| values[draw.visit as usize] = 1.0);
        }
        like.like(&mut |i, values| values.fill(if i as u64 == draw.visit { 1.0 } else { 0.0 }))
    }
}

/// The variance of what a sampler makes of a start with the given variance: with data of mean 0 its result is
/// A·x + Σ Bᵢ·zᵢ, of which element i shows Bᵢ and the last one A.
pub fn result_variance(path: &Path, start: f64, sample: impl FnOnce(Batch) -> Result<Batch, Error>) -> f64 {
    let n_steps = path.n_steps();
    let mut x = Batch::zeros((1, n_steps + 1));
    x[[0, n_steps]] = start.sqrt();
    sample(x).unwrap().iter().map(|coefficient| coefficient * coefficient).sum()
}

/// One step of a variance recursion, in the symbols of the papers: V ← gain²·V + added.
pub struct Textbook {
    /// 1 − ᾱ_t/ᾱ_s.
    pub beta: f64,
    /// β̃.
    pub beta_tilde: f64,
    /// The factors of x_0 and x_t in the posterior's mean.
    pub c1: f64,
    pub c2: f64,
    /// The slopes of E[x_0 | x_t] and E[ε | x_t] for data N(0, c).
    pub x0: f64,
    pub eps: f64,
    pub alpha_bar_to: f64,
}

/// The steps through times and then to 0, for data N(0, c), from ᾱ alone (Ho et al. 2020, eq. 6–7).
pub fn textbook(process: &DiscreteVp, times: &[usize], c: f64) -> Vec<Textbook> {
    let alpha_bars: Vec<f64> = times.iter().chain([&0]).map(|&t| process.alpha_bar(t)).collect();
    let step = |pair: &[f64]| {
        let (from, to) = (pair[0], pair[1]);
        let beta = 1.0 - from / to;
        Textbook {
            beta,
            beta_tilde: (1.0 - to) / (1.0 - from) * beta,
            c1: to.sqrt() * beta / (1.0 - from),
            c2: (from / to).sqrt() * (1.0 - to) / (1.0 - from),
            x0: from.sqrt() * c / (from * c + 1.0 - from),
            eps: (1.0 - from).sqrt() / (from * c + 1.0 - from),
            alpha_bar_to: to,
        }
    };
    alpha_bars.windows(2).map(step).collect()
}
