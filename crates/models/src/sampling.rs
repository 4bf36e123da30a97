//! From what a checkpoint says and what a user wishes to a path, a sampler and pictures.

use crate::{Error, LearnedVariance, Model};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};
use tweedie_math::{NoiseLevel, RectifiedFlow, Schedule, Spacing};
use tweedie_networks::ClassCondition;
use tweedie_samplers::{
    Clipped, Denoiser, EpsAfterClip, Hook, NoiseSource, Path, ReverseVariance, ddim, ddpm, start,
};

/// A sampler by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampler {
    /// Ancestral sampling.
    Ddpm,
    /// Denoising diffusion implicit models.
    Ddim,
}

/// The reverse variance of ancestral sampling, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Variance {
    /// β̃.
    FixedSmall,
    /// β.
    FixedLarge,
    /// The network's.
    Learned,
}

/// How a checkpoint wants to be sampled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SamplingDefaults {
    /// Which sampler.
    pub sampler: Sampler,
    /// How many steps.
    pub steps: usize,
    /// DDIM's η.
    pub eta: f64,
    /// DDPM's variance.
    pub variance: Variance,
    /// How the steps are spread over the trained times.
    pub spacing: Spacing,
    /// Added to leading times.
    pub steps_offset: usize,
    /// Whether the last step ends at clean data; else at the first trained level.
    pub ends_clean: bool,
    /// x̂_0 is clipped to ±this, in the model's units; none is no clipping.
    pub clip: Option<f64>,
}

impl Default for SamplingDefaults {
    fn default() -> Self {
        Self {
            sampler: Sampler::Ddim,
            steps: 50,
            eta: 0.0,
            variance: Variance::FixedSmall,
            spacing: Spacing::Trailing,
            steps_offset: 0,
            ends_clean: true,
            clip: Some(1.0),
        }
    }
}

impl Model {
    /// The path through the trained levels that sampling takes.
    ///
    /// # Errors
    /// More steps than trained levels, or none.
    pub fn path(&self, sampling: &SamplingDefaults) -> Result<Path, Error> {
        if let Schedule::RectifiedFlow { shift } = self.description.schedule {
            return self.flow_path(shift, sampling.steps);
        }
        let times = sampling.spacing.times(self.process.steps(), sampling.steps, sampling.steps_offset)?;
        let mut levels: Vec<NoiseLevel> = times.iter().map(|&time| self.process.level(time)).collect();
        let last = if sampling.ends_clean { NoiseLevel::CLEAN } else { self.process.level(1) };
        if levels.last() != Some(&last) {
            levels.push(last);
        }
        Ok(Path::new(levels)?)
    }

    /// n levels whose σ, before the shift, fall evenly from 1 to that of the first trained level, as `diffusers`'
    /// `FlowMatchEulerDiscreteScheduler` has them; then clean data.
    fn flow_path(&self, shift: f64, n: usize) -> Result<Path, Error> {
        let flow = RectifiedFlow::new(self.process.steps(), shift)?;
        if !(1..=self.process.steps()).contains(&n) {
            let allowed = "between 1 and the number of trained levels";
            let found = n as f64;
            return Err(tweedie_math::Error::Parameter { name: "the number of steps", found, allowed }.into());
        }
        let last = flow.shifted(1.0 / self.process.steps() as f64);
        let share = |i: usize| if n == 1 { 0.0 } else { i as f64 / (n - 1) as f64 };
        let mut levels = (0..n)
            .map(|i| flow.at_sigma(flow.shifted(1.0 + share(i) * (last - 1.0))))
            .collect::<Result<Vec<NoiseLevel>, _>>()?;
        levels.push(NoiseLevel::CLEAN);
        Ok(Path::new(levels)?)
    }

    /// Fails, naming the wish, unless this model can be sampled so.
    ///
    /// # Errors
    /// Steps that the process does not have, an η or a bound out of range, a learned variance that is not there, a level at
    /// which x_0 cannot be read from what the network says.
    pub fn check_sampling(&self, sampling: &SamplingDefaults) -> Result<(), Error> {
        let path = self.path(sampling)?;
        path.levels()[..path.n_steps()].iter().try_for_each(|&level| self.check_reading(level))?;
        if !(0.0..=1.0).contains(&sampling.eta) {
            let eta = sampling.eta;
            return Err(Error::Wish(format!(
                "eta is {eta}; it must be between 0 (deterministic) and 1 (DDPM)"
            )));
        }
        if let Some(clip) = sampling.clip
            && !(clip > 0.0 && clip.is_finite())
        {
            return Err(Error::Wish(format!(
                "the clip of x0 is {clip}; it must be positive, or null for none"
            )));
        }
        let has_none = self.description.variance == LearnedVariance::None;
        if sampling.sampler == Sampler::Ddpm && sampling.variance == Variance::Learned && has_none {
            return Err(tweedie_samplers::Error::NoSpread.into());
        }
        Ok(())
    }

    /// Fails unless x_0 and the noise can be read at a level from what the network says.
    ///
    /// # Errors
    /// The reading's own; a level between trained ones for a network with a learned time table.
    pub fn check_reading(&self, level: NoiseLevel) -> Result<(), Error> {
        self.description.parameterization.reading(level, self.previous(level)?)?;
        self.told(level)?;
        Ok(())
    }

    /// Draws pictures: a batch of noise walked down the path, in the model's range.
    ///
    /// `shape` is (N, C, H, W). No gradient is recorded.
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
        let like = Tensor::f_zeros(shape, (Kind::Float, self.device()))?;
        let x = start(&like, self.process.as_ref(), &path, noise)?;
        let model = self.given(class);
        let denoiser: Box<dyn Denoiser<Tensor> + '_> = match sampling.clip {
            // `diffusers`' DDIM keeps ε̂; DDPM never looks at it.
            Some(bound) => {
                Box::new(Clipped { inner: model, low: -bound, high: bound, eps: EpsAfterClip::Keep })
            }
            None => Box::new(model),
        };
        let variance = match sampling.variance {
            Variance::FixedSmall => ReverseVariance::FixedSmall,
            Variance::FixedLarge => ReverseVariance::FixedLarge,
            Variance::Learned => ReverseVariance::Learned,
        };
        Ok(match sampling.sampler {
            Sampler::Ddim => ddim(&denoiser, x, &path, sampling.eta, noise, hook)?,
            Sampler::Ddpm => ddpm(&denoiser, x, &path, variance, noise, hook)?,
        })
    }
}
