//! The configuration of a U-Net, with the keys of `UNet2DModel` in `diffusers`.

use crate::Error;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Configuration of a [`super::UNet`]; names, meanings and defaults are those of `UNet2DModel`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UNetConfig {
    /// Default height and width of samples. The network accepts every size that can be halved as often as needed.
    pub sample_size: Option<SampleSize>,
    /// Number of channels of x.
    pub in_channels: i64,
    /// Number of output channels; twice the channels of x if a variance is predicted.
    pub out_channels: i64,
    /// Whether x in [0, 1] is first mapped to [−1, 1].
    pub center_input_sample: bool,
    /// `positional`, `fourier` or `learned`.
    pub time_embedding_type: String,
    /// Width of the time embedding; null for four times the channels of the first block.
    pub time_embedding_dim: Option<i64>,
    /// Shift in the exponent of the positional embedding.
    pub freq_shift: f64,
    /// Whether the cosines of the positional embedding come first.
    pub flip_sin_to_cos: bool,
    /// One block type per resolution: `DownBlock2D`, `AttnDownBlock2D` or `ResnetDownsampleBlock2D`.
    pub down_block_types: Vec<String>,
    /// `UNetMidBlock2D` or null.
    pub mid_block_type: Option<String>,
    /// One block type per resolution, from the coarsest: `UpBlock2D`, `AttnUpBlock2D` or `ResnetUpsampleBlock2D`.
    pub up_block_types: Vec<String>,
    /// Number of channels per resolution.
    pub block_out_channels: Vec<i64>,
    /// Number of residual blocks per resolution in the downsampling half; the upsampling half has one more.
    pub layers_per_block: i64,
    /// Divisor of the residual sums of the middle block.
    pub mid_block_scale_factor: f64,
    /// 1, or 0 for TensorFlow's one-sided padding before a strided convolution.
    pub downsample_padding: i64,
    /// Downsampling of attention blocks: `conv` or `resnet`.
    pub downsample_type: String,
    /// Upsampling of attention blocks: `conv` or `resnet`.
    pub upsample_type: String,
    /// Probability with which dropout sets a feature to zero in training.
    pub dropout: f64,
    /// `silu`, `swish`, `mish`, `gelu` or `relu`.
    pub act_fn: String,
    /// Number of channels per attention head; null for one head with all channels.
    pub attention_head_dim: Option<i64>,
    /// Number of groups of every group normalisation.
    pub norm_num_groups: Option<i64>,
    /// Number of groups of the normalisation in the attention of the middle block.
    pub attn_norm_num_groups: Option<i64>,
    /// The ε that normalisation adds to the variance.
    pub norm_eps: f64,
    /// `default` to add the time embedding, or `scale_shift` to scale and shift by it.
    pub resnet_time_scale_shift: String,
    /// Whether the middle block has attention.
    pub add_attention: bool,
    /// null (a table if `num_class_embeds` is given), `timestep` or `identity`.
    pub class_embed_type: Option<String>,
    /// Number of rows of the class table.
    pub num_class_embeds: Option<i64>,
    /// Number of rows of the learned time table.
    pub num_train_timesteps: Option<i64>,
}

/// One number for both sides, or height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SampleSize {
    /// A square.
    Square(i64),
    /// Height, width.
    Sides([i64; 2]),
}

impl SampleSize {
    /// Height and width.
    pub fn sides(self) -> [i64; 2] {
        match self {
            Self::Square(side) => [side; 2],
            Self::Sides(sides) => sides,
        }
    }

    /// One number if the sides are equal; otherwise height and width.
    pub fn of([height, width]: [i64; 2]) -> Self {
        if height == width { Self::Square(height) } else { Self::Sides([height, width]) }
    }
}

impl Default for UNetConfig {
    fn default() -> Self {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_string()).collect();
        Self {
            sample_size: None,
            in_channels: 3,
            out_channels: 3,
            center_input_sample: false,
            time_embedding_type: "positional".into(),
            time_embedding_dim: None,
            freq_shift: 0.0,
            flip_sin_to_cos: true,
            down_block_types: names(&[
                "DownBlock2D",
                "AttnDownBlock2D",
                "AttnDownBlock2D",
                "AttnDownBlock2D",
            ]),
            mid_block_type: Some("UNetMidBlock2D".into()),
            up_block_types: names(&["AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"]),
            block_out_channels: vec![224, 448, 672, 896],
            layers_per_block: 2,
            mid_block_scale_factor: 1.0,
            downsample_padding: 1,
            downsample_type: "conv".into(),
            upsample_type: "conv".into(),
            dropout: 0.0,
            act_fn: "silu".into(),
            attention_head_dim: Some(8),
            norm_num_groups: Some(32),
            attn_norm_num_groups: None,
            norm_eps: 1e-5,
            resnet_time_scale_shift: "default".into(),
            add_attention: true,
            class_embed_type: None,
            num_class_embeds: None,
            num_train_timesteps: None,
        }
    }
}

impl UNetConfig {
    /// The keys of a configuration.
    pub const KEYS: [&str; 28] = [
        "sample_size",
        "in_channels",
        "out_channels",
        "center_input_sample",
        "time_embedding_type",
        "time_embedding_dim",
        "freq_shift",
        "flip_sin_to_cos",
        "down_block_types",
        "mid_block_type",
        "up_block_types",
        "block_out_channels",
        "layers_per_block",
        "mid_block_scale_factor",
        "downsample_padding",
        "downsample_type",
        "upsample_type",
        "dropout",
        "act_fn",
        "attention_head_dim",
        "norm_num_groups",
        "attn_norm_num_groups",
        "norm_eps",
        "resnet_time_scale_shift",
        "add_attention",
        "class_embed_type",
        "num_class_embeds",
        "num_train_timesteps",
    ];

    /// Width of the time embedding.
    pub fn time_width(&self) -> i64 {
        self.time_embedding_dim.unwrap_or(4 * self.block_out_channels[0])
    }

    /// Reads a configuration from a JSON object. Unknown keys are ignored.
    ///
    /// # Errors
    /// [`Error::Json`] for a value of another type.
    pub fn from_json(config: &Value) -> Result<Self, Error> {
        let known = config.as_object().into_iter().flatten();
        let known = known.filter(|(key, _)| Self::KEYS.contains(&key.as_str()));
        crate::from_json(&Value::Object(known.map(|(key, value)| (key.clone(), value.clone())).collect()))
    }

    /// The number of pixels at the finest resolution, for the configured size or else for the smallest image that can be halved as often.
    pub(super) fn finest_places(&self) -> i64 {
        let [height, width] = self.sample_size.map_or([1 << self.n_halvings(); 2], SampleSize::sides);
        height * width
    }

    /// The number of pixels at resolution `index`, given the number at the finest.
    pub(super) fn places(&self, index: usize, finest: i64) -> i64 {
        finest >> (2 * index)
    }

    /// The number of times the network halves height and width.
    pub fn n_halvings(&self) -> u32 {
        self.block_out_channels.len().saturating_sub(1) as u32
    }
}
