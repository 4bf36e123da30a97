//! The configuration of a run, composed of the configurations of the crates. It is read from a preset or a file, with changes.

use super::{DataConfig, NetworkConfig, classifier, merge, presets};
use crate::Error;
use crate::characters::is_control;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use tweedie_data::Dataset;
use tweedie_math::{Conditioning, Parameterization, Schedule, Short};
use tweedie_models::sampling::SamplingConfig;
use tweedie_models::{About, Description, Standardization, VariancePrediction};
use tweedie_report::Progress;
use tweedie_training::{ObjectiveKind, TrainingConfig, TrainingData};

/// The source of a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// A built-in configuration; the default is `shapes`.
    pub preset: Option<String>,
    /// A configuration file (TOML), such as the `config.toml` of an earlier run.
    pub config: Option<PathBuf>,
    /// Changes, each `KEY=VALUE`.
    pub set: Vec<String>,
    /// The path of the data.
    pub data: Option<PathBuf>,
}

/// The configuration of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// The version of the configuration format.
    #[serde(default = "current_format")]
    pub format: u32,
    /// The name, which is part of the name of the run's folder.
    pub name: String,
    /// The data.
    pub data: DataConfig,
    /// The share of examples that are held out, selected by the hash of their names. Endless data sets hold out separate examples instead.
    #[serde(default = "default_held_out")]
    pub held_out: f64,
    /// The network. Its sizes and channels are set from the data.
    #[serde(default)]
    pub network: NetworkConfig,
    /// The process and the parameterization.
    pub model: ModelConfig,
    /// The default sampling configuration of the model.
    #[serde(default)]
    pub sampling: SamplingConfig,
    /// The training configuration.
    #[serde(default)]
    pub training: TrainingConfig,
}

/// The process and the parameterization.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The forward process.
    pub schedule: Schedule,
    /// T, the number of levels. For a continuous process, it is the number of levels that level rules and reports use.
    #[serde(default = "default_steps")]
    pub steps: usize,
    /// What the network predicts.
    pub parameterization: Parameterization,
    /// The number that the network is conditioned on at a level; the default depends on the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditioning: Option<Conditioning>,
    /// Whether the network also predicts the variance of the reverse step, which doubles the number of output channels.
    #[serde(default = "no_variance")]
    pub variance: VariancePrediction,
    /// Whether the network is conditioned on the class.
    #[serde(default)]
    pub conditional: bool,
}

/// The version of the configuration that this crate reads and writes.
const FORMAT: u32 = 1;

fn current_format() -> u32 {
    FORMAT
}

fn no_variance() -> VariancePrediction {
    VariancePrediction::None
}

fn default_held_out() -> f64 {
    0.02
}

fn default_steps() -> usize {
    1000
}

/// Keys of the network that follow from the data, so that a change of one would have no effect.
const DERIVED: [&str; 5] = ["in_channels", "out_channels", "sample_size", "dimensions", "outputs"];

/// The first key among changes that follows from the data, where its value has the right type.
fn derived_in(changes: &toml::Table) -> Option<(String, &toml::Value)> {
    let network = changes.get("network")?.as_table()?;
    let (key, value) =
        network.iter().find(|(key, value)| DERIVED.contains(&key.as_str()) && !value.is_str())?;
    Some((format!("network.{key}"), value))
}

