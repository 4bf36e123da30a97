//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Diffusion models on LibTorch, from one binary: train, sample, inspect.
#[derive(Debug, Parser)]
#[command(name = "tweedie", version, propagate_version = true, max_term_width = 110)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say more; twice for everything.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a model; without flags on the built-in shapes, showing what it learnt.
    Train(Train),
    /// Draw pictures from a trained model.
    Sample(Sample),
    /// Say what a checkpoint is; plot its schedule; show the forward process on an image.
    Inspect(Inspect),
    /// Look at data.
    Data {
        /// What to do with it.
        #[command(subcommand)]
        command: Data,
    },
    /// Measure samples against data.
    Evaluate {
        /// What to measure.
        #[command(subcommand)]
        command: Evaluate,
    },
    /// Put an average of the weights of another length together from those that a run stored.
    Ema(EmaOptions),
    /// List runs with their state and best figures, or compare two.
    Runs(Runs),
    /// The devices, LibTorch and the precision that `auto` takes.
    Devices,
    /// Print a shell's completions.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
}

/// Where a configuration comes from.
#[derive(Debug, Args)]
pub struct ConfigSource {
    /// A built-in configuration: shapes (default), shapes-32, mnist, fashion-mnist, cifar10, faces, nouns, folder.
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub preset: Option<String>,
    /// A TOML file, such as the config.toml of an earlier run.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Change one value, such as training.batch=32; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The data set's folder, archive or file, for presets that need one.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
}

/// `tweedie train`.
#[derive(Debug, Args)]
pub struct Train {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub source: ConfigSource,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Where runs are kept.
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    pub runs: PathBuf,
    /// Go on with a run from its newest checkpoint, bit for bit; --set training.images=N makes it longer.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["preset", "config"])]
    pub resume: Option<PathBuf>,
    /// Threads inside an operation; a resumed run takes those it had.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print the resolved configuration and stop.
    #[arg(long)]
    pub dry_run: bool,
}

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
    /// Also write the samples as numbers: safetensors, f32, (N, C, H, W), in the model's range.
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

/// `tweedie data …`.
#[derive(Debug, Subcommand)]
pub enum Data {
    /// Write a sheet of pictures with labels, and print statistics, sizes and duplicates.
    Preview(Preview),
    /// Download a public set from its official address: mnist, fashion-mnist, cifar10.
    Get(Get),
}

/// `tweedie data get`.
#[derive(Debug, Args)]
pub struct Get {
    /// Which set: mnist, fashion-mnist or cifar10.
    pub name: String,
    /// Where it goes; data/NAME otherwise.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Another address that holds the same files.
    #[arg(long, value_name = "URL")]
    pub from: Option<String>,
}

/// `tweedie data preview`.
#[derive(Debug, Args)]
pub struct Preview {
    /// Where the configuration comes from.
    #[command(flatten)]
    pub source: ConfigSource,
    /// How many pictures.
    #[arg(short, long, default_value_t = 36)]
    pub n: usize,
    /// Where the sheet goes.
    #[arg(long, value_name = "FILE", default_value = "preview.png")]
    pub out: PathBuf,
}

/// `tweedie evaluate …`.
#[derive(Debug, Subcommand)]
pub enum Evaluate {
    /// Fréchet and kernel distance, precision and recall, nearest neighbours; real pictures beside them.
    Samples(EvaluateSamples),
}

/// `tweedie evaluate samples`.
#[derive(Debug, Args)]
pub struct EvaluateSamples {
    /// A checkpoint's or a run's folder, or a folder or archive of pictures.
    pub model: PathBuf,
    /// Which data to compare with; a run knows its own.
    #[command(flatten)]
    pub source: ConfigSource,
    /// What makes the features: a file of weights (LeNet, CIFAR ResNet), or `pixels` for their principal components.
    #[arg(long, value_name = "FILE")]
    pub extractor: Option<String>,
    /// How many samples.
    #[arg(short, long, default_value_t = 1000)]
    pub n: usize,
    /// Pictures of the data that they are compared with, at most.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub reference: usize,
    /// Seed of the noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How many steps; the checkpoint says otherwise.
    #[arg(long)]
    pub steps: Option<usize>,
    /// DDIM's η; the checkpoint says otherwise.
    #[arg(long)]
    pub eta: Option<f64>,
    /// A class by name or number, `all` for one after another, `none`.
    #[arg(long)]
    pub class: Option<String>,
    /// The weights themselves instead of their moving average.
    #[arg(long)]
    pub raw: bool,
    /// auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Where the report and the sheet of neighbours go.
    #[arg(long, value_name = "FOLDER", default_value = "evaluation")]
    pub out: PathBuf,
}

/// `tweedie runs`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Runs {
    /// Where runs are kept.
    #[arg(value_name = "FOLDER", default_value = "runs")]
    pub runs: PathBuf,
    /// What to do beside listing.
    #[command(subcommand)]
    pub command: Option<RunsCompare>,
}

/// `tweedie runs compare`.
#[derive(Debug, Subcommand)]
pub enum RunsCompare {
    /// Print how two configurations differ, and overlay the curves.
    Compare {
        /// A run.
        first: PathBuf,
        /// Another.
        second: PathBuf,
        /// Where the plot goes.
        #[arg(long, value_name = "FILE", default_value = "compare.svg")]
        out: PathBuf,
    },
}

/// `tweedie ema`.
#[derive(Debug, Args)]
pub struct EmaOptions {
    /// A run that was trained with training.posthoc_ema.
    pub run: PathBuf,
    /// The average's width relative to the training, such as 0.08.
    #[arg(long)]
    pub std: f64,
    /// Where the checkpoint goes; RUN/ema-STD otherwise.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}
