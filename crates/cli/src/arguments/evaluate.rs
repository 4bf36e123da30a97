//! Arguments of `tweedie evaluate`, `tweedie runs` and `tweedie ema`.

use super::{ConfigSource, FolderFlags, GuidanceFlags, SamplerFlags, VarianceName};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use tweedie_math::Subsequence;

/// Subcommands of `tweedie evaluate`.
#[derive(Debug, Subcommand)]
pub enum Evaluate {
    /// Compute Fréchet distance, kernel distance, precision, recall and nearest neighbours, also for real images.
    Samples(Box<EvaluateSamples>),
    /// Compute the variational bound in bits per dimension for each level; with --flow also the likelihood under the probability-flow
    /// ODE, which is a bound for bytes.
    Likelihood(Box<EvaluateLikelihood>),
}

/// Arguments of `tweedie evaluate samples`.
#[derive(Debug, Args)]
pub struct EvaluateSamples {
    /// The folder of a checkpoint or a run, a folder or archive of images, or a table of points.
    pub model: PathBuf,
    /// The data to compare with. For a run, the default is the data that it was trained on.
    #[command(flatten)]
    pub source: ConfigSource,
    /// The feature extractor: a file of weights (LeNet, CIFAR ResNet), or `pixels` for the principal components of the pixels.
    #[arg(long, value_name = "FILE")]
    pub extractor: Option<String>,
    /// The number of samples.
    #[arg(short, long, default_value_t = 1000)]
    pub n: usize,
    /// The maximum number of images of the data set to compare with.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub reference: usize,
    /// The seed of the noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Sampler options.
    #[command(flatten)]
    pub how: SamplerFlags,
    /// Guidance options.
    #[command(flatten)]
    pub guidance: GuidanceFlags,
    /// The class, by name or as row:N; `all` cycles through the classes, `none` samples without a class.
    #[arg(long)]
    pub class: Option<String>,
    /// Short form of --weights raw.
    #[arg(long, hide = true, conflicts_with = "weights")]
    pub raw: bool,
    /// Options for loading the folder.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// Precision: auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// Device: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Output folder for the report and the sheet of nearest neighbours.
    #[arg(long, value_name = "FOLDER", default_value = "evaluation")]
    pub out: PathBuf,
}

/// Arguments of `tweedie evaluate likelihood`.
#[derive(Debug, Args)]
pub struct EvaluateLikelihood {
    /// The folder of a checkpoint or a run; several models use the same images and noise and are compared with the first.
    #[arg(required = true, value_name = "MODEL")]
    pub models: Vec<PathBuf>,
    /// The data. The default is the held-out images of a run; with --data, all images of that data set are used.
    #[command(flatten)]
    pub source: ConfigSource,
    /// The number of images.
    #[arg(short, long, default_value_t = 64)]
    pub n: usize,
    /// The levels that the reverse process visits: all, trailing:50, leading:N, linspace:N, quadratic:N, sections:10,15,20, ddim50,
    /// karras:18, log_snr:N, times:1,5,10.
    #[arg(long, default_value = "all", value_name = "WHICH")]
    pub levels: Subsequence,
    /// The variance of the reverse process; default: the learned variance if the network has one, otherwise that of the checkpoint's
    /// sampler.
    #[arg(long)]
    pub variance: Option<VarianceName>,
    /// The variance at the first level, where the posterior variance is zero.
    #[arg(long, default_value = "second-posterior")]
    pub first: FirstName,
    /// The method for the probability of a byte's bin under a Gaussian.
    #[arg(long, default_value = "exact")]
    pub decoder: DecoderName,
    /// Keep x̂0 as predicted instead of clipping it to the range of the data.
    #[arg(long)]
    pub no_clip: bool,
    /// Also write the term of every image and level into the report.
    #[arg(long)]
    pub terms: bool,
    /// Also compute the likelihood under the probability-flow ODE. For bytes it is an upper bound of −log₂ of their probability, because
    /// they are dequantized; above 64 values it is an unbiased estimate by random probes.
    #[arg(long)]
    pub flow: bool,
    /// Do not compute the bound.
    #[arg(long, requires = "flow")]
    pub no_bound: bool,
    /// Random probes per image that estimate the divergence of the flow; default: the exact divergence for data of up to 64 values,
    /// otherwise one probe, whose error is part of the ±.
    #[arg(long, value_name = "K")]
    pub probes: Option<usize>,
    /// The local error per dimension that a step of the flow may have. The error of the solution is measured on every 8th image by a
    /// tenth of it.
    #[arg(long, default_value_t = 1e-4)]
    pub tolerance: f64,
    /// The number of levels (for the flow: images) in one batch of the network; memory grows with it.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub at_once: usize,
    /// The seed of the noise and of the choice of images.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// The class, by name or as row:N, or `none`; default for a class-conditional model: the class of each image.
    #[arg(long)]
    pub class: Option<String>,
    /// Short form of --weights raw.
    #[arg(long, hide = true, conflicts_with = "weights")]
    pub raw: bool,
    /// Options for loading the folder.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// Precision: auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// Device: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// Output folder for the report (JSON) and the plot (SVG).
    #[arg(long, value_name = "FOLDER", default_value = "evaluation")]
    pub out: PathBuf,
}

/// Names of the variance at the first level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FirstName {
    /// β̃ of the second level, as in OpenAI's code; the results are comparable with the literature.
    SecondPosterior,
    /// β of the first level itself.
    OwnForward,
}

/// Names of the decoders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DecoderName {
    /// The exact probability, with the error function.
    Exact,
    /// The tanh approximation of OpenAI's code, for comparison with it.
    Tanh,
}

/// Arguments of `tweedie runs`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Runs {
    /// The folder of the runs.
    #[arg(value_name = "FOLDER", default_value = "runs")]
    pub runs: PathBuf,
    /// The subcommand; without one, the runs are listed.
    #[command(subcommand)]
    pub command: Option<RunsCompare>,
}

/// Subcommands of `tweedie runs`.
#[derive(Debug, Subcommand)]
pub enum RunsCompare {
    /// Print the differences between two configurations and plot both loss curves.
    Compare {
        /// The first run.
        first: PathBuf,
        /// The second run.
        second: PathBuf,
        /// Output file for the plot.
        #[arg(long, value_name = "FILE", default_value = "compare.svg")]
        out: PathBuf,
    },
}

/// Arguments of `tweedie ema`.
#[derive(Debug, Args)]
pub struct EmaOptions {
    /// The folder of a run that was trained with training.posthoc_ema.
    pub run: PathBuf,
    /// The width of the average relative to the length of the training, such as 0.08. A width that the stored averages do not carry is
    /// an error that names the widths they carry.
    #[arg(long)]
    pub std: f64,
    /// Output folder for the checkpoint; default: RUN/ema-STD.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
}
