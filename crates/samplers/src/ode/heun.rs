//! Heun's method with churn (Karras et al. 2022, Algorithm 2).

use super::euler_step;
use crate::walk::{step_noise, walk};
use crate::{Coefficient, Denoiser, Error, Estimate, Hook, NoiseSource, Path, State, Step};
use tweedie_math::NoiseLevel;

/// Noise that is put on before each step; none by default.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Churn {
    /// `S_churn`: σ grows by this divided by the number of steps, at most by √2 − 1 and not beyond the path's noisiest level.
    pub churn: f64,
    /// `S_tmin`: the least σ where it does.
    pub from_sigma: f64,
    /// `S_tmax`: the greatest.
    pub to_sigma: f64,
    /// `S_noise`: the noise's standard deviation.
    pub noise: f64,
}

impl Default for Churn {
    fn default() -> Self {
        Self { churn: 0.0, from_sigma: 0.0, to_sigma: f64::INFINITY, noise: 1.0 }
    }
}

impl Churn {
    /// γ_i: the share by which σ grows before a step, never beyond the path's noisiest level.
    fn gamma(&self, step: &Step, noisiest: f64) -> f64 {
        let sigma = step.from.sigma();
        let within = (self.from_sigma..=self.to_sigma).contains(&sigma) && sigma.is_finite();
        if !within {
            return 0.0;
        }
        let most = (std::f64::consts::SQRT_2 - 1.0).min(noisiest / sigma - 1.0);
        (self.churn / step.count as f64).min(most)
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |name, found| Err(Error::Parameter { name, found, allowed: "finite and not negative" });
        for (name, value) in [("churn", self.churn), ("the churn's noise", self.noise)] {
            if !(value.is_finite() && value >= 0.0) {
                return wrong(name, value);
            }
        }
        Ok(())
    }
}

/// Samples by Heun's method along a path: two calls per step, one for the step to clean data.
///
/// # Errors
/// [`Error::Parameter`] for a churn that is negative; what the denoiser, the noise source and the hook report.
pub fn heun<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    churn: Churn,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    use Coefficient::Same;
    churn.check()?;
    // A denoiser need not know more noise than the path has.
    let noisiest = path.levels().iter().map(NoiseLevel::sigma).fold(0.0, f64::max);
    walk(x, path, noise, hook, |x, step, (): &mut ()| {
        // Lines 5 and 6: x̂ = x + √(σ̂² − σ²)·S_noise·z, at σ̂ = (1 + γ)·σ.
        let gamma = churn.gamma(step, noisiest);
        if gamma == 0.0 {
            return heun_step(denoiser, x, step.from, step.to);
        }
        let n = step.from.noise_rate();
        let raised = NoiseLevel::new(step.from.signal_rate(), n * (1.0 + gamma))?;
        let more = n * (gamma * (2.0 + gamma)).sqrt() * churn.noise;
        let x = X::combine(&[(Same(1.0), x), (Same(more), &step_noise(x, step, noise)?)])?;
        heun_step(denoiser, &x, raised, step.to)
    })
}

/// One step, with what the denoiser said at its beginning: Euler's, then again with the mean of ε̂ at both ends (lines 7 to 11).
///
/// # Errors
/// What the denoiser reports.
pub fn heun_step<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: &X,
    from: NoiseLevel,
    to: NoiseLevel,
) -> Result<(X, Estimate<X>), Error> {
    use Coefficient::Same;
    let here = denoiser.denoise(x, &[from])?;
    let there = euler_step(x, &here, from, to)?;
    if to.is_clean() || from.signal_rate() == 0.0 {
        return Ok((there, here));
    }
    let next = denoiser.denoise(&there, &[to])?;
    // dx̃/dσ = ε̂ in x̃ = x/signal.
    let scale = to.signal_rate() / from.signal_rate();
    let half = 0.5 * (to.noise_rate() - scale * from.noise_rate());
    Ok((X::combine(&[(Same(scale), x), (Same(half), &here.eps), (Same(half), &next.eps)])?, here))
}
