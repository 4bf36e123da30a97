//! A run's configuration: each crate's own part, composed; from a preset, a file and `--set`.

mod classifier;
mod data;
mod merge;
mod presets;

pub use data::DataConfig;

use crate::arguments::ConfigSource;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use tweedie_data::Dataset;
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::sampling::SamplingDefaults;
use tweedie_models::{Description, LearnedVariance, Standardization};
use tweedie_networks::UNetConfig;
use tweedie_networks::unet::SampleSize;
use tweedie_training::{ObjectiveKind, TrainingConfig, TrainingData};

/// Everything that a run is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Version of this format.
    #[serde(default = "current_format")]
    pub format: u32,
    /// Part of the run's folder name.
    pub name: String,
    /// What to learn from.
    pub data: DataConfig,
    /// The share of pictures that are held out, chosen by the hash of their names; of sets without end, others are drawn.
    #[serde(default = "default_held_out")]
    pub held_out: f64,
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
    /// Whether it also says the variance of the reverse step, in as many channels again.
    #[serde(default = "no_variance")]
    pub variance: LearnedVariance,
    /// Whether it is told the class, and draws one that is asked for.
    #[serde(default)]
    pub conditional: bool,
}

/// The version of the configuration that this program reads and writes.
const FORMAT: u32 = 1;

fn current_format() -> u32 {
    FORMAT
}

fn no_variance() -> LearnedVariance {
    LearnedVariance::None
}

fn default_held_out() -> f64 {
    0.02
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
        let mut asked = toml::Table::new();
        merge::set_all(&mut asked, &source.set)?;
        if source.config.is_none() && classifier::is_wanted(&asked) {
            classifier::replace_objective(&mut table);
        }
        merge::set_all(&mut table, &source.set)?;
        if let Some(format) = table.get("format").and_then(toml::Value::as_integer)
            && format != i64::from(FORMAT)
        {
            bail!(
                "{from} has format {format}, of another version of tweedie; this one reads format {FORMAT}"
            );
        }
        let says_clip = table.get("sampling").and_then(|part| part.get("clip")).is_some();
        let mut config: Self = merge::read(table).with_context(|| format!("in {from}"))?;
        // Pixels end at ±1; standardised numbers do not.
        if matches!(config.data, DataConfig::Arrays { .. }) && !says_clip {
            config.sampling.clip = None;
        }
        config.data.take(&config.name, source.data.as_deref())?;
        Ok(config)
    }

    /// Opens the data set, its held-out pictures apart.
    pub fn open_data(&self) -> anyhow::Result<TrainingData> {
        self.data.open(self.held_out)
    }

    /// Fills in what the network takes from the data.
    pub fn fit_to(&mut self, data: &dyn Dataset) -> anyhow::Result<()> {
        let shape = data.shape();
        self.network.in_channels = shape.channels as i64;
        let per_channel = if self.model.variance == LearnedVariance::None { 1 } else { 2 };
        self.network.out_channels = per_channel * shape.channels as i64;
        self.network.sample_size = Some(SampleSize::of([shape.height as i64, shape.width as i64]));
        self.check_told()?;
        match self.training.objective.kind {
            ObjectiveKind::Denoiser => self.fit_classes(data),
            ObjectiveKind::Classifier => self.fit_to_classify(data),
        }
    }

    /// Fails where the network takes the logarithm of a number that may be 0.
    fn check_told(&self) -> anyhow::Result<()> {
        let is_flow = matches!(self.model.schedule, Schedule::RectifiedFlow { .. });
        if self.network.time_embedding_type == "fourier" && !is_flow {
            bail!(
                "network.time_embedding_type is fourier, which embeds the logarithm of what the network is told, and the \
                 first level of a {} schedule is told as 0; it must be positional or learned there",
                self.model.schedule
            );
        }
        Ok(())
    }

    /// Gives the network a class table, or fails where the one it has is not the data's. A conditional one may have one row
    /// more than there are classes, which means none; labels can be dropped only then.
    fn fit_classes(&mut self, data: &dyn Dataset) -> anyhow::Result<()> {
        let n = data.class_names().len() as i64;
        let (conditional, drops) = (self.model.conditional, self.training.label_dropout > 0.0);
        match self.network.num_class_embeds {
            None if !conditional => {}
            None if n < 2 => bail!("model.conditional is true, and the set {} has no classes", data.name()),
            None => self.network.num_class_embeds = Some(n + i64::from(drops)),
            Some(rows) if n > 0 && rows == n && !(conditional && drops) => {}
            Some(rows) if n > 0 && rows == n + 1 && conditional => {}
            Some(rows) if n > 0 && rows == n && conditional => bail!(
                "network.num_class_embeds is {rows}, a row for each class of {} and none for no class: \
                 training.label_dropout must be 0",
                data.name()
            ),
            Some(rows) => bail!(
                "network.num_class_embeds is {rows}, and the set {} has {n} classes; model.conditional = true sets it",
                data.name()
            ),
        }
        Ok(())
    }

    /// The model's description.
    pub fn description(&self, data: &dyn Dataset) -> Description {
        let class_names =
            if self.network.num_class_embeds.is_some() { data.class_names() } else { Vec::new() };
        let n = class_names.len() as i64;
        let null_class = self.network.num_class_embeds.is_some_and(|rows| rows == n + 1).then_some(n);
        let model = &self.model;
        Description {
            class_names,
            null_class,
            standardization: data.moments().map(|(mean, scale)| Standardization { mean, scale }),
            variance: model.variance,
            sampling: self.sampling.clone(),
            ..Description::new(model.schedule.clone(), model.steps, model.parameterization)
        }
    }

    /// The whole configuration as TOML, every default spelled out; reading it back gives the same.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        merge::write(self)
    }
}
