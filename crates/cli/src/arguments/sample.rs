//! `tweedie sample` and `tweedie inspect`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `tweedie sample`.
#[derive(Debug, Args)]
pub struct Sample {
    /// A checkpoint's or a run's folder; one saved by diffusers will do.
    pub model: PathBuf,
    /// Which sampler; the checkpoint says, else ddim.
    #[arg(long)]
    pub sampler: Option<SamplerName>,
    /// How many steps; the checkpoint says, else 50.
    #[arg(long)]
    pub steps: Option<usize>,
    /// DDIM's η: 0 is deterministic, 1 is DDPM.
    #[arg(long)]
    pub eta: Option<f64>,
    /// Seed of the noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How many pictures.
    #[arg(short, long, default_value_t = 16)]
    pub n: usize,
    /// Pictures computed at once; 0 is 64, or all of them with --noise torch.
    #[arg(long, default_value_t = 0)]
    pub batch: usize,
    /// Where the noise comes from.
    #[arg(long, default_value = "stream")]
    pub noise: NoiseName,
    /// Where to write: a folder of pictures, or a .png for a sheet.
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Write one sheet instead of single pictures.
    #[arg(long)]
    pub grid: bool,
    /// Also write the samples as numbers: safetensors, f32, (N, C, H, W), in the model's range; those of a model of arrays in
    /// the arrays' own units.
    #[arg(long, value_name = "FILE")]
    pub raw: Option<PathBuf>,
    /// auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// A class by name or number, `all` for one after another, `none` for a model that can draw without.
    #[arg(long)]
    pub class: Option<String>,
    /// Height and width as HxW, where the checkpoint does not say them.
    #[arg(long, value_name = "HxW")]
    pub size: Option<String>,
}

/// Samplers by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SamplerName {
    /// Ancestral sampling (Ho et al. 2020).
    Ddpm,
    /// Denoising diffusion implicit models (Song et al. 2021).
    Ddim,
}

/// Noise sources by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NoiseName {
    /// Keyed by seed and image: the same picture whatever the batch or the device.
    Stream,
    /// PyTorch's CPU generator, drawn as diffusers' pipelines draw: the same seed gives the same picture there.
    Torch,
}

/// `tweedie inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// A checkpoint's or a run's folder; one saved by diffusers will do.
    pub model: PathBuf,
    /// Write the schedule's plot (SVG) here.
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Show the forward process on this PNG: a strip of x_t and of the model's guess at x_0.
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// Where the strip goes.
    #[arg(long, value_name = "FILE", default_value = "strip.png")]
    pub out: PathBuf,
    /// Frames of the strip.
    #[arg(long, default_value_t = 9)]
    pub frames: usize,
    /// Seed of the strip's noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// A class by name or number, for the guesses of a class-conditional model.
    #[arg(long)]
    pub class: Option<String>,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
}
