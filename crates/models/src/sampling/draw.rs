//! Samplers run by name.

use super::{DdimAdds, Sampler, SamplingDefaults, Variance};
use crate::{Error, Model};
use tch::{Kind, Tensor};
use tweedie_networks::ClassCondition;
use tweedie_samplers::{
    Clipped, DdimNoise, Denoiser, Divergence, Dynamics, Hook, NoiseSource, Path, Predictor, ReverseVariance,
    State, Thresholded, WithX0Variance, annealed_langevin, ddim_with, ddpm, dpm_solver_2m, dpm_solver_3m,
    euler, euler_ancestral, heun, level_ratio, predictor_corrector, probability_flow, start, step_size,
    unipc,
};

/// A denoiser whose x̂_0 is moved into the data's range as the wishes say: by a clip, by dynamic thresholding, or not at all.
pub fn bounded<'a>(
    inner: Box<dyn Denoiser<Tensor> + 'a>,
    sampling: &SamplingDefaults,
) -> Box<dyn Denoiser<Tensor> + 'a> {
    let eps = sampling.options.eps_after_clip();
    match (sampling.clip, sampling.options.threshold) {
        (None, _) => inner,
        (Some(bound), None) => Box::new(Clipped { inner, low: -bound, high: bound, eps }),
        (Some(bound), Some(quantile)) => {
            Box::new(Thresholded { inner, quantile, bound, most: sampling.options.threshold_most, eps })
        }
    }
}

/// Walks x down a path by the sampler of that name.
///
/// # Errors
/// What the sampler, the denoiser, the noise source and the hook report.
pub fn walk_down<X: State>(
    denoiser: &dyn Denoiser<X>,
    x: X,
    path: &Path,
    sampling: &SamplingDefaults,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, tweedie_samplers::Error> {
    let options = &sampling.options;
    let variance = match sampling.variance {
        Variance::FixedSmall => ReverseVariance::FixedSmall,
        Variance::FixedLarge => ReverseVariance::FixedLarge,
        Variance::Learned => ReverseVariance::Learned,
        Variance::Optimal => ReverseVariance::Optimal,
    };
    match sampling.sampler {
        Sampler::Ddpm => ddpm(denoiser, x, path, variance, noise, hook),
        Sampler::Ddim => {
            let added = match options.ddim {
                DdimAdds::Eta => DdimNoise::Eta(sampling.eta),
                DdimAdds::Fresh => DdimNoise::Fresh,
                DdimAdds::SigmaHat => DdimNoise::SigmaHat,
            };
            ddim_with(denoiser, x, path, added, noise, hook)
        }
        Sampler::Euler => euler(denoiser, x, path, noise, hook),
        Sampler::EulerAncestral => euler_ancestral(denoiser, x, path, sampling.eta, noise, hook),
        Sampler::Heun => heun(denoiser, x, path, options.churn(), noise, hook),
        Sampler::Dpm2m => dpm_solver_2m(denoiser, x, path, Dynamics::Ode, noise, hook),
        Sampler::Dpm2mSde => dpm_solver_2m(denoiser, x, path, Dynamics::Sde, noise, hook),
        Sampler::Dpm3m => dpm_solver_3m(denoiser, x, path, Dynamics::Ode, options.form(), noise, hook),
        Sampler::Dpm3mSde => dpm_solver_3m(denoiser, x, path, Dynamics::Sde, options.form(), noise, hook),
        Sampler::UniPc => unipc(denoiser, x, path, options.unipc(), noise, hook),
        Sampler::Ode => probability_flow(denoiser, x, path, options.adaptive(), noise, hook),
        Sampler::PredictorCorrector => {
            let predictor = Predictor::Ancestral(variance);
            predictor_corrector(denoiser, x, path, predictor, options.corrector(), noise, hook)
        }
        Sampler::Langevin => {
            let epsilon = match options.langevin_epsilon {
                Some(epsilon) => epsilon,
                None => technique_4(path, x.n_elements() / x.n_samples().max(1), options.langevin_steps)?,
            };
            annealed_langevin(denoiser, x, path, options.annealed(epsilon), noise, hook)
        }
    }
}

/// The ε of Song & Ermon 2020 for a path: for the mean ratio of its levels' σ, or that of technique 2 where it has one level alone.
fn technique_4(path: &Path, dimensions: usize, steps: usize) -> Result<f64, tweedie_samplers::Error> {
    let sigmas: Vec<f64> =
        path.levels().iter().map(|level| level.sigma()).filter(|s| *s > 0.0 && s.is_finite()).collect();
    let (first, last) = (sigmas.first().copied().unwrap_or(1.0), sigmas.last().copied().unwrap_or(1.0));
    let ratio = match sigmas.len() {
        0 | 1 => level_ratio(dimensions)?,
        n => (first / last).powf(1.0 / (n - 1) as f64),
    };
    step_size(last, ratio, steps)
}

impl Model {
    /// The denoiser that the wishes describe, for a batch whose first picture has the number `first`: under a class, with the
    /// optimal variance where it is asked for, its x̂_0 bounded.
    pub fn denoiser<'a>(
        &'a self,
        sampling: &SamplingDefaults,
        class: Option<ClassCondition>,
        first: usize,
        noise: &'a dyn NoiseSource<Tensor>,
    ) -> Box<dyn Denoiser<Tensor> + 'a> {
        let model = self.given(class).from_picture(first);
        let takes_variance = matches!(sampling.sampler, Sampler::Ddpm | Sampler::PredictorCorrector);
        if takes_variance && sampling.variance == Variance::Optimal {
            let probes = Divergence::Probes(sampling.options.variance_probes);
            return bounded(Box::new(WithX0Variance::new(model, probes, noise)), sampling);
        }
        bounded(Box::new(model), sampling)
    }

    /// The noise that a path begins with: (N, C, H, W).
    ///
    /// # Errors
    /// What the noise or the device reports.
    pub fn start(
        &self,
        shape: [i64; 4],
        path: &Path,
        noise: &dyn NoiseSource<Tensor>,
    ) -> Result<Tensor, Error> {
        let like = Tensor::f_zeros(shape, (Kind::Float, self.device()))?;
        Ok(start(&like, self.process.as_ref(), path, noise)?)
    }

    /// Draws pictures: a batch of noise walked down the path, in the model's range.
    ///
    /// `shape` is (N, C, H, W). No gradient is recorded. With a micro-batch the batch counts as the first one of its run.
    ///
    /// # Errors
    /// What the network, the sampler, the noise or the hook reports.
    pub fn sample(
        &self,
        shape: [i64; 4],
        sampling: &SamplingDefaults,
        class: Option<ClassCondition>,
        noise: &dyn NoiseSource<Tensor>,
        hook: &mut dyn Hook<Tensor>,
    ) -> Result<Tensor, Error> {
        self.check_sampling(sampling)?;
        let _no_gradient = tch::no_grad_guard();
        let path = self.path(sampling)?;
        let x = self.start(shape, &path, noise)?;
        let denoiser = self.denoiser(sampling, class, 0, noise);
        Ok(walk_down(&denoiser, x, &path, sampling, noise, hook)?)
    }
}
