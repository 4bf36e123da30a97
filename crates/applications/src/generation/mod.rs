//! Generation of samples in batches, with classes, guidance, previews and interruption.
//!
//! ```no_run
//! use tweedie_applications::generation::{Generator, GeneratorOptions, GuidanceOptions, Request};
//! use tweedie_models::Model;
//!
//! let model = Model::load("runs/00000-shapes".as_ref(), tch::Device::Cpu)?;
//! let options = GeneratorOptions {
//!     class: Some("circle".into()),
//!     guidance: GuidanceOptions { weight: Some(2.0), ..GuidanceOptions::default() },
//!     ..GeneratorOptions::of(&model)
//! };
//! let generator = Generator::new(&model, options)?;
//! let request = Request { n: 16, previews: Some(8), ..Request::new(&model)? };
//! let samples = generator.draw(&request, &mut ())?;
//! let images = samples.images(model.about())?; // one Vec<u8> of channels × height × width bytes per sample
//! # Ok::<(), tweedie_applications::Error>(())
//! ```

mod class;
mod draw;
mod guidance;
mod open;
mod previews;
mod process;
mod samples;

pub use class::Class;
pub use draw::{IMAGES_AT_ONCE, MOST_AT_ONCE, MOST_SAMPLES, Noise, Request, Start, check_size};
pub use guidance::{ClassifierOptions, GuidanceOptions};
pub use open::{OpenOptions, Opened, open};
pub use previews::Previews;
pub use process::{prediction_of, schedule_of};
pub use samples::{Samples, check_finite, images_of};

use crate::Error;
use guidance::Guidance;
use tch::Tensor;
use tweedie_models::Model;
use tweedie_models::sampling::{SamplingConfig, bounded};
use tweedie_samplers::{Denoiser, NoiseSource, Path};

/// Options of a [`Generator`].
#[derive(Debug, Clone, PartialEq)]
pub struct GeneratorOptions {
    /// The sampler, its levels and its options.
    pub sampling: SamplingConfig,
    /// The class, by name or number, `all` (all classes in turn) or `none`.
    pub class: Option<String>,
    /// The guidance.
    pub guidance: GuidanceOptions,
}

impl GeneratorOptions {
    /// The checkpoint's sampling configuration, without class and guidance.
    pub fn of(model: &Model) -> Self {
        Self { sampling: model.sampling().clone(), class: None, guidance: GuidanceOptions::default() }
    }
}

/// Generates samples from a model with a fixed sampling configuration, class and guidance.
#[derive(Debug)]
pub struct Generator<'a> {
    model: &'a Model,
    sampling: SamplingConfig,
    class: Class,
    path: Path,
    guidance: Guidance,
}

/// Returns an error for a network that is conditioned on a vector without an encoder that computes it.
///
/// # Errors
/// [`Error::NeedsVector`] if the encoder is missing.
pub fn check_vector(model: &Model) -> Result<(), Error> {
    match (model.network().accepts().vector, model.encoder()) {
        (Some(width), None) => Err(Error::NeedsVector { width }),
        _ => Ok(()),
    }
}

impl<'a> Generator<'a> {
    /// Creates a generator and checks its options against the model.
    ///
    /// # Errors
    /// A sampling configuration, a class or guidance that does not fit the model.
    pub fn new(model: &'a Model, options: GeneratorOptions) -> Result<Self, Error> {
        let GeneratorOptions { sampling, class: requested, guidance } = options;
        check_vector(model)?;
        model.check_sampling(&sampling)?;
        let requested = requested.as_deref();
        // For a model without classes, the requested class is that of the classifier.
        let is_of_classifier = guidance.classifier.is_some() && model.class_rows().is_none();
        let class = Class::of(model, requested.filter(|_| !is_of_classifier))?;
        let guidance = Guidance::open(&guidance, model, (class, requested))?;
        let path = model.path(&sampling)?;
        let generator = Self { model, sampling, class, path, guidance };
        generator.check_variance()?;
        Ok(generator)
    }

    /// Replaces the sampling configuration and keeps class and guidance.
    ///
    /// # Errors
    /// A sampling configuration that does not fit the model.
    pub fn resample(&mut self, sampling: SamplingConfig) -> Result<(), Error> {
        self.model.check_sampling(&sampling)?;
        self.path = self.model.path(&sampling)?;
        self.sampling = sampling;
        self.check_variance()
    }

    /// A sentence about a path that begins far below the process' noisiest level, where the start, which is pure noise, is not what the
    /// network was trained on.
    pub fn note(&self) -> Option<String> {
        let (first, last) = (self.path.first(), self.model.process().level(self.model.process().steps()));
        let is_late = first.signal_rate() > last.signal_rate() + 0.2 * last.noise_rate().min(1.0);
        is_late.then(|| {
            format!(
                "the path begins at a level with signal rate {:.3}, but the start is pure noise: the levels trailing:{} begin at the noisiest one",
                first.signal_rate(),
                self.path.n_steps()
            )
        })
    }

    fn check_variance(&self) -> Result<(), Error> {
        if self.sampling.takes_optimal_variance() && self.guidance.is_any() {
            return Err(Error::GuidedOptimalVariance);
        }
        Ok(())
    }

    /// The denoiser of `n` samples, starting with the sample of index `first`. x̂_0 is clipped as configured.
    ///
    /// # Errors
    /// Errors of classes that do not fit.
    pub fn denoiser(
        &'a self,
        first: usize,
        n: usize,
        noise: &'a dyn NoiseSource<Tensor>,
    ) -> Result<Box<dyn Denoiser<Tensor> + 'a>, Error> {
        if !self.guidance.is_any() {
            let condition = self.class.condition(first, n);
            return Ok(self.model.denoiser(&self.sampling, condition, first, noise));
        }
        Ok(bounded(self.unbounded(first, n)?, &self.sampling))
    }

    /// The denoiser of `n` samples, starting with the sample of index `first`, without clipping of x̂_0. It is used for encoding.
    ///
    /// # Errors
    /// Errors of classes that do not fit.
    pub fn unbounded(&'a self, first: usize, n: usize) -> Result<Box<dyn Denoiser<Tensor> + 'a>, Error> {
        self.guidance.denoiser(self.model, self.class, first, n)
    }

    /// The class requested for the i-th sample, if any.
    pub fn wanted(&self, i: usize) -> Option<i64> {
        match self.guidance.class() {
            Some(class) => class.row(i),
            None => self.class.row(i).filter(|row| Some(*row) != self.model.about().null_class),
        }
    }

    /// Returns an error unless a sample is determined by its starting point. `what` names the operation that needs this.
    ///
    /// # Errors
    /// [`Error::Stochastic`] if the sampler adds noise.
    pub fn check_deterministic(&self, what: &'static str) -> Result<(), Error> {
        if self.sampling.is_deterministic() {
            return Ok(());
        }
        Err(Error::Stochastic { what, sampler: self.sampling.sampler.to_string() })
    }

    /// The model.
    pub fn model(&self) -> &'a Model {
        self.model
    }

    /// The sampling configuration.
    pub fn sampling(&self) -> &SamplingConfig {
        &self.sampling
    }

    /// The path of noise levels.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The classes of the samples.
    pub fn class(&self) -> Class {
        self.class
    }
}
