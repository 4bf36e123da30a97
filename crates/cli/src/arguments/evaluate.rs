//! `tweedie evaluate`, `tweedie runs` and `tweedie ema`.

use super::ConfigSource;
use clap::{Args, Subcommand};
use std::path::PathBuf;

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
