//! Arguments of the command line.

mod count;
mod data;
mod evaluate;
mod folder;
mod latent;
mod sample;
mod sampler;
mod train;

pub use data::{Data, Get, Preview};
pub use evaluate::{
    DecoderName, EmaOptions, Evaluate, EvaluateLikelihood, EvaluateSamples, FirstName, Runs, RunsCompare,
};
pub use folder::FolderFlags;
pub use latent::{Compare, Invert, Reconstruct};
pub use sample::{Inspect, NoiseName, Sample};
pub use sampler::{Eta, GuidanceFlags, OptionFlags, SamplerFlags, VarianceName};
pub use train::{ConfigSource, Train};

use clap::{Parser, Subcommand};

/// Diffusion models on LibTorch, from one binary: train, sample, inspect.
#[derive(Debug, Parser)]
#[command(name = "tweedie", version, propagate_version = true, max_term_width = 110)]
pub struct Arguments {
    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
    /// Log more: once for informational messages, twice for traces.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train a model; the default is the built-in data set of shapes, with an evaluation at the end.
    Train(Train),
    /// Generate samples from a trained model.
    Sample(Sample),
    /// Compare samplers: distance from a many-step reference, cost and images.
    Compare(Compare),
    /// Encode images as latents by DDIM inversion.
    Invert(Invert),
    /// Encode images, decode them again, and measure the reconstruction error.
    Reconstruct(Reconstruct),
    /// Describe a checkpoint, plot its schedule, or show the forward process on an image.
    Inspect(Inspect),
    /// Download or preview data sets.
    Data {
        /// The subcommand.
        #[command(subcommand)]
        command: Data,
    },
    /// Evaluate samples against data, or the likelihood of data under a model.
    Evaluate {
        /// The subcommand.
        #[command(subcommand)]
        command: Evaluate,
    },
    /// Compute a moving average of the weights of another width from the averages that a run stored.
    Ema(EmaOptions),
    /// List runs with their state and best losses, or compare two runs.
    Runs(Runs),
    /// Print the devices, the LibTorch version and the precision that `auto` selects.
    Devices,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}
