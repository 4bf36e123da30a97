//! `tweedie data`.

use super::ConfigSource;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `tweedie data …`.
#[derive(Debug, Subcommand)]
pub enum Data {
    /// Write a sheet of images with labels or a plot of points, and print statistics, sizes and duplicates.
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
    /// How many images or points; otherwise 36 images, or 5000 points.
    #[arg(short, long)]
    pub n: Option<usize>,
    /// Where the sheet of images or the plot of points goes.
    #[arg(long, value_name = "FILE", default_value = "preview.png")]
    pub out: PathBuf,
}
