//! Sampling with a configuration.

use super::{Sampler, SamplingConfig};
use crate::{Condition, Error, Model};
use tch::{Kind, Tensor};
use tweedie_samplers::{
    Clipped, DdimNoise, DdimNoiseKind, Denoiser, Divergence, Dynamics, Hook, NoiseSource, Path, Predictor,
    State, Thresholded, WithX0Variance, annealed_langevin, ddim_with, ddpm, dpm_solver_2m, dpm_solver_3m,
    euler, euler_ancestral, heun, predictor_corrector, probability_flow, start, unipc,
};

/// Wraps a denoiser so that x̂_0 is bounded as configured: by a clip, by dynamic thresholding, or not at all.
pub fn bounded<'a>(
    inner: Box<dyn Denoiser<Tensor> + 'a>,
    sampling: &SamplingConfig,
) -> Box<dyn Denoiser<Tensor> + 'a> {
    let how = &sampling.options.clip;
    match (sampling.clip, how.threshold) {
        (None, _) => inner,
        (Some(bound), None) => Box::new(Clipped { inner, low: -bound, high: bound, eps: how.after_clip }),
        (Some(bound), Some(quantile)) => {
            let (most, eps) = (how.threshold_most, how.after_clip);
            Box::new(Thresholded { inner, quantile, bound, most, eps })
        }
    }
}

/// Runs the configured sampler from x along a path.
///
/// # Errors
/// [`tweedie_samplers::Error::Other`] for a sampler that needs an energy; errors of the sampler, the denoiser, the noise source and
/// the hook.
pub fn walk_down<X: State>(
    denoiser: &dyn Denoiser<X>,
    x: X,
    path: &Path,
    sampling: &SamplingConfig,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, tweedie_samplers::Error> {
    let (options, variance) = (&sampling.options, sampling.variance);
    match sampling.sampler {
        Sampler::Ddpm => ddpm(denoiser, x, path, variance, noise, hook),
        Sampler::Ddim => {
            let added = match options.ddim.noise {
                DdimNoiseKind::Eta => DdimNoise::Eta(sampling.eta),
                DdimNoiseKind::Fresh => DdimNoise::Fresh,
                DdimNoiseKind::SigmaHat => DdimNoise::SigmaHat,
            };
            ddim_with(denoiser, x, path, added, noise, hook)
        }
        Sampler::Euler => euler(denoiser, x, path, noise, hook),
        Sampler::EulerAncestral => euler_ancestral(denoiser, x, path, sampling.eta, noise, hook),
        Sampler::Heun => heun(denoiser, x, path, options.heun, noise, hook),
        Sampler::Dpm2m => dpm_solver_2m(denoiser, x, path, Dynamics::Ode, noise, hook),
        Sampler::Dpm2mSde => dpm_solver_2m(denoiser, x, path, Dynamics::Sde, noise, hook),
        Sampler::Dpm3m => dpm_solver_3m(denoiser, x, path, Dynamics::Ode, options.dpmpp_3m.form, noise, hook),
        Sampler::Dpm3mSde => {
            dpm_solver_3m(denoiser, x, path, Dynamics::Sde, options.dpmpp_3m.form, noise, hook)
        }
        Sampler::UniPc => unipc(denoiser, x, path, options.unipc, noise, hook),
        Sampler::Ode => probability_flow(denoiser, x, path, options.ode, noise, hook),
        Sampler::PredictorCorrector => {
            let predictor = Predictor::Ancestral(variance);
            predictor_corrector(denoiser, x, path, predictor, options.pc, noise, hook)
        }
        Sampler::Langevin => {
            let how = options.langevin.resolve(path, x.n_elements() / x.n_samples().max(1))?;
            annealed_langevin(denoiser, x, path, how, noise, hook)
        }
        sampler @ Sampler::Mala => Err(tweedie_samplers::Error::other(Error::NeedsEnergy { sampler })),
    }
}

impl Model {
    /// The denoiser for a sampling configuration and a condition: with the optimal variance if it is used, and with x̂_0 bounded.
    /// `first` is the number of the first example of the batch.
    pub fn denoiser<'a>(
        &'a self,
        sampling: &SamplingConfig,
        condition: Condition,
        first: usize,
        noise: &'a dyn NoiseSource<Tensor>,
    ) -> Box<dyn Denoiser<Tensor> + 'a> {
        let model = self.given(condition).from_example(first);
        if sampling.takes_optimal_variance() {
            let probes = Divergence::Probes(sampling.options.ddpm.variance_probes);
            return bounded(Box::new(WithX0Variance::new(model, probes, noise)), sampling);
        }
        bounded(Box::new(model), sampling)
    }

    /// The initial noise of a path, (N, …).
    ///
    /// # Errors
    /// Errors of the noise source and of LibTorch.
    pub fn start(
        &self,
        shape: &[i64],
        path: &Path,
        noise: &dyn NoiseSource<Tensor>,
    ) -> Result<Tensor, Error> {
        let like = Tensor::f_zeros(shape, (Kind::Float, self.device()))?;
        Ok(start(&like, self.process(), path, noise)?)
    }

    /// Generates a batch of samples from noise, in the model's units.
    ///
    /// `shape` is (N, C, H, W) for images and (N, D) for points. No gradient is recorded. With a micro-batch, the examples are numbered
    /// from 0.
    ///
    /// # Errors
    /// Errors of [`Model::check_sampling`]; errors of the network, the sampler, the noise source and the hook.
    pub fn sample(
        &self,
        shape: &[i64],
        sampling: &SamplingConfig,
        condition: Condition,
        noise: &dyn NoiseSource<Tensor>,
        hook: &mut dyn Hook<Tensor>,
    ) -> Result<Tensor, Error> {
        self.check_sampling(sampling)?;
        let _no_gradient = tch::no_grad_guard();
        let path = self.path(sampling)?;
        let x = self.start(shape, &path, noise)?;
        let denoiser = self.denoiser(sampling, condition, 0, noise);
        Ok(walk_down(&denoiser, x, &path, sampling, noise, hook)?)
    }
}
