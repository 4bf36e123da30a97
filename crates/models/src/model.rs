//! A network with everything that gives its output a meaning.

use crate::description::FORMAT;
use crate::{Description, Error, LearnedVariance};
use tch::Device;
use tweedie_math::DiscreteProcess;
use tweedie_networks::{Pass, UNet, UNetConfig};
use tweedie_torch::Precision;

/// A denoiser made of a network.
#[derive(Debug)]
pub struct Model {
    pub(crate) network: UNet,
    pub(crate) process: Box<dyn DiscreteProcess>,
    pub(crate) description: Description,
    pub(crate) pass: Pass,
    /// The network computes so many pictures at once, always; none is as many as it is given.
    pub(crate) micro_batch: Option<usize>,
}

impl Model {
    /// A model with untrained weights.
    ///
    /// # Errors
    /// A network or a schedule that does not exist; channels that do not fit what the output should be.
    pub fn new(
        network: &UNetConfig,
        description: Description,
        device: Device,
        seed: u64,
    ) -> Result<Self, Error> {
        Self::of_network(UNet::new(network, device, seed)?, description)
    }

    /// A model of a network that exists.
    ///
    /// # Errors
    /// A schedule that does not exist; channels that do not fit what the output should be; another format's description.
    pub fn of_network(network: UNet, description: Description) -> Result<Self, Error> {
        if description.format != FORMAT {
            return Err(Error::Wish(format!(
                "the model's description has format {}; this version reads format {FORMAT}",
                description.format
            )));
        }
        let config = network.config();
        let per_channel = if description.variance == LearnedVariance::None { 1 } else { 2 };
        if config.out_channels != per_channel * config.in_channels {
            return Err(Error::Wish(format!(
                "the network has {} output channels; with {} input channels and the variance \"{}\" it needs {}",
                config.out_channels,
                config.in_channels,
                serde_json::json!(description.variance).as_str().unwrap_or_default(),
                per_channel * config.in_channels
            )));
        }
        description.parameterization.check()?;
        let process = description.schedule.process(description.steps)?;
        Ok(Self { network, process, description, pass: Pass::inference(Precision::F32), micro_batch: None })
    }

    /// The network.
    pub fn network(&self) -> &UNet {
        &self.network
    }

    /// The network, to be trained.
    pub fn network_mut(&mut self) -> &mut UNet {
        &mut self.network
    }

    /// The process it was trained on.
    pub fn process(&self) -> &dyn DiscreteProcess {
        self.process.as_ref()
    }

    /// Everything else.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Everything else, to be completed.
    pub fn description_mut(&mut self) -> &mut Description {
        &mut self.description
    }

    /// How its network computes when it denoises.
    pub fn set_pass(&mut self, pass: Pass) {
        self.pass = pass;
    }

    /// How its network computes when it denoises.
    pub fn pass(&self) -> Pass {
        self.pass
    }

    /// Lets its network compute so many pictures at a time, always, when it denoises: the last part of a batch is filled up. A
    /// network's bits depend on how many pictures it computes at once, and on a picture's place among them; thus they depend on the
    /// picture's number alone ([`Conditioned::from_picture`](crate::Conditioned::from_picture)). `None` is as many as it is given.
    pub fn set_micro_batch(&mut self, size: Option<usize>) {
        self.micro_batch = size.filter(|size| *size > 0);
    }

    /// Where its weights lie.
    pub fn device(&self) -> Device {
        self.network.parameters().device()
    }
}
