//! The encoder, the part that a U-Net and a classifier of noisy images share: the embeddings, and the features of an image from the
//! finest resolution to the coarsest.

use super::UNetConfig;
use super::blocks::{DownBlock, MidBlock};
use super::class::ClassEmbedding;
use super::time::{FeatureEmbedding, TimeFeatures};
use crate::layers::{Activation, Conv2d, Start};
use crate::{Accepts, Condition, Error, Input, Pass, Scope};
use tch::Tensor;

/// The first convolution, the embeddings, the downsampling blocks and the middle block.
#[derive(Debug)]
pub(crate) struct Encoder {
    conv_in: Conv2d,
    time_features: TimeFeatures,
    time_embedding: FeatureEmbedding,
    class_embedding: ClassEmbedding,
    activation: Activation,
    down_blocks: Vec<DownBlock>,
    mid_block: Option<MidBlock>,
}

/// The result of the encoder.
pub(crate) struct Encoded {
    /// The features of the coarsest resolution, (N, channels, H/2^k, W/2^k).
    pub(crate) features: Tensor,
    /// The activated embedding of time and condition, (N, width), or (1, width) if it is the same for all examples.
    pub(crate) embedding: Tensor,
    /// The states for the skip connections to the upsampling half, the finest first.
    pub(crate) skips: Vec<Tensor>,
}

impl Encoder {
    /// Creates the encoder with parameter names directly below `root`, whose places are those of the finest resolution.
    pub(crate) fn new(root: &mut Scope, config: &UNetConfig) -> Result<Self, Error> {
        let channels = &config.block_out_channels;
        let width = config.time_width();
        let conv_in = Conv2d::new(root.sub("conv_in"), config.in_channels, channels[0], 3, Start::Default)?;
        let time_features = TimeFeatures::new(root.sub("time_proj"), config)?;
        let time_embedding =
            FeatureEmbedding::new(root.sub("time_embedding"), TimeFeatures::width(config), width)?;
        let class_embedding = ClassEmbedding::new(root.sub("class_embedding"), config, width)?;
        let activation = Activation::from_name(&config.act_fn)?;
        let mut down_blocks = Vec::new();
        for index in 0..channels.len() {
            let places = config.places(index, root.places());
            let mut all = root.sub("down_blocks").on(places);
            down_blocks.push(DownBlock::new(all.sub(index), config, index)?);
        }
        let places = config.places(channels.len() - 1, root.places());
        let mid_block = match config.mid_block_type {
            Some(_) => Some(MidBlock::new(root.sub("mid_block").on(places), config)?),
            None => None,
        };
        Ok(Self {
            conv_in,
            time_features,
            time_embedding,
            class_embedding,
            activation,
            down_blocks,
            mid_block,
        })
    }

    /// Checks that x, (N, C, H, W), time, (N), and the condition fit the configuration.
    pub(crate) fn check(&self, config: &UNetConfig, input: &Input<'_>) -> Result<(), Error> {
        let size = input.x.size();
        let &[n, c, height, width] = size.as_slice() else {
            return Err(Error::Input(format!("x has shape {size:?}; it must be (N, C, H, W)")));
        };
        if n == 0 {
            return Err(Error::Input("x is empty; it must contain at least one image".into()));
        }
        let of_image = check_image(input.condition, &size)?;
        if c + of_image != config.in_channels {
            let with =
                if of_image > 0 { format!(" and the image condition {of_image}") } else { String::new() };
            return Err(Error::Input(format!(
                "x has {c} channels{with}; this network takes {}",
                config.in_channels
            )));
        }
        if input.time.size() != [n] {
            return Err(Error::Input(format!(
                "time has shape {:?}; it must be one number per image, ({n})",
                input.time.size()
            )));
        }
        config.check_size(height, width)?;
        self.class_embedding.check(input.condition, n)
    }

    /// Encodes an input that was checked before.
    pub(crate) fn forward(
        &self,
        config: &UNetConfig,
        input: &Input<'_>,
        pass: &Pass,
    ) -> Result<Encoded, Error> {
        let kind = pass.precision.kind();
        let mut h = match &input.condition.image {
            None => input.x.to_kind(kind),
            Some(image) => Tensor::cat(&[input.x.to_kind(kind), image.to_kind(kind)], 1),
        };
        if config.center_input_sample {
            h = h * 2.0 - 1.0;
        }
        if pass.channels_last || pass.is_packed(&h) {
            h = tweedie_torch::channels_last(&h)?;
        }
        let time = self.time_features.forward(&distinct(input.time))?;
        let embedding = self.time_embedding.forward(&time, pass);
        let embedding = self.class_embedding.add(embedding, input.condition, &self.time_features, pass)?;
        let embedding = self.activation.forward(&embedding);

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

    /// Whether the logarithm of time is embedded. A U-Net then divides its output by the time.
    pub(crate) fn embeds_log_time(&self) -> bool {
        matches!(self.time_features, TimeFeatures::Fourier { .. })
    }

    /// The inputs that a network with this encoder accepts.
    pub(crate) fn accepts(&self, config: &UNetConfig, outputs: i64) -> Accepts {
        Accepts {
            channels: config.in_channels,
            outputs,
            size: config.sample_size.map(|size| size.sides().to_vec()),
            class_rows: match &self.class_embedding {
                ClassEmbedding::Table(table) => Some(table.n_rows()),
                _ => None,
            },
            number: matches!(self.class_embedding, ClassEmbedding::Timestep(_)),
            vector: match self.class_embedding {
                ClassEmbedding::Identity { width } => Some(width),
                _ => None,
            },
            has_time_table: self.time_features.is_table(),
        }
    }
}

/// The times to be embedded: one for all examples if the tensor is one number expanded to the batch, whose stride is 0.
fn distinct(time: &Tensor) -> Tensor {
    if time.stride() == [0] { time.narrow(0, 0, 1) } else { time.shallow_clone() }
}

/// Checks the shape of an image condition against that of x and returns its number of channels, or 0 if there is no image condition.
fn check_image(condition: &Condition, x: &[i64]) -> Result<i64, Error> {
    let Some(image) = &condition.image else { return Ok(0) };
    let size = image.size();
    match size.as_slice() {
        &[n, c, height, width] if c > 0 && [n, height, width] == [x[0], x[2], x[3]] => Ok(c),
        _ => Err(Error::Input(format!(
            "the image condition has shape {size:?}; it must have the batch size, height and width of x, {x:?}, and at least one channel"
        ))),
    }
}
