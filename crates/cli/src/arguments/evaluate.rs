//! `tweedie evaluate`, `tweedie runs` and `tweedie ema`.

use super::{ConfigSource, FolderFlags, GuidanceFlags, SamplerFlags, VarianceName};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use tweedie_math::Subsequence;

/// `tweedie evaluate …`.
#[derive(Debug, Subcommand)]
pub enum Evaluate {
    /// Fréchet and kernel distance, precision and recall, nearest neighbours; real images beside them.
    Samples(Box<EvaluateSamples>),
    /// The variational bound in bits per dimension, level by level; with --flow the exact likelihood, too.
    Likelihood(Box<EvaluateLikelihood>),
}

/// `tweedie evaluate samples`.
#[derive(Debug, Args)]
pub struct EvaluateSamples {
    /// A checkpoint's or a run's folder, a folder or archive of images, or a table of points.
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
    /// Images of the data that they are compared with, at most.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub reference: usize,
    /// Seed of the noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// How the model is sampled.
    #[command(flatten)]
    pub how: SamplerFlags,
    /// How it is led.
    #[command(flatten)]
    pub guidance: GuidanceFlags,
    /// A class by name or number, `all` for one after another, `none`.
    #[arg(long)]
    pub class: Option<String>,
    /// Short for --weights raw.
    #[arg(long, hide = true, conflicts_with = "weights")]
    pub raw: bool,
    /// What the folder leaves open.
    #[command(flatten)]
    pub folder: FolderFlags,
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

/// `tweedie evaluate likelihood`.
#[derive(Debug, Args)]
pub struct EvaluateLikelihood {
    /// A checkpoint's or a run's folder. Several are judged on the same images and the same noise, and compared with the first.
    #[arg(required = true, value_name = "MODEL")]
    pub models: Vec<PathBuf>,
    /// Which data. A run's own held-out images by default; with --data every image there.
    #[command(flatten)]
    pub source: ConfigSource,
    /// How many images.
    #[arg(short, long, default_value_t = 64)]
    pub n: usize,
    /// Which levels the reverse process visits: all, trailing:50, leading:N, linspace:N, quadratic:N, sections:10,15,20, ddim50,
    /// karras:18, log_snr:N, times:1,5,10.
    #[arg(long, default_value = "all", value_name = "WHICH")]
    pub levels: Subsequence,
    /// The reverse variance; the network's own where it learned one, else the one that the checkpoint is sampled with.
    #[arg(long)]
    pub variance: Option<VarianceName>,
    /// What stands for the variance at the first level, where the posterior has none.
    #[arg(long, default_value = "second-posterior")]
    pub first: FirstName,
    /// How a byte's bin is measured under a Gaussian.
    #[arg(long, default_value = "exact")]
    pub decoder: DecoderName,
    /// Leave x̂0 as the network says it, instead of moving it into the data's range.
    #[arg(long)]
    pub no_clip: bool,
    /// Write every image's term of every level into the report, too.
    #[arg(long)]
    pub terms: bool,
    /// Also the likelihood by the probability-flow ODE.
    #[arg(long)]
    pub flow: bool,
    /// Without the bound.
    #[arg(long, requires = "flow")]
    pub no_bound: bool,
    /// Random probes of the flow's divergence per image; up to 64 values it is exact unless this is given, else 1.
    #[arg(long, value_name = "K")]
    pub probes: Option<usize>,
    /// The flow's local error per dimension that a step may have.
    #[arg(long, default_value_t = 1e-4)]
    pub tolerance: f64,
    /// Levels (for the flow: images) that the network computes at once: memory grows with it.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub at_once: usize,
    /// Seed of the noise and of the choice of images.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// A class by name or number, or none; a class-conditional model is told each image's own by default.
    #[arg(long)]
    pub class: Option<String>,
    /// Short for --weights raw.
    #[arg(long, hide = true, conflicts_with = "weights")]
    pub raw: bool,
    /// What the folder leaves open.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Where the report (JSON) and the plot (SVG) go.
    #[arg(long, value_name = "FOLDER", default_value = "evaluation")]
    pub out: PathBuf,
}

/// First variances by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FirstName {
    /// β̃ of the second level, as OpenAI's code has it: figures compare with the literature's.
    SecondPosterior,
    /// β of the first level itself.
    OwnForward,
}

/// Decoders by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DecoderName {
    /// By erf.
    Exact,
    /// By the approximation with tanh that OpenAI's code has, for parity.
    Tanh,
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
