//! Arguments of `tweedie data`.

use super::ConfigSource;
use super::count::between;
use clap::{Args, Subcommand};
use std::path::PathBuf;
use tweedie_applications::generation::MOST_SAMPLES;

/// Subcommands of `tweedie data`.
#[derive(Debug, Subcommand)]
pub enum Data {
    /// Write a sheet of labelled images or a plot of points, and print statistics, sizes and duplicates.
    Preview(Preview),
    /// Download a public data set from its official address: mnist, fashion-mnist or cifar10.
    Get(Get),
}

/// Arguments of `tweedie data get`.
#[derive(Debug, Args)]
pub struct Get {
    /// The data set: mnist, fashion-mnist or cifar10.
    pub name: String,
    /// Output folder; default: data/NAME.
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// A mirror that serves the same files.
    #[arg(long, value_name = "URL")]
    pub from: Option<String>,
}

/// Arguments of `tweedie data preview`.
#[derive(Debug, Args)]
pub struct Preview {
    /// The source of the configuration.
    #[command(flatten)]
    pub source: ConfigSource,
    /// The number of images or points to show; default: 36 images or 5000 points.
    #[arg(short, long, value_parser = between(1, MOST_SAMPLES))]
    pub n: Option<usize>,
    /// Output file for the sheet of images or the plot of points.
    #[arg(long, value_name = "FILE", default_value = "preview.png")]
    pub out: PathBuf,
}
