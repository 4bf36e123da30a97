//! Arguments of `tweedie train`, and the flags that select a configuration.

use clap::Args;
use std::path::PathBuf;
use tweedie_applications::recipes::Source;

/// The source of a configuration.
#[derive(Debug, Args)]
pub struct ConfigSource {
    /// A built-in configuration: shapes (default), shapes-32, points, mnist, fashion-mnist, cifar10, faces, nouns or folder.
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub preset: Option<String>,
    /// A configuration file (TOML), such as the config.toml of an earlier run.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set one value of the configuration, such as training.batch=32; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// The folder, archive or file of the data set, for configurations that need one.
    #[arg(long, value_name = "PATH")]
    pub data: Option<PathBuf>,
}

impl ConfigSource {
    /// The source in the form of the library.
    pub fn source(&self) -> Source {
        let Self { preset, config, set, data } = self;
        Source { preset: preset.clone(), config: config.clone(), set: set.clone(), data: data.clone() }
    }
}

/// Arguments of `tweedie train`.
#[derive(Debug, Args)]
pub struct Train {
    /// The source of the configuration.
    #[command(flatten)]
    pub source: ConfigSource,
    /// Device: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
    /// The folder in which the run's folder is created.
    #[arg(long, value_name = "FOLDER", default_value = "runs")]
    pub runs: PathBuf,
    /// Resume a run from its newest checkpoint, bit for bit; --set training.images=N makes it longer.
    #[arg(long, value_name = "RUN", conflicts_with_all = ["preset", "config"])]
    pub resume: Option<PathBuf>,
    /// Resume from the checkpoint after this number of images instead of the newest; newer ones are renamed.
    #[arg(long, value_name = "IMAGES", requires = "resume")]
    pub from: Option<u64>,
    /// The number of threads per operation; default for a resumed run: the number it had.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print the resolved configuration and exit.
    #[arg(long)]
    pub dry_run: bool,
}