impl RunConfig {
    /// Reads a configuration and applies the changes.
    ///
    /// # Errors
    /// [`Error::Config`], which names the key, the value and the nearest known name; [`Error::Preset`]; [`Error::Read`];
    /// [`Error::NoPath`].
    pub fn resolve(source: &Source) -> Result<Self, Error> {
        let (text, from) = match &source.config {
            Some(path) => (
                tweedie_files::read_text(path, tweedie_files::MOST_SETTINGS)
                    .map_err(|error| Error::Read { path: path.clone(), source: error })?,
                path.display().to_string(),
            ),
            None => {
                let name = source.preset.as_deref().unwrap_or("shapes");
                (presets::text(name)?.to_string(), format!("the preset {name}"))
            }
        };
        let wrong = |reason: String| Error::Config { from: from.clone(), reason };
        let mut table = merge::parse(&text).map_err(|reason| wrong(format!("it is not TOML: {reason}")))?;
        let mut changes = toml::Table::new();
        merge::set_all(&mut changes, &source.set).map_err(wrong)?;
        if source.config.is_none() && classifier::is_wanted(&changes) {
            classifier::replace_objective(&mut table);
        }
        if let Some((key, value)) = derived_in(&changes) {
            let value = value.as_float().map_or_else(|| value.to_string(), |found| Short(found).to_string());
            return Err(wrong(format!(
                "{key} is {value}; it must be left out, because it follows from the data"
            )));
        }
        merge::set_all(&mut table, &source.set).map_err(wrong)?;
        if let Some(format) = table.get("format").and_then(toml::Value::as_integer)
            && format != i64::from(FORMAT)
        {
            return Err(wrong(format!(
                "the format is {format}; this version of tweedie reads format {FORMAT}"
            )));
        }
        let has_clip = table.get("sampling").and_then(|part| part.get("clip")).is_some();
        let mut config: Self = merge::read(table).map_err(wrong)?;
        // Pixels lie in [-1, 1]; standardised numbers are not bounded.
        if config.data.has_no_range() && !has_clip {
            config.sampling.clip = None;
        }
        config.data.take(&config.name, source.data.as_deref())?;
        config.check_held_out()?;
        Ok(config)
    }

