//! Sampler and guidance flags, shared by all commands that generate samples.

use super::count::between;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::str::FromStr;
use tweedie_applications::generation::{ClassifierOptions, GuidanceOptions};
use tweedie_math::MOST_LEVELS;
use tweedie_models::sampling::{LevelRule, Sampler, SamplingConfig, SamplingError, takers_of};

/// The sampler, its levels and its options. Options that are not given come from the checkpoint.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Sampler")]
pub struct SamplerFlags {
    /// The sampler (`tweedie sample --list` describes them); default: the checkpoint's, otherwise ddim.
    #[arg(long, value_name = "NAME")]
    pub sampler: Option<Sampler>,
    /// The number of steps; default: the checkpoint's, otherwise 50.
    #[arg(long, conflicts_with = "levels", value_parser = between(1, MOST_LEVELS))]
    pub steps: Option<usize>,
    /// The levels that are visited, instead of --steps: all, trailing:N, leading:N, linspace:N, quadratic:N, `sections:N,N,…`, ddimN,
    /// karras:N[,RHO], `log_snr:N`, times:T,T,…, flow:N[,SHIFT] or edm:N.
    #[arg(long, value_name = "RULE")]
    pub levels: Option<LevelRule>,
    /// Options of the samplers.
    #[command(flatten)]
    pub options: OptionFlags,
}

/// Options of the samplers. The serialized name of a flag is the option's path in the sampling configuration.
#[derive(Debug, Clone, Default, Args, Serialize)]
#[command(next_help_heading = "Sampler")]
pub struct OptionFlags {
    /// η of ddim and `euler_ancestral`: 0 is deterministic, 1 is DDPM. ddim also accepts `fresh` (all noise is new at each step) and
    /// `sigma-hat` (more noise than the level has).
    #[arg(long, value_name = "η")]
    #[serde(skip)]
    pub eta: Option<Eta>,
    /// The variance of the reverse process in ddpm and pc.
    #[arg(long)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variance: Option<VarianceName>,
    /// Clip x̂0 to [-BOUND, BOUND], in the model's units.
    #[arg(long, value_name = "BOUND", conflicts_with = "no_clip")]
    #[serde(skip)]
    pub clip: Option<f64>,
    /// Do not clip x̂0.
    #[arg(long)]
    #[serde(skip)]
    pub no_clip: bool,
    /// Use dynamic thresholding at this quantile of |x̂0|, such as 0.995, instead of the fixed clip.
    #[arg(long, value_name = "QUANTILE")]
    #[serde(rename = "clip.threshold", skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// ε̂ after x̂0 is clipped: `rederive` computes it from x and the clipped x̂0, `keep` uses the prediction, as in diffusers' DDIM.
    #[arg(long, value_parser = word(&["rederive", "keep"]), conflicts_with = "no_clip")]
    #[serde(rename = "clip.after_clip", skip_serializing_if = "Option::is_none")]
    pub after_clip: Option<String>,
    /// heun: `S_churn`, the amount of noise added before the steps.
    #[arg(long)]
    #[serde(rename = "heun.churn", skip_serializing_if = "Option::is_none")]
    pub churn: Option<f64>,
    /// heun: `S_tmin` and `S_tmax`, the interval in which noise is added.
    #[arg(long, value_name = "LOW,HIGH", value_parser = interval)]
    #[serde(rename = "heun.sigmas", skip_serializing_if = "Option::is_none")]
    pub churn_sigmas: Option<[f64; 2]>,
    /// heun: `S_noise`, the factor of the added noise.
    #[arg(long)]
    #[serde(rename = "heun.noise", skip_serializing_if = "Option::is_none")]
    pub churn_noise: Option<f64>,
    /// `dpmpp_3m`: `corrected` (third order) or `published` (second order) second difference.
    #[arg(long, value_parser = word(&["corrected", "published"]))]
    #[serde(rename = "dpmpp_3m.form", skip_serializing_if = "Option::is_none")]
    pub third_order: Option<String>,
    /// unipc: the order, 1 to 3.
    #[arg(long)]
    #[serde(rename = "unipc.order", skip_serializing_if = "Option::is_none")]
    pub order: Option<usize>,
    /// ode: the tolerance of the local error of a step.
    #[arg(long)]
    #[serde(rename = "ode.tolerance", skip_serializing_if = "Option::is_none")]
    pub tolerance: Option<f64>,
    /// pc: the signal-to-noise ratio of a corrector step.
    #[arg(long, value_name = "R")]
    #[serde(rename = "pc.snr", skip_serializing_if = "Option::is_none")]
    pub corrector_snr: Option<f64>,
    /// pc: the number of corrector steps per level.
    #[arg(long, value_name = "N")]
    #[serde(rename = "pc.steps", skip_serializing_if = "Option::is_none")]
    pub corrector_steps: Option<usize>,
    /// pc: the norms that scale a corrector step: `per-sample`, or `batch-mean` as published, which makes a sample depend on the others
    /// of its batch.
    #[arg(long, value_parser = word(&["per_sample", "batch_mean"]))]
    #[serde(rename = "pc.norms", skip_serializing_if = "Option::is_none")]
    pub corrector_norms: Option<String>,
    /// langevin: the number of steps per level.
    #[arg(long, value_name = "N")]
    #[serde(rename = "langevin.steps", skip_serializing_if = "Option::is_none")]
    pub langevin_steps: Option<usize>,
    /// langevin: use underdamped steps with this friction per step, such as 0.5; default: overdamped steps.
    #[arg(long, value_name = "γ")]
    #[serde(rename = "langevin.friction", skip_serializing_if = "Option::is_none")]
    pub langevin_friction: Option<f64>,
    /// langevin: ε of NCSNv2; default: the ε of its technique 4.
    #[arg(long, value_name = "ε")]
    #[serde(rename = "langevin.epsilon", skip_serializing_if = "Option::is_none")]
    pub langevin_epsilon: Option<f64>,
    /// --variance optimal: the number of random probes of the network's Jacobian per step.
    #[arg(long, value_name = "K")]
    #[serde(rename = "ddpm.variance_probes", skip_serializing_if = "Option::is_none")]
    pub variance_probes: Option<usize>,
    /// Always evaluate the network on this number of samples at a time, so that no bit of a sample depends on -n, --batch or --first.
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(1..=65536))]
    #[serde(skip)]
    pub micro_batch: Option<u32>,
}

