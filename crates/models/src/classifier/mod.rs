//! A classifier of noisy pictures, p(y | x_t): what guides a sampler towards a class (Dhariwal & Nichol 2021, section 4).

mod card;
mod description;
mod files;
mod guide;
mod levels;

pub use description::ClassifierDescription;
pub use guide::ClassGuide;

use crate::Error;
use crate::denoise::{per_sample, scaled};
use crate::description::FORMAT;
use tch::{Device, Kind, Tensor};
use tweedie_math::{DiscreteProcess, NoiseLevel};
use tweedie_networks::{NoisyClassifier, NoisyClassifierConfig, Pass};
use tweedie_samplers::State;
use tweedie_torch::Precision;

/// ln p(y | x_t) made of a network.
#[derive(Debug)]
pub struct Classifier {
    network: NoisyClassifier,
    process: Box<dyn DiscreteProcess>,
    description: ClassifierDescription,
    pass: Pass,
    /// A guide's gradients are computed for so many pictures at once, always; none is as many as it is given.
    micro_batch: Option<usize>,
}

impl Classifier {
    /// A classifier with untrained weights.
    ///
    /// # Errors
    /// A network or a schedule that does not exist; names that are not as many as classes.
    pub fn new(
        network: &NoisyClassifierConfig,
        description: ClassifierDescription,
        device: Device,
        seed: u64,
    ) -> Result<Self, Error> {
        Self::of_network(NoisyClassifier::new(network, device, seed)?, description)
    }

    /// A classifier of a network that exists.
    ///
    /// # Errors
    /// A schedule that does not exist; names that are not as many as classes; another format's description.
    pub fn of_network(network: NoisyClassifier, description: ClassifierDescription) -> Result<Self, Error> {
        if description.format != FORMAT {
            return Err(Error::Wish(format!(
                "the classifier's description has format {}; this version reads format {FORMAT}",
                description.format
            )));
        }
        let (n_classes, n_names) = (network.config().n_classes, description.class_names.len());
        if n_names as i64 != n_classes {
            return Err(Error::Wish(format!(
                "the classifier's network has {n_classes} classes, and its description names {n_names}; each needs a name"
            )));
        }
        let process = description.schedule.process(description.steps)?;
        Ok(Self { network, process, description, pass: Pass::inference(Precision::F32), micro_batch: None })
    }

    /// ln p(y | x_t) of every class, (N, classes) in f32, of x (N, C, H, W) at one level for the batch or one per sample.
    ///
    /// Any level of any process will do: x is rescaled to the classifier's own level of the same log-SNR. What is noisier than
    /// its last trained level is read at that one, with as much noise; a level without signal is one of these. The gradient
    /// mode is the caller's.
    ///
    /// # Errors
    /// [`Error::Sampler`] for levels that do not fit the batch; [`Error::Network`] for pictures of another size; a level between
    /// those that a learned time table knows.
    pub fn log_probabilities(&self, x: &Tensor, at: &[NoiseLevel]) -> Result<Tensor, Error> {
        self.log_probabilities_in(&self.pass, x, at)
    }

    /// The same, computed in the way of another pass: that of training.
    ///
    /// # Errors
    /// As [`Classifier::log_probabilities`].
    pub fn log_probabilities_in(&self, pass: &Pass, x: &Tensor, at: &[NoiseLevel]) -> Result<Tensor, Error> {
        let n = x.n_samples();
        if at.len() != 1 && at.len() != n {
            let (found, expected) = (at.len().to_string(), format!("1 or {n}"));
            let what = "noise levels of a batch";
            return Err(tweedie_samplers::Error::Mismatch { what, found, expected }.into());
        }
        let (mut factors, mut times) = (Vec::new(), Vec::new());
        for &level in at {
            let own = self.own_level(level)?;
            factors.push(crate::denoise::rescaling(level, own));
            times.push(self.told(own)? as f32);
        }
        let time = per_sample(&times, n, x.device())?;
        let logits = self.network.forward(&scaled(x, &factors)?, &time, pass)?;
        Ok(logits.f_log_softmax(1, Kind::Float)?)
    }

    /// The network.
    pub fn network(&self) -> &NoisyClassifier {
        &self.network
    }

    /// The process it was trained on.
    pub fn process(&self) -> &dyn DiscreteProcess {
        self.process.as_ref()
    }

    /// Everything else.
    pub fn description(&self) -> &ClassifierDescription {
        &self.description
    }

    /// Everything else, to be completed.
    pub fn description_mut(&mut self) -> &mut ClassifierDescription {
        &mut self.description
    }

    /// How its network computes when it is asked.
    pub fn set_pass(&mut self, pass: Pass) {
        self.pass = pass;
    }

    /// How its network computes when it is asked.
    pub fn pass(&self) -> Pass {
        self.pass
    }

    /// Lets its guides compute so many pictures at a time, always, as [`crate::Model::set_micro_batch`] does.
    pub fn set_micro_batch(&mut self, size: Option<usize>) {
        self.micro_batch = size.filter(|size| *size > 0);
    }

    /// Where its weights lie.
    pub fn device(&self) -> Device {
        self.network.parameters().device()
    }
}
