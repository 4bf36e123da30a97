//! Learned reverse variances: the predictions of a denoiser, and the exact variance.

use crate::linear::{Impulses, result_variance};
use crate::{all_within, level, linear, within};
use ndarray::{Array2, array};
use proptest::prelude::*;
use tweedie_math::{GaussianDenoiser, Spacing, Transition};
use tweedie_samplers::{
    Denoiser, Error, Estimate, Levels, Path, ReverseVariance, Spread, State, ddpm, ddpm_step,
};

use ReverseVariance::{FixedLarge, FixedSmall, Learned};

/// A Gaussian's denoiser that also knows the variance of each reverse step of a path: what is left of x_s
/// given x_t, β̃ + c₁²·Var(x_0 | x_t).
struct Optimal {
    data: GaussianDenoiser,
    path: Path,
}

impl<X: State> Denoiser<X> for Optimal {
    fn denoise(&self, x: &X, at: Levels<'_>) -> Result<Estimate<X>, Error> {
        let (levels, at) = (self.path.levels(), at.get(0));
        let here = levels.iter().position(|level| *level == at).unwrap();
        let posterior = Transition::between(levels[here + 1], at)?.posterior();
        let known = posterior.x0_coefficient * posterior.x0_coefficient * self.data.x0_variance(at);
        let log_variance = x.like(&mut |_, values| values.fill((posterior.variance + known).ln()))?;
        let Estimate { x0, eps, .. } = self.data.denoise(x, at.into())?;
        Ok(Estimate { x0, eps, spread: Some(Spread::LogVariance(log_variance)) })
    }
}

proptest! {
    /// With the optimal variance DDPM's marginals are those of the data at every level, for any number of
    /// steps.
    #[test]
    fn the_optimal_variance_is_exact(n in 2usize..60, c in 0.01..4.0) {
        let process = linear();
        let times = Spacing::Linspace.times(1000, n, 0).unwrap();
        // Down to the first trained level: a step to clean data adds no noise.
        let path = Path::new(times.iter().map(|&time| process.level(time)).collect()).unwrap();
        let data = GaussianDenoiser { mean: 0.0, variance: c };
        let denoiser = Optimal { data, path: path.clone() };
        let start = data.marginal_variance(path.first());
        let found = result_variance(&path, start, |x| ddpm(&denoiser, x, &path, Learned, &Impulses, &mut ()));
        let expected = data.marginal_variance(process.level(1));
        // exp(½·ln σ²) has some roundings of the logarithm, below 15.
        within(found, expected, 1e-13 * expected);
    }

    /// A range of −1 is the posterior's variance, 1 the forward step's, and 0 their geometric mean (Nichol &
    /// Dhariwal 2021, eq. 15); each element has its own.
    #[test]
    fn a_range_lies_between_the_fixed_variances(log_snr in -8.0..8.0, gap in 0.01..8.0, z in -3.0..3.0) {
        let (from, to) = (level(log_snr), level(log_snr + gap));
        let batch = |value: f64| Array2::from_elem((1, 3), value);
        let (x, z) = (batch(0.3), batch(z));
        let mut estimate = Estimate { x0: batch(0.5), eps: batch(-0.2), spread: None };
        let step = |estimate: &Estimate<_>, variance| {
            ddpm_step(&x, estimate, from, to, variance, Some(&z)).unwrap()
        };
        let (small, large) = (step(&estimate, FixedSmall), step(&estimate, FixedLarge));
        let mean = ddpm_step(&x, &estimate, from, to, FixedSmall, None).unwrap();
        estimate.spread = Some(Spread::Range(array![[-1.0, 1.0, 0.0]]));
        let found = step(&estimate, Learned) - &mean;
        let (small, large) = (small - &mean, large - &mean);
        let middle = z[[0, 0]].signum() * (small[[0, 2]] * large[[0, 2]]).sqrt();
        let expected = array![[small[[0, 0]], large[[0, 1]], middle]];
        all_within(&found, &expected, 1e-13);
    }
}

/// Fixed variances do not look at what was learned, and the mean needs no variance.
#[test]
fn what_was_learned_is_used_only_when_asked() {
    let (from, to) = (level(-1.0), level(1.0));
    let (x, z) = (array![[0.3]], array![[1.0]]);
    let plain = Estimate { x0: array![[0.5]], eps: array![[-0.2]], spread: None };
    let spread = Some(Spread::LogVariance(array![[4.0_f64.ln()]]));
    let learned = Estimate { x0: array![[0.5]], eps: array![[-0.2]], spread };
    let step = |estimate, variance, z| ddpm_step(&x, estimate, from, to, variance, z).unwrap();
    for fixed in [FixedSmall, FixedLarge] {
        assert_eq!(step(&learned, fixed, Some(&z)), step(&plain, fixed, Some(&z)));
    }
    let mean = step(&plain, Learned, None);
    all_within(&(step(&learned, Learned, Some(&z)) - mean), &array![[2.0]], 1e-15);
}
