//! `tweedie train`, and where a configuration comes from.

use clap::Args;
use std::path::PathBuf;
use tweedie_applications::recipes::Source;

/// Where a configuration comes from.
#[derive(Debug, Args)]
pub struct ConfigSource {
    /// A built-in configuration: shapes (default), shapes-32, points, mnist, fashion-mnist, cifar10, faces, nouns, folder.
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

impl ConfigSource {
    /// The library's form.
    pub fn source(&self) -> Source {
        let Self { preset, config, set, data } = self;
        Source { preset: preset.clone(), config: config.clone(), set: set.clone(), data: data.clone() }
    }
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
