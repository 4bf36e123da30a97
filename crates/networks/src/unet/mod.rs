//! The noise-conditional U-Net (Ho et al. 2020, appendix B), as `diffusers`' `UNet2DModel` defines it: the same
//! configuration builds the same function, and parameters carry the same names.

mod blocks;
mod check;
mod config;
mod embedding;
mod encoder;
mod resample;
mod resnet;

pub use config::{SampleSize, UNetConfig};
pub use embedding::ClassCondition;
pub(crate) use encoder::Encoder;

use crate::layers::{Activation, Conv2d, GroupNorm, Start};
use crate::{Error, Parameters, Pass};
use blocks::UpBlock;
use encoder::Encoded;
use tch::{Device, Kind, Tensor};
use tweedie_torch::guard;

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

impl UNetConfig {
    /// Width of the time embedding.
    pub fn time_width(&self) -> i64 {
        self.time_embedding_dim.unwrap_or(4 * self.block_out_channels[0])
    }
}

impl UNet {
    /// A network with first values from `seed`, the same on every device.
    ///
    /// # Errors
    /// [`Error::Config`] names the key of a configuration that describes no network.
    pub fn new(config: &UNetConfig, device: Device, seed: u64) -> Result<Self, Error> {
        config.check()?;
        let mut parameters = Parameters::new(device, seed);
        let mut root = parameters.root();
        let channels = &config.block_out_channels;
        let groups = config.norm_num_groups.unwrap_or(32);

        let encoder = Encoder::new(&mut root, config)?;
        let mut up_blocks = Vec::new();
        for index in 0..channels.len() {
            up_blocks.push(UpBlock::new(root.sub("up_blocks").sub(index), config, index)?);
        }
        let conv_norm_out = GroupNorm::new(root.sub("conv_norm_out"), channels[0], groups, config.norm_eps)?;
        let conv_out = Conv2d::new(root.sub("conv_out"), channels[0], config.out_channels, 3, Start::Zero)?;
        Ok(Self { config: config.clone(), parameters, encoder, up_blocks, conv_norm_out, conv_out })
    }

    /// x (N, in_channels, H, W) and time (N) → (N, out_channels, H, W) in f32.
    ///
    /// # Errors
    /// [`Error::Input`] for shapes, sizes, times or conditions that the network cannot take.
    pub fn forward(
        &self,
        x: &Tensor,
        time: &Tensor,
        class: Option<&ClassCondition>,
        pass: &Pass,
    ) -> Result<Tensor, Error> {
        self.encoder.check(&self.config, x, time, class)?;
        guard(|| self.compute(x, time, class, pass))?
    }

    fn compute(
        &self,
        x: &Tensor,
        time: &Tensor,
        class: Option<&ClassCondition>,
        pass: &Pass,
    ) -> Result<Tensor, Error> {
        let Encoded { features: mut h, embedding, mut skips } =
            self.encoder.forward(&self.config, x, time, class, pass)?;
        for block in &self.up_blocks {
            h = block.forward(h, &embedding, pass, &mut skips)?;
        }
        let h = Activation::Silu.forward(&self.conv_norm_out.forward(&h));
        let out = self.conv_out.forward(&h, pass).to_kind(Kind::Float);
        if self.encoder.is_told_log_time() {
            return Ok(out / time.to_kind(Kind::Float).reshape([-1, 1, 1, 1]));
        }
        Ok(out)
    }

    /// Its configuration.
    pub fn config(&self) -> &UNetConfig {
        &self.config
    }

    /// Its parameters, in the order of construction.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The same, to be changed by training or loading; layers see every change.
    pub fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    /// Whether it knows the trained times alone and nothing between them.
    pub fn has_time_table(&self) -> bool {
        self.encoder.has_time_table()
    }
}
