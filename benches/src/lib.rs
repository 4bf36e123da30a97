//! The networks used in the benchmarks, and ratios of measurements.

pub mod contender;
mod ratio;

pub use ratio::{Interval, ratio};

use std::io::Write;
use tempfile::NamedTempFile;
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::Description;
use tweedie_networks::UNetConfig;
use tweedie_networks::unet::SampleSize;

/// The network of the preset `shapes`: 16×16 pixels, attention below full resolution.
pub fn small_network() -> UNetConfig {
    let names = |list: [&str; 3]| list.map(String::from).to_vec();
    UNetConfig {
        sample_size: Some(SampleSize::Square(16)),
        block_out_channels: vec![32, 64, 96],
        down_block_types: names(["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"]),
        up_block_types: names(["AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"]),
        layers_per_block: 1,
        attention_head_dim: Some(32),
        norm_num_groups: Some(8),
        ..UNetConfig::default()
    }
}

/// The network of Ho et al. (2020) for CIFAR-10: 32×32 pixels, 35.7 million parameters.
pub fn ddpm_network() -> UNetConfig {
    let names = |list: [&str; 4]| list.map(String::from).to_vec();
    UNetConfig {
        sample_size: Some(SampleSize::Square(32)),
        block_out_channels: vec![128, 256, 256, 256],
        down_block_types: names(["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"]),
        up_block_types: names(["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"]),
        attention_head_dim: None,
        downsample_padding: 0,
        flip_sin_to_cos: false,
        freq_shift: 1.0,
        norm_eps: 1e-6,
        ..UNetConfig::default()
    }
}

/// The description of a network that predicts x₀.
pub fn description() -> Description {
    Description::new(Schedule::COSINE, 1000, Parameterization::X0)
}

/// A temporary file with the keys of a configuration that have a value, as `diffusers` reads it.
///
/// # Errors
/// An error if the file cannot be written.
pub fn config_file(network: &UNetConfig) -> anyhow::Result<NamedTempFile> {
    let mut value = serde_json::to_value(network)?;
    if let Some(object) = value.as_object_mut() {
        object.retain(|_, value| !value.is_null());
    }
    let mut file = tempfile::Builder::new().suffix(".json").tempfile()?;
    file.write_all(&serde_json::to_vec(&value)?)?;
    Ok(file)
}
