//! Samples in batches, with classes, guidance, previews and interruption.
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
pub use draw::{Noise, Request, Start};
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

/// How samples are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneratorOptions {
    /// The sampler, its levels and its options.
    pub sampling: SamplingConfig,
    /// A class by name or number, `all` for one after another, `none`.
    pub class: Option<String>,
    /// What guides the model.
    pub guidance: GuidanceOptions,
}

impl GeneratorOptions {
    /// The checkpoint's own sampling, without class and guidance.
    pub fn of(model: &Model) -> Self {
        Self { sampling: model.sampling().clone(), class: None, guidance: GuidanceOptions::default() }
    }
}

/// A model with everything that decides how it draws.
#[derive(Debug)]
pub struct Generator<'a> {
    model: &'a Model,
    sampling: SamplingConfig,
    class: Class,
    path: Path,
    guidance: Guidance,
}

/// Fails for a network that is conditioned on a vector where nothing makes one.
///
/// # Errors
/// [`Error::NeedsVector`].
pub fn check_vector(model: &Model) -> Result<(), Error> {
    match (model.network().accepts().vector, model.encoder()) {
        (Some(width), None) => Err(Error::NeedsVector { width }),
        _ => Ok(()),
    }
}

impl<'a> Generator<'a> {
    /// Checks the options against the model, before anything is computed.
    ///
    /// # Errors
    /// A sampling configuration, a class or guidance that does not fit the model.
    pub fn new(model: &'a Model, options: GeneratorOptions) -> Result<Self, Error> {
        let GeneratorOptions { sampling, class: asked, guidance } = options;
        check_vector(model)?;
        model.check_sampling(&sampling)?;
        let asked = asked.as_deref();
        // A model without classes can be led towards a classifier's.
        let is_led = guidance.classifier.is_some() && model.class_rows().is_none();
        let class = Class::of(model, asked.filter(|_| !is_led))?;
        let guidance = Guidance::open(&guidance, model, (class, asked))?;
        let path = model.path(&sampling)?;
        let generator = Self { model, sampling, class, path, guidance };
        generator.check_variance()?;
        Ok(generator)
    }

    /// Changes the sampling; class and guidance stay.
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

    /// The denoiser of `n` samples from the `first`-th on, with x̂_0 in the data's range.
    ///
    /// # Errors
    /// Classes that do not fit.
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

    /// The same with x̂_0 as it is predicted, for encoding.
    ///
    /// # Errors
    /// Classes that do not fit.
    pub fn unbounded(&'a self, first: usize, n: usize) -> Result<Box<dyn Denoiser<Tensor> + 'a>, Error> {
        self.guidance.denoiser(self.model, self.class, first, n)
    }

    /// The class that the i-th sample is to have, where one was chosen.
    pub fn wanted(&self, i: usize) -> Option<i64> {
        match self.guidance.class() {
            Some(class) => class.row(i),
            None => self.class.row(i).filter(|row| Some(*row) != self.model.about().null_class),
        }
    }

    /// Fails unless the start alone determines the sample; `what` needs that.
    ///
    /// # Errors
    /// [`Error::Stochastic`].
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

    /// The sampling.
    pub fn sampling(&self) -> &SamplingConfig {
        &self.sampling
    }

    /// The levels that are visited.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The classes of the samples.
    pub fn class(&self) -> Class {
        self.class
    }
}
