//! The way down: what is told, and an image's features from the finest resolution to the coarsest. A U-Net goes up again from
//! here; a classifier looks at the coarsest.

use super::UNetConfig;
use super::blocks::{DownBlock, MidBlock};
use super::embedding::{ClassCondition, ClassEmbedding, FeatureEmbedding, TimeFeatures};
use crate::layers::{Conv2d, Start};
use crate::{Error, Pass, Scope};
use tch::Tensor;

/// The first convolution, the embeddings, the blocks on the way down and the one in the middle.
#[derive(Debug)]
pub(crate) struct Encoder {
    conv_in: Conv2d,
    time_features: TimeFeatures,
    time_embedding: FeatureEmbedding,
    class_embedding: ClassEmbedding,
    down_blocks: Vec<DownBlock>,
    mid_block: Option<MidBlock>,
}

/// What the way down leaves.
pub(crate) struct Encoded {
    /// (N, channels of the coarsest resolution, H/2^k, W/2^k).
    pub(crate) features: Tensor,
    /// What the network was told, (N, width).
    pub(crate) embedding: Tensor,
    /// Every state that a way up would join again, the finest first.
    pub(crate) skips: Vec<Tensor>,
}

impl Encoder {
    /// Names its parameters right below `root`.
    pub(crate) fn new(root: &mut Scope, config: &UNetConfig) -> Result<Self, Error> {
        let channels = &config.block_out_channels;
        let width = config.time_width();
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
        Ok(Self { conv_in, time_features, time_embedding, class_embedding, down_blocks, mid_block })
    }

    /// Fails unless x, (N, C, H, W), time, (N), and the condition are what a network of this configuration takes.
    pub(crate) fn check(
        &self,
        config: &UNetConfig,
        x: &Tensor,
        time: &Tensor,
        class: Option<&ClassCondition>,
    ) -> Result<(), Error> {
        let size = x.size();
        let &[n, c, height, width] = size.as_slice() else {
            return Err(Error::Input(format!("x has shape {size:?}; it must be (N, C, H, W)")));
        };
        if n == 0 {
            return Err(Error::Input("x holds no images".into()));
        }
        if c != config.in_channels {
            return Err(Error::Input(format!(
                "x has {c} channels; this network takes {}",
                config.in_channels
            )));
        }
        if time.size() != [n] {
            return Err(Error::Input(format!(
                "time has shape {:?}; it must be one number per image, ({n})",
                time.size()
            )));
        }
        config.check_size(height, width)?;
        self.class_embedding.check(class, n)
    }

    /// Of an input that was checked.
    pub(crate) fn forward(
        &self,
        config: &UNetConfig,
        x: &Tensor,
        time: &Tensor,
        class: Option<&ClassCondition>,
        pass: &Pass,
    ) -> Result<Encoded, Error> {
        let mut h = x.to_kind(pass.precision.kind());
        if config.center_input_sample {
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
        Ok(Encoded { features: h, embedding, skips })
    }

    /// Whether it is told the logarithm of its time; a U-Net then divides its output by the time.
    pub(crate) fn is_told_log_time(&self) -> bool {
        matches!(self.time_features, TimeFeatures::Fourier { .. })
    }

    /// Whether it knows the trained times alone and nothing between them.
    pub(crate) fn has_time_table(&self) -> bool {
        self.time_features.is_table()
    }
}
