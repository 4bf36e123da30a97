//! Arguments of `tweedie sample` and `tweedie inspect`.

use super::count::between;
use super::{FolderFlags, GuidanceFlags, SamplerFlags};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use tweedie_applications::generation::{MOST_AT_ONCE, MOST_SAMPLES};
use tweedie_applications::inspection::MOST_FRAMES;

/// Arguments of `tweedie sample`.
#[derive(Debug, Args)]
pub struct Sample {
    /// The folder of a checkpoint or a run; a folder saved by diffusers is accepted.
    #[arg(required_unless_present = "list")]
    pub model: Option<PathBuf>,
    /// List the samplers, each with a description and its source, and exit.
    #[arg(long)]
    pub list: bool,
    /// Sampler options.
    #[command(flatten)]
    pub how: SamplerFlags,
    /// Guidance options.
    #[command(flatten)]
    pub guidance: GuidanceFlags,
    /// The seed of the noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// The number of images; with --interpolate, the number of rows.
    #[arg(short, long, default_value_t = 16, value_parser = between(1, MOST_SAMPLES))]
    pub n: usize,
    /// The index of the first image. The noise of an image depends only on the seed and its index, so a large set of images can be generated in
    /// several runs.
    #[arg(long, default_value_t = 0, value_name = "I")]
    pub first: u64,
    /// The batch size; 0 selects 64 images or 1024 points, or all samples in one batch with --noise torch.
    #[arg(long, default_value_t = 0, value_parser = between(0, MOST_AT_ONCE))]
    pub batch: usize,
    /// The source of the noise.
    #[arg(long, default_value = "stream")]
    pub noise: NoiseName,
    /// Start from the latents in this file, written by `invert`, instead of noise; one image is generated for each. x̂0 is clipped only
    /// if --clip or --threshold is given.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["interpolate", "n"])]
    pub start: Option<PathBuf>,
    /// Interpolate between each pair of consecutive starts in N images; each pair is a row of the sheet. ddim then uses η = 0.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1000))]
    pub interpolate: Option<u32>,
    /// With --interpolate: interpolate between the encodings of two PNG images instead of between noises.
    #[arg(long, value_names = ["A", "B"], num_args = 2, requires = "interpolate", conflicts_with = "n")]
    pub between: Option<Vec<PathBuf>>,
    /// Also write the prediction x̂0 at N steps of sampling: a sheet with a row for each of the first eight images, and an animated PNG.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub save_steps: Option<u32>,
    /// The output: a folder for single images, a .png file for a sheet or a scatter plot, or a .csv or .tsv file for points.
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Write one sheet instead of single images, or a scatter plot instead of a table of points.
    #[arg(long)]
    pub grid: bool,
    /// Also write the samples as a tensor (safetensors, f32, (N, C, H, W)) in the model's range; a model of arrays writes the units of
    /// its data.
    #[arg(long, value_name = "FILE")]
    pub raw: Option<PathBuf>,
    /// Options for loading the folder.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// Precision: auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// Device: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// The class, by name or as row:N; `all` cycles through the classes, `none` is for models that can sample without a class.
    #[arg(long)]
    pub class: Option<String>,
    /// Height and width as HxW, for a checkpoint that does not fix them.
    #[arg(long, value_name = "HxW")]
    pub size: Option<String>,
}

/// Names of the noise sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NoiseName {
    /// Noise keyed by seed and image index; an image does not depend on the batch size or the device.
    Stream,
    /// PyTorch's CPU generator, used as in diffusers' pipelines, so that the same seed gives the same image as there.
    Torch,
}

/// Arguments of `tweedie inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// The folder of a checkpoint or a run; a folder saved by diffusers is accepted.
    pub model: PathBuf,
    /// Write a plot of the schedule (SVG) to this file.
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Show the forward process on this PNG image: a strip of x_t and of the model's prediction of x_0.
    #[arg(long, value_name = "FILE")]
    pub image: Option<PathBuf>,
    /// Output file for the strip.
    #[arg(long, value_name = "FILE", default_value = "strip.png")]
    pub out: PathBuf,
    /// The number of frames of the strip.
    #[arg(long, default_value_t = 9, value_parser = between(1, MOST_FRAMES))]
    pub frames: usize,
    /// The seed of the strip's noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// The class, by name or as row:N, for the predictions of a class-conditional model.
    #[arg(long)]
    pub class: Option<String>,
    /// Options for loading the folder.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// Device: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
}
