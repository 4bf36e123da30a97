//! Resampling between resolutions.

use super::UNetConfig;
use super::resnet::{Resize, ResnetBlock};
use crate::layers::{Conv2d, Start, upsample_nearest_2};
use crate::{Error, Pass, Scope};
use tch::Tensor;

/// The step from one resolution to the next.
#[derive(Debug)]
pub(super) enum Resample {
    /// A convolution of stride 2. `one_sided` pads only on the right and below, as TensorFlow does.
    Down { conv: Conv2d, one_sided: bool },
    /// Nearest-neighbour upsampling followed by a convolution.
    Up { conv: Conv2d },
    /// A residual block that resizes.
    Resnet(Box<ResnetBlock>),
}

impl Resample {
    pub(super) fn down(mut scope: Scope, config: &UNetConfig, channels: i64) -> Result<Self, Error> {
        let places = scope.places() / 4;
        let conv = Conv2d::new(scope.sub("conv").on(places), channels, channels, 3, Start::Default)?;
        let one_sided = config.downsample_padding == 0;
        Ok(Self::Down { conv: conv.with_stride(2, config.downsample_padding), one_sided })
    }

    pub(super) fn up(mut scope: Scope, channels: i64) -> Result<Self, Error> {
        let places = 4 * scope.places();
        Ok(Self::Up {
            conv: Conv2d::new(scope.sub("conv").on(places), channels, channels, 3, Start::Default)?,
        })
    }

    pub(super) fn resnet(
        scope: Scope,
        config: &UNetConfig,
        channels: i64,
        resize: Resize,
    ) -> Result<Self, Error> {
        Ok(Self::Resnet(Box::new(ResnetBlock::new(scope, config, channels, channels, resize, 1.0)?)))
    }

    pub(super) fn forward(&self, x: &Tensor, embedding: &Tensor, pass: &Pass) -> Tensor {
        match self {
            Self::Down { conv, one_sided: true } => conv.forward(&x.constant_pad_nd([0, 1, 0, 1]), pass),
            Self::Down { conv, one_sided: false } => conv.forward(x, pass),
            Self::Up { conv } => conv.forward(&upsample_nearest_2(x), pass),
            Self::Resnet(block) => block.forward(x, embedding, pass),
        }
    }
}