impl SamplerFlags {
    /// The sampling configuration of a checkpoint, with the given flags applied.
    pub fn sampling(&self, own: &SamplingConfig) -> Result<SamplingConfig, SamplingError> {
        let mut sampling = own.clone();
        // euler_ancestral is requested for its noise, so it does not inherit the checkpoint's η.
        if self.sampler == Some(Sampler::EulerAncestral) && sampling.sampler != Sampler::EulerAncestral {
            sampling.eta = 1.0;
        }
        sampling.sampler = self.sampler.unwrap_or(sampling.sampler);
        sampling.steps = self.steps.unwrap_or(sampling.steps);
        // --steps overrides the levels of the checkpoint.
        if self.steps.is_some() {
            sampling.levels = None;
        }
        if self.levels.is_some() {
            sampling.levels.clone_from(&self.levels);
        }
        let sampling = self.options.apply(sampling)?;
        self.options.check_taken(&[sampling.sampler])?;
        if self.steps.is_some() && sampling.sampler == Sampler::Ode {
            return Err(SamplingError::NotTaken {
                option: "the number of steps (--steps)".into(),
                takers: "every other sampler; ode finds its own steps by --tolerance".into(),
                samplers: Sampler::Ode.to_string(),
            });
        }
        Ok(sampling)
    }
}

impl OptionFlags {
    /// A sampling configuration whose sampler is already set, with the given option flags applied.
    pub fn apply(&self, mut sampling: SamplingConfig) -> Result<SamplingConfig, SamplingError> {
        if self.clip.is_some() {
            sampling.clip = self.clip;
        }
        if self.no_clip {
            sampling.clip = None;
            // A threshold of the checkpoint replaces its clip, so --no-clip removes both.
            sampling.options.clip.threshold = None;
        }
        match self.eta {
            Some(Eta::Number(eta)) => {
                sampling.set("eta", json!(eta))?;
                sampling.set("ddim.noise", json!("eta"))?;
            }
            Some(Eta::Fresh) if sampling.sampler == Sampler::Ddim => {
                sampling.set("ddim.noise", json!("fresh"))?
            }
            Some(Eta::SigmaHat) if sampling.sampler == Sampler::Ddim => {
                sampling.set("ddim.noise", json!("sigma_hat"))?;
            }
            // The kind of noise is an option of DDIM only.
            _ if sampling.sampler != Sampler::Ddim => sampling.set("ddim.noise", json!("eta"))?,
            _ => {}
        }
        self.places().into_iter().try_for_each(|(place, value)| sampling.set(&place, value))?;
        Ok(sampling)
    }

    /// Returns an error that names the option if an option is given that none of `samplers` takes.
    pub fn check_taken(&self, samplers: &[Sampler]) -> Result<(), SamplingError> {
        let eta = self.eta.map(|_| ("eta".to_string(), Value::Null));
        for (place, _) in self.places().into_iter().chain(eta) {
            if let Some(takers) = takers_of(&place)
                && !samplers.iter().any(|sampler| takers.contains(sampler))
            {
                let names = |list: &[Sampler]| list.iter().map(|s| s.name()).collect::<Vec<_>>().join(", ");
                return Err(SamplingError::NotTaken {
                    option: place,
                    takers: names(takers),
                    samplers: names(samplers),
                });
            }
        }
        Ok(())
    }

