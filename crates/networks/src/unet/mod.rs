//! The noise-conditional U-Net (Ho et al. 2020, appendix B) as defined by `UNet2DModel` of `diffusers`: the same configuration gives the
//! same function, and parameters have the same names.

mod blocks;
mod check;
mod class;
mod config;
mod encoder;
mod resample;
mod resnet;
mod rows;
mod time;

pub use config::{SampleSize, UNetConfig};
pub(crate) use encoder::Encoder;
pub(crate) use rows::rows_of;
pub(crate) use time::FeatureEmbedding;

use crate::layers::{Activation, Conv2d, GroupNorm, Start};
use crate::{Accepts, Error, Input, Network, Parameters, Pass};
use blocks::UpBlock;
use encoder::Encoded;
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};
use tweedie_torch::{Modulation, guard};

/// A U-Net with its parameters.
#[derive(Debug)]
pub struct UNet {
    config: UNetConfig,
    parameters: Parameters,
    encoder: Encoder,
    up_blocks: Vec<UpBlock>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
}

impl UNet {
    /// The class name in configurations.
    pub const CLASS: &'static str = "UNet2DModel";

    /// Creates a network with initial values from `seed`, which are the same on every device.
    ///
    /// # Errors
    /// [`Error::Config`] with the key of a value that is not allowed.
    pub fn new(config: &UNetConfig, device: Device, seed: u64) -> Result<Self, Error> {
        // Sizes that are too large together are refused before memory is allocated.
        Self::into(config, Parameters::planned())?;
        Self::into(config, Parameters::new(device, seed))
    }

    /// Builds the network and adds its parameters to an empty set.
    fn into(config: &UNetConfig, mut parameters: Parameters) -> Result<Self, Error> {
        config.check()?;
        let finest = config.finest_places();
        let mut root = parameters.root().on(finest);
        let channels = &config.block_out_channels;
        let groups = config.norm_num_groups.unwrap_or(32);

        let encoder = Encoder::new(&mut root, config)?;
        let mut up_blocks = Vec::new();
        for index in 0..channels.len() {
            let places = config.places(channels.len() - 1 - index, finest);
            let mut all = root.sub("up_blocks").on(places);
            up_blocks.push(UpBlock::new(all.sub(index), config, index)?);
        }
        let conv_norm_out = GroupNorm::new(root.sub("conv_norm_out"), channels[0], groups, config.norm_eps)?;
        let conv_out = Conv2d::new(root.sub("conv_out"), channels[0], config.out_channels, 3, Start::Zero)?;
        Ok(Self { config: config.clone(), parameters, encoder, up_blocks, conv_norm_out, conv_out })
    }

    /// The constructor for a [`Registry`](crate::Registry). As in `diffusers`, unknown keys are ignored.
    ///
    /// # Errors
    /// The errors of [`UNet::new`]; [`Error::Json`] for a value of another type.
    pub fn build(config: &Value, parameters: Parameters) -> Result<Box<dyn Network>, Error> {
        Ok(Box::new(Self::into(&UNetConfig::from_json(config)?, parameters)?))
    }

    /// The configuration.
    pub fn config(&self) -> &UNetConfig {
        &self.config
    }

    fn compute(&self, input: &Input<'_>, pass: &Pass) -> Result<Tensor, Error> {
        let Encoded { features: mut h, embedding, mut skips } =
            self.encoder.forward(&self.config, input, pass)?;
        for block in &self.up_blocks {
            h = block.forward(h, &embedding, pass, &mut skips)?;
        }
        let h = self.conv_norm_out.activated(&h, Modulation::default(), Activation::Silu, pass);
        let out = self.conv_out.forward(&h, pass).to_kind(Kind::Float);
        if self.encoder.embeds_log_time() {
            return Ok(out / input.time.to_kind(Kind::Float).reshape([-1, 1, 1, 1]));
        }
        Ok(out)
    }
}

impl Network for UNet {
    /// x (N, C, H, W) and time (N) → (N, out_channels, H, W) in f32. C plus the channels of an image condition must be `in_channels`.
    fn forward(&self, input: &Input<'_>, pass: &Pass) -> Result<Tensor, Error> {
        self.encoder.check(&self.config, input)?;
        guard(|| self.compute(input, pass))?
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn class_name(&self) -> &'static str {
        Self::CLASS
    }

    fn config(&self) -> Value {
        json!(self.config)
    }

    fn accepts(&self) -> Accepts {
        self.encoder.accepts(&self.config, self.config.out_channels)
    }

    /// Accepts every size that can be halved as often as needed; the sample size of the configuration is only a default.
    fn check_sides(&self, sides: &[i64]) -> Result<(), Error> {
        match sides {
            &[height, width] => self.config.check_size(height, width),
            _ => Err(Error::Input(format!(
                "an example has the sides {sides:?}; a U-Net takes height and width"
            ))),
        }
    }

    fn dropout(&self) -> f64 {
        self.config.dropout
    }
}
