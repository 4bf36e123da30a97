//! Denoisers: models of E[x₀ | x_t] at any noise level.

mod clean;
mod conditioned;
mod description;
mod jacobian;

pub use conditioned::Conditioned;
pub use description::{Description, VariancePrediction};

use crate::sampling::SamplingConfig;
use crate::{About, Backbone, Condition, Error};
use std::ops::{Deref, DerefMut};
use tch::{Device, Tensor};
use tweedie_math::{NoiseLevel, Parameterization};
use tweedie_networks::{Network, Registry, UNet, UNetConfig};
use tweedie_samplers::Spread;

/// A denoiser: a backbone whose output is interpreted by a parameterization.
///
/// It dereferences to its [`Backbone`], as a [`Classifier`](crate::Classifier) does.
#[derive(Debug)]
pub struct Model {
    backbone: Backbone,
    parameterization: Parameterization,
    variance: VariancePrediction,
    sampling: SamplingConfig,
}

impl Deref for Model {
    type Target = Backbone;

    fn deref(&self) -> &Backbone {
        &self.backbone
    }
}

impl DerefMut for Model {
    fn deref_mut(&mut self) -> &mut Backbone {
        &mut self.backbone
    }
}

impl Model {
    /// A denoiser with an untrained U-Net.
    ///
    /// # Errors
    /// Errors for an invalid network or process; [`Error::Outputs`] for channels that do not fit the data.
    pub fn new(
        network: &UNetConfig,
        description: Description,
        device: Device,
        seed: u64,
    ) -> Result<Self, Error> {
        Self::of_network(Box::new(UNet::new(network, device, seed)?), description)
    }

    /// A denoiser with any network.
    ///
    /// # Errors
    /// An error for an invalid process; [`Error::Outputs`] for channels that do not fit the data.
    pub fn of_network(network: Box<dyn Network>, description: Description) -> Result<Self, Error> {
        let Description { mut about, parameterization, variance, sampling } = description;
        parameterization.check()?;
        let accepts = network.accepts();
        let halves = if variance == VariancePrediction::None { 1 } else { 2 };
        if about.data.sides().is_empty()
            && accepts.outputs % halves == 0
            && accepts.outputs / halves <= accepts.channels
        {
            // The remaining input channels are those of an image condition.
            let sides = accepts.size.clone().unwrap_or_else(|| vec![0, 0]);
            let sides = [accepts.outputs / halves].into_iter().chain(sides).map(|side| side as usize);
            about.data = tweedie_math::DataShape::new(sides.collect::<Vec<_>>());
        }
        let channels = about.data.channels() as i64;
        if about.data.sides().is_empty()
            || accepts.outputs != halves * channels
            || accepts.channels < channels
        {
            return Err(Error::Outputs {
                outputs: accepts.outputs,
                inputs: accepts.channels,
                data: if about.data.sides().is_empty() { accepts.channels } else { channels },
                variance: variance.name(),
            });
        }
        let sigma_data = match parameterization {
            Parameterization::Edm { sigma_data } => Some(sigma_data),
            _ => None,
        };
        let backbone = Backbone::new(network, about)?.with_input_scaling(sigma_data);
        Ok(Self { backbone, parameterization, variance, sampling })
    }

    /// A copy with a network of its own, as of [`Backbone::replica`].
    ///
    /// # Errors
    /// Those of [`Backbone::replica`].
    pub fn replica(&self, registry: &Registry) -> Result<Option<Self>, Error> {
        let replica = |backbone| Self { backbone, sampling: self.sampling.clone(), ..*self };
        Ok(self.backbone.replica(registry)?.map(replica))
    }

    /// Adds an encoder that combines several conditions into a vector, which is an input of the network.
    ///
    /// # Errors
    /// [`Error::Encoder`] if the network does not take a vector of that width.
    pub fn with_encoder(self, encoder: tweedie_networks::ConditionEncoder) -> Result<Self, Error> {
        Ok(Self { backbone: self.backbone.with_encoder(encoder)?, ..self })
    }

    /// The denoiser with a fixed condition.
    pub fn given(&self, condition: Condition) -> Conditioned<'_> {
        Conditioned { model: self, condition, first: 0 }
    }

    /// The network with the description of its process, data and classes.
    pub fn backbone(&self) -> &Backbone {
        &self.backbone
    }

    /// Mutable access to the backbone, for training.
    pub fn backbone_mut(&mut self) -> &mut Backbone {
        &mut self.backbone
    }

    /// What the network predicts.
    pub fn parameterization(&self) -> Parameterization {
        self.parameterization
    }

    /// The meaning of the second half of the network's output channels.
    pub fn variance(&self) -> VariancePrediction {
        self.variance
    }

    /// The default sampling configuration.
    pub fn sampling(&self) -> &SamplingConfig {
        &self.sampling
    }

    /// Mutable access to the default sampling configuration.
    pub fn sampling_mut(&mut self) -> &mut SamplingConfig {
        &mut self.sampling
    }

    /// The description of the denoiser, without its network.
    pub fn description(&self) -> Description {
        Description {
            about: About::clone(self.about()),
            parameterization: self.parameterization,
            variance: self.variance,
            sampling: self.sampling.clone(),
        }
    }

    /// The number of rows of the class table, or `None` if the network is not conditioned on a class.
    pub fn class_rows(&self) -> Option<i64> {
        let of_encoder = self.encoder().and_then(|encoder| encoder.config().class_rows);
        self.network().accepts().class_rows.or(of_encoder)
    }

    /// The number of classes: the rows of the class table without the row for no class.
    pub fn n_classes(&self) -> Option<i64> {
        self.class_rows().map(|rows| rows - i64::from(self.about().null_class.is_some()))
    }

    /// Splits the output of the network into the prediction and the predicted variance, if there is one.
    ///
    /// # Errors
    /// Errors of LibTorch.
    pub fn split(&self, out: &Tensor) -> Result<(Tensor, Option<Spread<Tensor>>), Error> {
        if self.variance == VariancePrediction::None {
            return Ok((out.shallow_clone(), None));
        }
        let halves = out.f_chunk(2, 1)?;
        let second = halves[1].shallow_clone();
        let spread = match self.variance {
            VariancePrediction::Range => Spread::Range(second),
            _ => Spread::LogVariance(second),
        };
        Ok((halves[0].shallow_clone(), Some(spread)))
    }

    /// Returns an error unless the prediction determines x₀ and the noise at a level.
    ///
    /// # Errors
    /// An error for a level at which the prediction does not determine both; [`Error::BetweenTimes`] for a level between the trained ones
    /// and a network with a learned time table.
    pub fn check_reading(&self, level: NoiseLevel) -> Result<(), Error> {
        self.parameterization.reading(level, self.previous(level)?)?;
        self.number(level)?;
        Ok(())
    }
}
