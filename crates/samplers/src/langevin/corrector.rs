//! Predictor–corrector sampling (Song et al. 2021, Algorithms 1 to 5).

use super::target::score_at;
use crate::state::coefficient;
use crate::walk::{step_noise, walk};
use crate::{
    Coefficient, Denoiser, Draw, Error, Hook, NoiseSource, Path, ReverseVariance, State, Step, ddpm_step,
};
use serde::{Deserialize, Serialize};
use tweedie_math::Transition;
use tweedie_math::number::{POSITIVE, is_positive};
use tweedie_math::random::Purpose;

/// The norms that determine the corrector's step size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Norms {
    /// The norms of each sample. A sample does not depend on the others of the batch.
    #[default]
    PerSample,
    /// The mean norms of the batch, as published. A sample depends on the others of the batch.
    BatchMean,
}

/// The options of the corrector: Langevin steps at each level.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Corrector {
    /// The signal-to-noise ratio r of a step; .16 in the paper for CIFAR-10.
    pub snr: f64,
    /// The number of steps at each level; 0 leaves the predictor alone.
    pub steps: usize,
    /// The norms that determine the step size.
    pub norms: Norms,
}

impl Default for Corrector {
    fn default() -> Self {
        Self { snr: 0.16, steps: 1, norms: Norms::PerSample }
    }
}

impl Corrector {
    /// Checks the ranges of the options.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a ratio that is not positive and finite in single precision, or more than 10,000 steps.
    pub fn check(&self) -> Result<(), Error> {
        Error::unless(is_positive(self.snr), "the corrector's snr", self.snr, POSITIVE)?;
        Error::unless_steps("the number of corrector steps", self.steps, 0)
    }
}

/// The step to the next level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predictor {
    /// The ancestral step.
    Ancestral(ReverseVariance),
    /// No predictor. x/signal is unchanged between levels, and only the corrector moves it.
    None,
}

/// Samples along a path by the corrector at each level, followed by the predictor to the next level, as in the published code. The step
/// to clean data adds no noise. The denoiser is evaluated `steps` + 1 times at each level. Without a predictor it is evaluated `steps`
/// times, and once more for the step to clean data.
///
/// # Errors
/// Errors returned by [`Corrector::check`]; errors returned by the denoiser, the noise source or the hook.
pub fn predictor_corrector<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    predictor: Predictor,
    corrector: Corrector,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    corrector.check()?;
    walk(x, path, noise, hook, |x, step, (): &mut ()| {
        let mut estimate = denoiser.denoise(x, step.from.into())?;
        let mut at = x.share();
        for k in 0..corrector.steps {
            let draw = Draw { purpose: Purpose::CORRECT, visit: step.index as u64, draw: k as u64 };
            let score = score_at(&estimate.eps, step.from.into())?;
            at = corrector_step(&at, &score, step, corrector, &noise.normal(&at, draw)?)?;
            // The evaluation after the last step is needed only by the predictor or the step to clean data.
            if k + 1 < corrector.steps || predictor != Predictor::None || step.to.is_clean() {
                estimate = denoiser.denoise(&at, step.from.into())?;
            }
        }
        let next = match predictor {
            Predictor::Ancestral(variance) => {
                let z = if step.to.is_clean() { None } else { Some(step_noise(&at, step, noise)?) };
                ddpm_step(&at, &estimate, step.from, step.to, variance, z.as_ref())?
            }
            Predictor::None if step.to.is_clean() => {
                X::combine(&[(Coefficient::Same(step.to.signal_rate()), &estimate.x0)])?
            }
            Predictor::None => {
                let scale = step.to.signal_rate() / step.from.signal_rate();
                X::combine(&[(Coefficient::Same(scale), &at)])?
            }
        };
        Ok((next, estimate))
    })
}

/// One step, x + ε·g + √(2ε)·z with the score g and ε = 2α·(r·‖z‖/‖g‖)² (Algorithms 4 and 5). α is the squared scale of the transition,
/// which is 1 − β_t in a variance-preserving process and 1 in a variance-exploding one. A sample whose score is zero is unchanged.
///
/// # Errors
/// [`Error::Mismatch`] for states of different shapes; [`Error::Math`] for levels in the wrong order.
pub fn corrector_step<X: State>(
    x: &X,
    score: &X,
    step: &Step,
    corrector: Corrector,
    z: &X,
) -> Result<X, Error> {
    use Coefficient::Same;
    let alpha = Transition::between(step.to, step.from)?.scale.powi(2);
    let norm = |x: &X| -> Result<Vec<f64>, Error> {
        let norms: Vec<f64> = x.dot_per_sample(x)?.into_iter().map(f64::sqrt).collect();
        Ok(match corrector.norms {
            Norms::PerSample => norms,
            Norms::BatchMean => vec![norms.iter().sum::<f64>() / norms.len() as f64; norms.len()],
        })
    };
    let epsilon =
        |(z, g): (&f64, &f64)| if *g > 0.0 { 2.0 * alpha * (corrector.snr * z / g).powi(2) } else { 0.0 };
    let epsilons: Vec<f64> = norm(z)?.iter().zip(&norm(score)?).map(epsilon).collect();
    let drift = X::combine(&[(coefficient(&epsilons), score)])?;
    let roots: Vec<f64> = epsilons.iter().map(|e| (2.0 * e).sqrt()).collect();
    X::combine(&[(Same(1.0), x), (Same(1.0), &drift), (coefficient(&roots), z)])
}