    /// The options that were given, by their paths in the sampling configuration.
    fn places(&self) -> Vec<(String, Value)> {
        match json!(self) {
            Value::Object(given) => given.into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// Guidance options.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Guidance")]
pub struct GuidanceFlags {
    /// The guidance scale w of worse + w·(better − worse), diffusers' `guidance_scale`; 1 is no guidance. The worse prediction is that of
    /// the model without a class, or of --weak.
    #[arg(long, value_name = "W")]
    pub guidance: Option<f64>,
    /// A worse model of the same data for autoguidance, such as an earlier checkpoint of the run.
    #[arg(long, value_name = "MODEL", requires = "guidance")]
    pub weak: Option<PathBuf>,
    /// The weight, from 0 to 1, with which x̂0 is rescaled to the standard deviation of the unguided prediction.
    #[arg(long, value_name = "φ", requires = "guidance")]
    pub guidance_rescale: Option<f64>,
    /// The interval of σ = noise/signal in which guidance is applied.
    #[arg(long, value_name = "LOW,HIGH", value_parser = interval, requires = "guidance")]
    pub guidance_interval: Option<[f64; 2]>,
    /// A classifier of noisy images (`train --set training.objective.kind=classifier`) that guides towards the class of --class.
    #[arg(long, value_name = "MODEL")]
    pub classifier: Option<PathBuf>,
    /// The scale of the classifier's gradient: 1 is Bayes' rule, larger values sharpen.
    #[arg(long, value_name = "S", default_value_t = 1.0, requires = "classifier")]
    pub classifier_scale: f64,
    /// The classifier's class if it differs from the model's, by name or as row:N, or `all`.
    #[arg(long, value_name = "CLASS", requires = "classifier")]
    pub classifier_class: Option<String>,
}

impl GuidanceFlags {
    /// The guidance options of the library.
    pub fn options(&self) -> GuidanceOptions {
        GuidanceOptions {
            weight: self.guidance,
            weak: self.weak.clone(),
            rescale: self.guidance_rescale,
            interval: self.guidance_interval,
            classifier: self.classifier.clone().map(|folder| ClassifierOptions {
                folder,
                scale: self.classifier_scale,
                class: self.classifier_class.clone(),
            }),
        }
    }

    /// The flags that were given, by their names in the output files.
    pub fn given(&self) -> Vec<(&'static str, Value)> {
        let mut given = Vec::new();
        let mut add = |name, value: Value| {
            if !value.is_null() {
                given.push((name, value));
            }
        };
        add("guidance", json!(self.guidance));
        add("guidance_rescale", json!(self.guidance_rescale));
        add("guidance_interval", json!(self.guidance_interval));
        add("weak", json!(self.weak));
        add("classifier", json!(self.classifier));
        add("classifier_scale", json!(self.classifier.as_ref().map(|_| self.classifier_scale)));
        add("classifier_class", json!(self.classifier_class));
        given
    }
}

/// A value of `--eta`: a number, or a kind of noise of DDIM.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Eta {
    /// η.
    Number(f64),
    /// All noise is new at each step.
    Fresh,
    /// σ̂ of the DDIM paper, with more noise than the level has.
    SigmaHat,
}

impl FromStr for Eta {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.replace('_', "-").as_str() {
            "fresh" => Ok(Self::Fresh),
            "sigma-hat" => Ok(Self::SigmaHat),
            other => other
                .parse()
                .map(Self::Number)
                .map_err(|_| "it takes a number from 0 to 1, fresh, or sigma-hat".to_string()),
        }
    }
}

/// Names of the variance of the reverse process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VarianceName {
    /// The posterior variance β̃.
    #[value(alias = "fixed_small")]
    FixedSmall,
    /// The variance β of the forward step.
    #[value(alias = "fixed_large")]
    FixedLarge,
    /// The variance that the network predicts.
    Learned,
    /// The optimal variance for this network: β̃ plus a term for the variance of x0 given x.
    Optimal,
}

/// Parses one of `words`, written with hyphens; the value has underscores.
fn word(words: &'static [&'static str]) -> impl TypedValueParser<Value = String> {
    let hyphenated = words.iter().map(|word| word.replace('_', "-"));
    PossibleValuesParser::new(hyphenated).map(|word| word.replace('-', "_"))
}

/// Parses `LOW,HIGH`: two finite, non-negative numbers with LOW ≤ HIGH. Levels are only compared with them.
fn interval(text: &str) -> Result<[f64; 2], String> {
    let wrong =
        || "it takes LOW,HIGH: two finite numbers that are not negative, with LOW at most HIGH".to_string();
    let (low, high) = text.split_once(',').ok_or_else(wrong)?;
    match (low.trim().parse::<f64>(), high.trim().parse::<f64>()) {
        (Ok(low), Ok(high)) if low <= high && high.is_finite() && low >= 0.0 => Ok([low, high]),
        _ => Err(wrong()),
    }
}
