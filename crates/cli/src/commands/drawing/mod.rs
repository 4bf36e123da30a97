//! Drawing from a model as the command line says: the model opened, the wishes checked, guidance bound, batches drawn.

mod guidance;
mod towards;
mod unused;
mod wishes;

pub use unused::check_used;
pub use wishes::{options, wishes};

use crate::arguments::{GuidanceFlags, SamplerFlags};
use crate::commands::class::Class;
use anyhow::bail;
use guidance::Guidance;
use std::path::Path as FilePath;
use tch::{Device, Kind, Tensor};
use tweedie_models::Model;
use tweedie_models::sampling::{Sampler, SamplingDefaults, Variance, bounded, walk_down};
use tweedie_networks::Pass;
use tweedie_samplers::{Denoiser, Hook, NoiseSource, Path};
use tweedie_torch::{Precision, PrecisionChoice};

/// Opens a model to be asked.
pub fn open(path: &FilePath, device: &str, precision: &str) -> anyhow::Result<(Model, Precision)> {
    let device: Device = super::device(device)?;
    let mut model = Model::load(path, device)?;
    let (precision, _) = precision.parse::<PrecisionChoice>()?.resolve(device);
    model.set_pass(Pass::inference(precision));
    Ok((model, precision))
}

/// A model with everything that says how it draws.
pub struct Drawing {
    pub model: Model,
    pub sampling: SamplingDefaults,
    pub class: Class,
    pub path: Path,
    guidance: Guidance,
}

impl Drawing {
    /// Checks the wishes against the model, before anything is computed.
    pub fn new(
        mut model: Model,
        how: &SamplerFlags,
        led: &GuidanceFlags,
        class: Option<&str>,
    ) -> anyhow::Result<Self> {
        let sampling = wishes(how, model.description().sampling.clone());
        check_used(&how.options, &[sampling.sampler])?;
        if how.steps.is_some() && sampling.sampler == Sampler::Ode {
            bail!("ode finds its own steps: --tolerance says how exactly, --levels where others look on");
        }
        model.check_sampling(&sampling)?;
        let asked = class;
        // A model without classes can be led towards a classifier's.
        let leads_alone = led.classifier.is_some() && model.network().config().num_class_embeds.is_none();
        let class = Class::of(&model, asked.filter(|_| !leads_alone))?;
        let micro_batch = how.options.micro_batch.map(|size| size as usize);
        model.set_micro_batch(micro_batch);
        let guidance = Guidance::of(led, &model, (class, asked), micro_batch)?;
        check_variance(&sampling, &guidance)?;
        let path = model.path(&sampling)?;
        Ok(Self { model, sampling, class, path, guidance })
    }

    /// The same model sampled otherwise.
    pub fn resample(&mut self, sampling: SamplingDefaults) -> anyhow::Result<()> {
        self.model.check_sampling(&sampling)?;
        check_variance(&sampling, &self.guidance)?;
        self.path = self.model.path(&sampling)?;
        self.sampling = sampling;
        Ok(())
    }

    /// The start of `n` pictures.
    pub fn start(&self, shape: [i64; 4], noise: &dyn NoiseSource<Tensor>) -> anyhow::Result<Tensor> {
        Ok(self.model.start(shape, &self.path, noise)?)
    }

    /// Draws pictures from a start, the first having the number `first`.
    pub fn from(
        &self,
        x: Tensor,
        first: usize,
        noise: &dyn NoiseSource<Tensor>,
        hook: &mut dyn Hook<Tensor>,
    ) -> anyhow::Result<Tensor> {
        let _no_gradient = tch::no_grad_guard();
        let denoiser = self.denoiser(first, x.size()[0] as usize, noise)?;
        Ok(walk_down(&denoiser, x, &self.path, &self.sampling, noise, hook)?)
    }

    /// What is asked about `n` pictures from the `first`-th on.
    pub fn denoiser<'a>(
        &'a self,
        first: usize,
        n: usize,
        noise: &'a dyn NoiseSource<Tensor>,
    ) -> anyhow::Result<Box<dyn Denoiser<Tensor> + 'a>> {
        if !self.guidance.is_any() {
            let condition = self.class.condition(first, n, self.model.device());
            return Ok(self.model.denoiser(&self.sampling, condition, first, noise));
        }
        Ok(bounded(self.unbounded(first, n)?, &self.sampling))
    }

    /// The same, led, with x̂0 as it is said: what encodes.
    pub fn unbounded<'a>(&'a self, first: usize, n: usize) -> anyhow::Result<Box<dyn Denoiser<Tensor> + 'a>> {
        self.guidance.denoiser(&self.model, self.class, first, n)
    }

    /// The class that the i-th picture is to show, where one was asked for.
    pub fn wanted(&self, i: usize) -> Option<i64> {
        match &self.guidance.towards {
            Some(towards) => towards.class.row(i),
            None => self.class.row(i).filter(|row| Some(*row) != self.model.description().null_class),
        }
    }

    /// Fails unless the picture is decided by its start alone.
    pub fn check_deterministic(&self, what: &str) -> anyhow::Result<()> {
        let sampling = &self.sampling;
        let ddim = matches!(sampling.sampler, Sampler::Ddim | Sampler::EulerAncestral)
            && sampling.eta == 0.0
            && sampling.options.ddim == tweedie_models::sampling::DdimAdds::Eta;
        let heun = sampling.sampler == Sampler::Heun && sampling.options.churn == 0.0;
        if ddim || heun || sampling.sampler.is_deterministic() {
            return Ok(());
        }
        bail!(
            "{what} needs a sampler that draws no noise on the way, and {} with these options does: ddim with --eta 0, dpmpp_2m, unipc …",
            sampling.sampler
        )
    }
}

/// An optimal variance is that of the model alone.
fn check_variance(sampling: &SamplingDefaults, guidance: &Guidance) -> anyhow::Result<()> {
    let takes_variance = matches!(sampling.sampler, Sampler::Ddpm | Sampler::PredictorCorrector);
    if takes_variance && sampling.variance == Variance::Optimal && guidance.is_any() {
        bail!("--variance optimal is that of the model alone; with guidance choose another variance");
    }
    Ok(())
}

/// Fails where a network's numbers are none.
pub fn check_finite(x: &Tensor) -> anyhow::Result<()> {
    if x.f_isfinite()
        .and_then(|x| x.f_all()?.f_to_kind(Kind::Int64))
        .map_err(tweedie_torch::Error::from)?
        .int64_value(&[])
        == 0
    {
        bail!("the samples are not finite numbers: is the checkpoint whole, and does --precision suit it?");
    }
    Ok(())
}
