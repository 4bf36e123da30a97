//! The blocks of one resolution: residual blocks with optional attention, followed by the resampling to the next resolution.

use super::UNetConfig;
use super::resample::Resample;
use super::resnet::{Resize, ResnetBlock};
use crate::layers::SelfAttention;
use crate::{Derivatives, Error, Pass, Scope};
use tch::Tensor;
use tweedie_torch::checkpoint;

/// The types of downsampling blocks.
pub(super) const DOWN: [&str; 3] = ["DownBlock2D", "AttnDownBlock2D", "ResnetDownsampleBlock2D"];
/// The types of upsampling blocks.
pub(super) const UP: [&str; 3] = ["UpBlock2D", "AttnUpBlock2D", "ResnetUpsampleBlock2D"];

/// A residual block with optional attention after it.
#[derive(Debug)]
struct Layer {
    resnet: ResnetBlock,
    attention: Option<SelfAttention>,
}

impl Layer {
    /// Computes the layer on one state, or on several states concatenated along the channels.
    fn forward(&self, states: &[Tensor], embedding: &Tensor, pass: &Pass) -> Tensor {
        let x = match states {
            [only] => self.resnet.forward(only, embedding, pass),
            several => self.resnet.forward(&Tensor::cat(several, 1), embedding, pass),
        };
        self.attention.as_ref().map_or_else(|| x.shallow_clone(), |attention| attention.forward(&x, pass))
    }

    /// Computes the layer like [`Self::forward`], with gradient checkpointing if the pass has it and needs first derivatives: activations
    /// inside the layer are then recomputed in the backward pass instead of being stored. A checkpointed layer has no second derivative.
    fn run(&self, states: Vec<Tensor>, embedding: &Tensor, pass: &Pass) -> Result<Tensor, Error> {
        if !pass.gradient_checkpointing || pass.derivatives != Derivatives::First {
            return Ok(self.forward(&states, embedding, pass));
        }
        // The closure is owned by the graph, so it holds its own handles to the parameters.
        let layer = Self {
            resnet: self.resnet.share(),
            attention: self.attention.as_ref().map(SelfAttention::share),
        };
        let (pass, n) = (*pass, states.len());
        let mut inputs = states;
        inputs.push(embedding.shallow_clone());
        let code = move |inputs: &[Tensor]| vec![layer.forward(&inputs[..n], &inputs[n], &pass)];
        Ok(checkpoint(&inputs, code)?.remove(0))
    }
}

/// One resolution of the downsampling half.
#[derive(Debug)]
pub(super) struct DownBlock {
    layers: Vec<Layer>,
    to_next: Option<Resample>,
}

impl DownBlock {
    pub(super) fn new(mut scope: Scope, config: &UNetConfig, index: usize) -> Result<Self, Error> {
        let kind = config.down_block_types[index].as_str();
        let outputs = config.block_out_channels[index];
        let inputs = config.block_out_channels[index.saturating_sub(1)];
        let mut layers = Vec::new();
        for j in 0..config.layers_per_block {
            let inputs = if j == 0 { inputs } else { outputs };
            let resnet =
                ResnetBlock::new(scope.sub("resnets").sub(j), config, inputs, outputs, Resize::Keep, 1.0)?;
            let attention = match kind {
                "AttnDownBlock2D" => Some(attention(scope.sub("attentions").sub(j), config, outputs)?),
                _ => None,
            };
            layers.push(Layer { resnet, attention });
        }
        let is_last = index + 1 == config.block_out_channels.len();
        let by_resnet = kind == "ResnetDownsampleBlock2D"
            || (kind == "AttnDownBlock2D" && config.downsample_type == "resnet");
        let mut below = scope.sub("downsamplers");
        let to_next = match (is_last, by_resnet) {
            (true, _) => None,
            (false, true) => Some(Resample::resnet(below.sub(0), config, outputs, Resize::Halve)?),
            (false, false) => Some(Resample::down(below.sub(0), config, outputs)?),
        };
        Ok(Self { layers, to_next })
    }

    /// Pushes every state that the upsampling half concatenates to its own, and returns the last state.
    pub(super) fn forward(
        &self,
        x: Tensor,
        embedding: &Tensor,
        pass: &Pass,
        skips: &mut Vec<Tensor>,
    ) -> Result<Tensor, Error> {
        let mut x = x;
        for layer in &self.layers {
            x = layer.run(vec![x], embedding, pass)?;
            skips.push(x.shallow_clone());
        }
        if let Some(resample) = &self.to_next {
            x = resample.forward(&x, embedding, pass);
            skips.push(x.shallow_clone());
        }
        Ok(x)
    }
}

