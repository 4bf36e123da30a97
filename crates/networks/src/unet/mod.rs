//! The noise-conditional U-Net (Ho et al. 2020, appendix B), as `diffusers`' `UNet2DModel` defines it: the same
//! configuration builds the same function, and parameters carry the same names.

mod blocks;
mod check;
mod config;
mod embedding;
mod resample;
mod resnet;

pub use config::{SampleSize, UNetConfig};
pub use embedding::ClassCondition;

use crate::layers::{Activation, Conv2d, GroupNorm, Start};
use crate::{Error, Parameters, Pass};
use blocks::{DownBlock, MidBlock, UpBlock};
use embedding::{ClassEmbedding, FeatureEmbedding, TimeFeatures};
use tch::{Device, Kind, Tensor};
use tweedie_torch::guard;

/// A U-Net with its parameters.
#[derive(Debug)]
pub struct UNet {
    config: UNetConfig,
    parameters: Parameters,
    conv_in: Conv2d,
    time_features: TimeFeatures,
    time_embedding: FeatureEmbedding,
    class_embedding: ClassEmbedding,
    down_blocks: Vec<DownBlock>,
    mid_block: Option<MidBlock>,
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
        let width = config.time_width();
        let groups = config.norm_num_groups.unwrap_or(32);

        let conv_in = Conv2d::new(root.sub("conv_in"), config.in_channels, channels[0], 3, Start::Default)?;
        let time_features = TimeFeatures::new(root.sub("time_proj"), config)?;
        let time_embedding =
            FeatureEmbedding::new(root.sub("time_embedding"), TimeFeatures::width(config), width)?;
        let class_embedding = ClassEmbedding::new(root.sub("class_embedding"), config, width)?;
        let mut down_blocks = Vec::new();
        for index in 0..channels.len() {
            down_blocks.push(DownBlock::new(root.sub("down_blocks").sub(index), config, index)?);
        }
        let mid_block = match config.mid_block_type {
            Some(_) => Some(MidBlock::new(root.sub("mid_block"), config)?),
            None => None,
        };
        let mut up_blocks = Vec::new();
        for index in 0..channels.len() {
            up_blocks.push(UpBlock::new(root.sub("up_blocks").sub(index), config, index)?);
        }
        let conv_norm_out = GroupNorm::new(root.sub("conv_norm_out"), channels[0], groups, config.norm_eps)?;
        let conv_out = Conv2d::new(root.sub("conv_out"), channels[0], config.out_channels, 3, Start::Zero)?;
        Ok(Self {
            config: config.clone(),
            parameters,
            conv_in,
            time_features,
            time_embedding,
            class_embedding,
            down_blocks,
            mid_block,
            up_blocks,
            conv_norm_out,
            conv_out,
        })
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
        self.check_input(x, time)?;
        self.class_embedding.check(class, x.size()[0])?;
        guard(|| self.compute(x, time, class, pass))?
    }

    fn compute(
        &self,
        x: &Tensor,
        time: &Tensor,
        class: Option<&ClassCondition>,
        pass: &Pass,
    ) -> Result<Tensor, Error> {
        let mut h = x.to_kind(pass.precision.kind());
        if self.config.center_input_sample {
            h = h * 2.0 - 1.0;
        }
        if pass.channels_last {
            h = tweedie_torch::channels_last(&h)?;
        }
        let embedding = self.time_embedding.forward(&self.time_features.forward(time)?, pass);
        let embedding = self.class_embedding.add(embedding, class, &self.time_features, pass)?;

        h = self.conv_in.forward(&h, pass);
        let mut skips = vec![h.shallow_clone()];
        for block in &self.down_blocks {
            h = block.forward(h, &embedding, pass, &mut skips)?;
        }
        if let Some(block) = &self.mid_block {
            h = block.forward(h, &embedding, pass)?;
        }
        for block in &self.up_blocks {
            h = block.forward(h, &embedding, pass, &mut skips)?;
        }
        let h = Activation::Silu.forward(&self.conv_norm_out.forward(&h));
        let out = self.conv_out.forward(&h, pass).to_kind(Kind::Float);
        Ok(match self.time_features {
            TimeFeatures::Fourier { .. } => out / time.to_kind(Kind::Float).reshape([-1, 1, 1, 1]),
            _ => out,
        })
    }

    fn check_input(&self, x: &Tensor, time: &Tensor) -> Result<(), Error> {
        let size = x.size();
        let &[n, c, height, width] = size.as_slice() else {
            return Err(Error::Input(format!("x has shape {size:?}; it must be (N, C, H, W)")));
        };
        if n == 0 {
            return Err(Error::Input("x holds no images".into()));
        }
        if c != self.config.in_channels {
            return Err(Error::Input(format!(
                "x has {c} channels; this network takes {}",
                self.config.in_channels
            )));
        }
        if time.size() != [n] {
            return Err(Error::Input(format!(
                "time has shape {:?}; it must be one number per image, ({n})",
                time.size()
            )));
        }
        self.config.check_size(height, width)
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
        self.time_features.is_table()
    }
}
