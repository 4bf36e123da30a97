//! A run's configuration: each crate's own part, composed; from a preset, a file and `--set`.

mod merge;
mod presets;

use crate::arguments::ConfigSource;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use tweedie_data::{Dataset, Idx, Shapes};
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::Description;
use tweedie_models::sampling::SamplingDefaults;
use tweedie_networks::UNetConfig;
use tweedie_networks::unet::SampleSize;
use tweedie_training::TrainingConfig;

/// Everything that a run is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Part of the run's folder name.
    pub name: String,
    /// What to learn from.
    pub data: DataConfig,
    /// The network; sizes and channels that are not given come from the data.
    #[serde(default)]
    pub network: UNetConfig,
    /// What gives its output a meaning.
    pub model: ModelConfig,
    /// How to sample it unless told otherwise.
    #[serde(default)]
    pub sampling: SamplingDefaults,
    /// How to train it.
    #[serde(default)]
    pub training: TrainingConfig,
}

/// Where pictures come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum DataConfig {
    /// The built-in set.
    Shapes {
        /// Pixels down.
        height: usize,
        /// Pixels across.
        width: usize,
    },
    /// IDX files, the format of the MNIST family.
    Idx {
        /// A folder with train-images-idx3-ubyte[.gz] and labels, or a file of pictures; usually given by --data.
        path: Option<PathBuf>,
        /// Pixels of border to add on each side, so that sizes divide.
        #[serde(default)]
        pad: usize,
    },
}

/// The process and the parameterisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The variance schedule.
    pub schedule: Schedule,
    /// T.
    pub steps: usize,
    /// What the network says.
    pub parameterization: Parameterization,
}

impl RunConfig {
    /// Reads a configuration and applies what the command line changes.
    pub fn resolve(source: &ConfigSource) -> anyhow::Result<Self> {
        let (text, from) = match &source.config {
            Some(path) => (
                std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read the configuration {}", path.display()))?,
                path.display().to_string(),
            ),
            None => {
                let name = source.preset.as_deref().unwrap_or("shapes");
                (presets::text(name)?.to_string(), format!("the preset {name}"))
            }
        };
        let mut table = merge::parse(&text).with_context(|| format!("{from} is not TOML"))?;
        for change in &source.set {
            merge::set(&mut table, change)?;
        }
        let mut config: Self = merge::read(table).with_context(|| format!("in {from}"))?;
        config.take_data(source.data.as_ref())?;
        Ok(config)
    }

    fn take_data(&mut self, path: Option<&PathBuf>) -> anyhow::Result<()> {
        match (&mut self.data, path) {
            (DataConfig::Idx { path: place, .. }, Some(given)) => {
                *place = Some(
                    given
                        .canonicalize()
                        .with_context(|| format!("--data {} cannot be read", given.display()))?,
                );
            }
            (DataConfig::Idx { path: None, .. }, None) => {
                bail!("the data set {} lies in files: say where with --data FOLDER", self.name)
            }
            (DataConfig::Shapes { .. }, Some(given)) => bail!(
                "the set shapes is built in and takes no --data, found {}; for IDX files use --preset mnist or data.kind = \"idx\"",
                given.display()
            ),
            _ => {}
        }
        Ok(())
    }

    /// Opens the data set.
    pub fn open_data(&self) -> anyhow::Result<Arc<dyn Dataset>> {
        Ok(match &self.data {
            DataConfig::Shapes { height, width } => Arc::new(Shapes::new(*height, *width, 0)?),
            DataConfig::Idx { path, pad } => match path {
                Some(path) => Arc::new(Idx::open(path)?.padded(*pad)),
                None => bail!("data.path is missing: say where the IDX files lie with --data FOLDER"),
            },
        })
    }

    /// Fills in what the network takes from the data.
    pub fn fit_to(&mut self, data: &dyn Dataset) {
        let shape = data.shape();
        self.network.in_channels = shape.channels as i64;
        self.network.out_channels = shape.channels as i64;
        self.network.sample_size = Some(SampleSize::of([shape.height as i64, shape.width as i64]));
    }

    /// The model's description.
    pub fn description(&self, data: &dyn Dataset) -> Description {
        let class_names =
            if self.network.num_class_embeds.is_some() { data.class_names() } else { Vec::new() };
        let model = &self.model;
        Description {
            class_names,
            sampling: self.sampling.clone(),
            ..Description::new(model.schedule.clone(), model.steps, model.parameterization)
        }
    }

    /// The whole configuration as TOML, every default spelled out; reading it back gives the same.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        merge::write(self)
    }
}