/// One resolution of the upsampling half.
#[derive(Debug)]
pub(super) struct UpBlock {
    layers: Vec<Layer>,
    to_next: Option<Resample>,
}

impl UpBlock {
    /// `index` counts from the coarsest resolution.
    pub(super) fn new(mut scope: Scope, config: &UNetConfig, index: usize) -> Result<Self, Error> {
        let kind = config.up_block_types[index].as_str();
        let coarse_first: Vec<i64> = config.block_out_channels.iter().rev().copied().collect();
        let outputs = coarse_first[index];
        let before = coarse_first[index.saturating_sub(1)];
        let finer = coarse_first[(index + 1).min(coarse_first.len() - 1)];
        let mut layers = Vec::new();
        for j in 0..=config.layers_per_block {
            let skip = if j == config.layers_per_block { finer } else { outputs };
            let inputs = if j == 0 { before } else { outputs } + skip;
            let resnet =
                ResnetBlock::new(scope.sub("resnets").sub(j), config, inputs, outputs, Resize::Keep, 1.0)?;
            let attention = match kind {
                "AttnUpBlock2D" => Some(attention(scope.sub("attentions").sub(j), config, outputs)?),
                _ => None,
            };
            layers.push(Layer { resnet, attention });
        }
        let is_last = index + 1 == coarse_first.len();
        let by_resnet =
            kind == "ResnetUpsampleBlock2D" || (kind == "AttnUpBlock2D" && config.upsample_type == "resnet");
        let mut above = scope.sub("upsamplers");
        let to_next = match (is_last, by_resnet) {
            (true, _) => None,
            (false, true) => Some(Resample::resnet(above.sub(0), config, outputs, Resize::Double)?),
            (false, false) => Some(Resample::up(above.sub(0), outputs)?),
        };
        Ok(Self { layers, to_next })
    }

    /// Concatenates the states of the downsampling half, the last one first.
    pub(super) fn forward(
        &self,
        x: Tensor,
        embedding: &Tensor,
        pass: &Pass,
        skips: &mut Vec<Tensor>,
    ) -> Result<Tensor, Error> {
        let mut x = x;
        for layer in &self.layers {
            x = layer.run([x].into_iter().chain(skips.pop()).collect(), embedding, pass)?;
        }
        Ok(match &self.to_next {
            Some(resample) => resample.forward(&x, embedding, pass),
            None => x,
        })
    }
}

/// The middle block: a residual block, optional attention and a residual block.
#[derive(Debug)]
pub(super) struct MidBlock {
    first: Layer,
    last: Layer,
}

impl MidBlock {
    pub(super) fn new(mut scope: Scope, config: &UNetConfig) -> Result<Self, Error> {
        let channels = config.block_out_channels[config.block_out_channels.len() - 1];
        let scale = config.mid_block_scale_factor;
        let first =
            ResnetBlock::new(scope.sub("resnets").sub(0), config, channels, channels, Resize::Keep, scale)?;
        let default_groups = config.norm_num_groups.filter(|_| config.resnet_time_scale_shift == "default");
        let norm = config.attn_norm_num_groups.or(default_groups).map(|groups| (groups, config.norm_eps));
        let head_dim = config.attention_head_dim.unwrap_or(channels);
        let attention = match config.add_attention {
            true => {
                Some(SelfAttention::new(scope.sub("attentions").sub(0), channels, head_dim, norm, scale)?)
            }
            false => None,
        };
        let last =
            ResnetBlock::new(scope.sub("resnets").sub(1), config, channels, channels, Resize::Keep, scale)?;
        Ok(Self { first: Layer { resnet: first, attention }, last: Layer { resnet: last, attention: None } })
    }

    pub(super) fn forward(&self, x: Tensor, embedding: &Tensor, pass: &Pass) -> Result<Tensor, Error> {
        let x = self.first.run(vec![x], embedding, pass)?;
        self.last.run(vec![x], embedding, pass)
    }
}

fn attention(scope: Scope, config: &UNetConfig, channels: i64) -> Result<SelfAttention, Error> {
    let norm = config.norm_num_groups.map(|groups| (groups, config.norm_eps));
    SelfAttention::new(scope, channels, config.attention_head_dim.unwrap_or(channels), norm, 1.0)
}
