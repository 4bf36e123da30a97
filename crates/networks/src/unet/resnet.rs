//! The residual block of the U-Net.

use super::UNetConfig;
use crate::layers::{Activation, Conv2d, GroupNorm, Linear, Start, avg_pool_2, scaled, upsample_nearest_2};
use crate::{Error, Pass, Scope};
use tch::Tensor;
use tweedie_torch::Modulation;

/// The change of height and width in a residual block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resize {
    Keep,
    Double,
    Halve,
}

impl Resize {
    /// The number of pixels after the change.
    fn places(self, before: i64) -> i64 {
        match self {
            Self::Keep => before,
            Self::Double => 4 * before,
            Self::Halve => before / 4,
        }
    }

    fn apply(self, x: &Tensor) -> Tensor {
        match self {
            Self::Keep => x.shallow_clone(),
            Self::Double => upsample_nearest_2(x),
            Self::Halve => avg_pool_2(x),
        }
    }
}

/// A residual block: norm, activation, resize, convolution; the time embedding; norm, activation, dropout, convolution; plus the input.
#[derive(Debug)]
pub(super) struct ResnetBlock {
    norm1: GroupNorm,
    conv1: Conv2d,
    time_emb_proj: Linear,
    norm2: GroupNorm,
    conv2: Conv2d,
    conv_shortcut: Option<Conv2d>,
    scale_shift: bool,
    activation: Activation,
    dropout: f64,
    resize: Resize,
    output_scale: f64,
}

impl ResnetBlock {
    pub(super) fn new(
        scope: Scope,
        config: &UNetConfig,
        inputs: i64,
        outputs: i64,
        resize: Resize,
        output_scale: f64,
    ) -> Result<Self, Error> {
        let groups = config.norm_num_groups.unwrap_or(32);
        let scale_shift = config.resnet_time_scale_shift == "scale_shift";
        let time_outputs = if scale_shift { 2 * outputs } else { outputs };
        let before = scope.places();
        let mut scope = scope.on(resize.places(before));
        Ok(Self {
            norm1: GroupNorm::new(scope.sub("norm1").on(before), inputs, groups, config.norm_eps)?,
            conv1: Conv2d::new(scope.sub("conv1"), inputs, outputs, 3, Start::Default)?,
            time_emb_proj: Linear::new(
                scope.sub("time_emb_proj").on(1),
                config.time_width(),
                time_outputs,
                Start::Default,
            )?,
            norm2: GroupNorm::new(scope.sub("norm2"), outputs, groups, config.norm_eps)?,
            conv2: Conv2d::new(scope.sub("conv2"), outputs, outputs, 3, Start::Zero)?,
            conv_shortcut: match inputs == outputs {
                true => None,
                false => Some(Conv2d::new(scope.sub("conv_shortcut"), inputs, outputs, 1, Start::Default)?),
            },
            scale_shift,
            activation: Activation::from_name(&config.act_fn)?,
            dropout: config.dropout,
            resize,
            output_scale,
        })
    }

    /// Another handle to the same parameters.
    pub(super) fn share(&self) -> Self {
        Self {
            norm1: self.norm1.share(),
            conv1: self.conv1.share(),
            time_emb_proj: self.time_emb_proj.share(),
            norm2: self.norm2.share(),
            conv2: self.conv2.share(),
            conv_shortcut: self.conv_shortcut.as_ref().map(Conv2d::share),
            ..*self
        }
    }

    /// `embedding` is the activated embedding of time and condition, (N, width) or (1, width).
    pub(super) fn forward(&self, x: &Tensor, embedding: &Tensor, pass: &Pass) -> Tensor {
        let h = self.norm1.activated(x, Modulation::default(), self.activation, pass);
        let h = self.conv1.forward(&self.resize.apply(&h), pass);
        let time = self.time_emb_proj.forward_rows(embedding, pass);
        let halves = if self.scale_shift { time.chunk(2, 1) } else { Vec::new() };
        let modulation = match halves.as_slice() {
            [scale, shift] => Modulation { add: None, scale_shift: Some((scale, shift)) },
            _ => Modulation { add: Some(&time), scale_shift: None },
        };
        let h = self.norm2.activated(&h, modulation, self.activation, pass);
        let h = if pass.train && self.dropout > 0.0 { h.dropout(self.dropout, true) } else { h };
        scaled(self.conv2.add_to(self.shortcut(x, pass), &h, pass), self.output_scale)
    }

    /// The input in the shape of the output. If the pass adds to it in place, it shares no memory with x.
    fn shortcut(&self, x: &Tensor, pass: &Pass) -> Tensor {
        match (&self.conv_shortcut, self.resize) {
            (Some(conv), resize) => conv.forward(&resize.apply(x), pass),
            (None, Resize::Keep) if pass.is_packed(x) => {
                let mut copy = x.empty_like();
                copy.copy_(x);
                copy
            }
            (None, resize) => resize.apply(x),
        }
    }
}
