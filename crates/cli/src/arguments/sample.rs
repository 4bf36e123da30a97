//! `tweedie sample` and `tweedie inspect`.

use super::{FolderFlags, GuidanceFlags, SamplerFlags};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// `tweedie sample`.
#[derive(Debug, Args)]
pub struct Sample {
    /// A checkpoint's or a run's folder; one saved by diffusers will do.
    #[arg(required_unless_present = "list")]
    pub model: Option<PathBuf>,
    /// List the samplers, each with a line and its source, and stop.
    #[arg(long)]
    pub list: bool,
    /// How the model is sampled.
    #[command(flatten)]
    pub how: SamplerFlags,
    /// How it is led.
    #[command(flatten)]
    pub guidance: GuidanceFlags,
    /// Seed of the noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How many images; with --interpolate how many rows.
    #[arg(short, long, default_value_t = 16)]
    pub n: usize,
    /// The number of the first image: a run of many can be split, as each image's noise is that of its number.
    #[arg(long, default_value_t = 0, value_name = "I")]
    pub first: u64,
    /// Images computed at once; 0 is 64 (1024 points), or all of them with --noise torch.
    #[arg(long, default_value_t = 0)]
    pub batch: usize,
    /// Where the noise comes from.
    #[arg(long, default_value = "stream")]
    pub noise: NoiseName,
    /// Begin with these latents, as `invert` writes them, instead of noise: as many images as there are. x̂0 is clipped only where
    /// --clip or --threshold asks for it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["interpolate", "n"])]
    pub start: Option<PathBuf>,
    /// Draw the way between each two neighbouring starts in so many images: a sheet with a row for each pair. ddim then
    /// has η = 0.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub interpolate: Option<u32>,
    /// With --interpolate: between these two images (PNG), encoded first, instead of between noises.
    #[arg(long, value_names = ["A", "B"], num_args = 2, requires = "interpolate", conflicts_with = "n")]
    pub between: Option<Vec<PathBuf>>,
    /// Also write what the model thinks on the way, x̂0 at so many steps: a sheet with a row for each of the first eight images, and an
    /// animation (PNG).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub save_steps: Option<u32>,
    /// Where to write: a folder of images, a .png for a sheet or a scatter plot, or for points a .csv or .tsv.
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Write one sheet instead of single images.
    #[arg(long)]
    pub grid: bool,
    /// Also write the samples as numbers: safetensors, f32, (N, C, H, W), in the model's range; those of a model of arrays in
    /// the arrays' own units.
    #[arg(long, value_name = "FILE")]
    pub raw: Option<PathBuf>,
    /// What the folder leaves open.
    #[command(flatten)]
    pub folder: FolderFlags,
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

/// Noise sources by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NoiseName {
    /// Keyed by seed and image: the same image whatever the batch or the device.
    Stream,
    /// PyTorch's CPU generator, drawn as diffusers' pipelines draw: the same seed gives the same image there.
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
    /// What the folder leaves open.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
}
