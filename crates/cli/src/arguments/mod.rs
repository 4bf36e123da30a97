//! The command line.

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
    /// Draw images from a trained model.
    Sample(Sample),
    /// Samplers beside each other: how far each is from a many-step reference, what it costs, what it draws.
    Compare(Compare),
    /// Encode images into the noise that they are drawn from (DDIM backwards).
    Invert(Invert),
    /// Encode images and decode them again: how much of them comes back.
    Reconstruct(Reconstruct),
    /// Say what a checkpoint is; plot its schedule; show the forward process on an image.
    Inspect(Inspect),
    /// Look at data.
    Data {
        /// What to do with it.
        #[command(subcommand)]
        command: Data,
    },
    /// Measure samples against data, or how likely a model holds data to be.
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