    /// Fails unless the name can be the end of the name of a new run's folder.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn check_name(&self) -> Result<(), Error> {
        let name = &self.name;
        let is_fine = !name.is_empty()
            && name.len() <= 200
            && !name.starts_with(['-', '.'])
            && ![".partial", ".set-aside"].iter().any(|end| name.ends_with(end))
            && !name.contains(|c: char| is_control(c) || matches!(c, '/' | '\\'));
        if is_fine {
            return Ok(());
        }
        let allowed = "it names the run's folder and must be a text of at most 200 bytes without slashes and control characters, which \
                       does not start with `-` or `.` and does not end with `.partial` or `.set-aside`";
        Err(Error::Setting { key: "name", found: format!("{name:?}"), allowed: allowed.into() })
    }

    /// Fails unless the held-out share can be that of any data set.
    fn check_held_out(&self) -> Result<(), Error> {
        if (0.0..1.0).contains(&self.held_out) {
            return Ok(());
        }
        let (found, allowed) = (Short(self.held_out).to_string(), "it must be at least 0 and below 1".into());
        Err(Error::Setting { key: "held_out", found, allowed })
    }

    /// Opens the data set and its held-out examples.
    ///
    /// # Errors
    /// Errors of the data set.
    pub fn open_data(&self) -> Result<TrainingData, Error> {
        self.data.open(self.held_out)
    }

    /// Opens the data set like [`RunConfig::open_data`] and decodes every image of a set that fits in memory.
    ///
    /// # Errors
    /// Those of [`DataConfig::open_decoded`].
    pub fn open_decoded_data(&self, progress: &mut dyn Progress) -> Result<TrainingData, Error> {
        self.data.open_decoded(self.held_out, progress)
    }

    /// Sets the values of the configuration that depend on the data.
    ///
    /// # Errors
    /// [`Error::Setting`] for a network, class settings or an objective that do not fit the data.
    pub fn fit_to(&mut self, data: &dyn Dataset) -> Result<(), Error> {
        let shape = data.shape();
        let halves = if self.model.variance == VariancePrediction::None { 1 } else { 2 };
        let outputs = halves * shape.channels() as i64;
        if !self.network.fit(shape.sides(), outputs) {
            return Err(Error::Setting {
                key: "network.class",
                found: self.network.class().into(),
                allowed: format!(
                    "data of shape {shape} need {}",
                    if shape.sides().len() == 1 { "a PointMlp" } else { "a UNet2DModel" }
                ),
            });
        }
        self.check_conditioning()?;
        match self.training.objective.kind {
            ObjectiveKind::Denoiser => self.fit_classes(data),
            ObjectiveKind::Classifier => self.fit_to_classify(data),
        }
    }

    /// Returns an error if the network embeds the logarithm of a number that may be 0 or negative.
    fn check_conditioning(&self) -> Result<(), Error> {
        let conditioning = self.about_process().conditioning;
        let is_positive = matches!(conditioning, Conditioning::NoiseRate { .. } | Conditioning::Sigma);
        if self.network.embeds_log_time() && !is_positive {
            return Err(Error::Setting {
                key: "network.time_embedding_type",
                found: "fourier".into(),
                allowed: format!(
                    "it embeds the logarithm of the number that the network is conditioned on, and with a {} schedule that number \
                     is not always positive; use positional or learned, or model.conditioning = \"sigma\"",
                    self.model.schedule
                ),
            });
        }
        Ok(())
    }

    /// Sets the size of the network's class table, or returns an error if a configured size does not fit the data. The table of a
    /// conditional network may have one row more than there are classes, which means no class. Labels can be dropped only with this row.
    fn fit_classes(&mut self, data: &dyn Dataset) -> Result<(), Error> {
        let n = data.class_names().len() as i64;
        let (conditional, drops) = (self.model.conditional, self.training.label_dropout > 0.0);
        let wrong = |key, found: String, allowed: String| Err(Error::Setting { key, found, allowed });
        match self.network.class_rows() {
            None if !conditional => Ok(()),
            None if n < 2 => wrong(
                "model.conditional",
                "true".into(),
                format!(
                    "the data set {} has {}",
                    data.name(),
                    if n == 0 { "no classes" } else { "only one class" }
                ),
            ),
            None => {
                *self.network.class_rows_mut() = Some(n + i64::from(drops));
                Ok(())
            }
            Some(rows) if n > 0 && rows == n && !(conditional && drops) => Ok(()),
            Some(rows) if n > 0 && rows == n + 1 && conditional => Ok(()),
            Some(rows) if n > 0 && rows == n && conditional => wrong(
                "network.num_class_embeds",
                rows.to_string(),
                format!(
                    "it has one row for each class of {} and none for samples without a class, so training.label_dropout must be 0",
                    data.name()
                ),
            ),
            Some(rows) => wrong(
                "network.num_class_embeds",
                rows.to_string(),
                format!(
                    "the data set {} has {n} classes; model.conditional = true sets this key",
                    data.name()
                ),
            ),
        }
    }

    /// The process, and the number that the network is conditioned on.
    fn about_process(&self) -> About {
        let mut about = About::new(self.model.schedule.clone(), self.model.steps);
        if let Some(conditioning) = self.model.conditioning {
            about.conditioning = conditioning;
        }
        about
    }

    /// The process and the data of a model.
    pub fn about(&self, data: &dyn Dataset) -> About {
        About {
            data: data.shape(),
            standardization: data.moments().map(|(mean, scale)| Standardization { mean, scale }),
            ..self.about_process()
        }
    }

    /// The description of the denoiser.
    pub fn description(&self, data: &dyn Dataset) -> Description {
        let class_names = if self.network.class_rows().is_some() { data.class_names() } else { Vec::new() };
        let n = class_names.len() as i64;
        let null_class = self.network.class_rows().is_some_and(|rows| rows == n + 1).then_some(n);
        Description {
            about: About { class_names, null_class, ..self.about(data) },
            parameterization: self.model.parameterization,
            variance: self.model.variance,
            sampling: self.sampling.clone(),
        }
    }

    /// The whole configuration as TOML with all default values. Reading the text gives the same configuration.
    ///
    /// # Errors
    /// A value that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String, Error> {
        merge::write(self).map_err(|reason| Error::Config { from: "the configuration".into(), reason })
    }
}
