//! How a model is to be sampled: flags that every command which draws takes.

use super::VarianceName;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::str::FromStr;
use tweedie_models::sampling::{Levels, Sampler};

/// Which sampler on which levels, and its options; what is not said the checkpoint says.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Sampler")]
pub struct SamplerFlags {
    /// Which sampler (`tweedie sample --list` explains them); the checkpoint says, else ddim.
    #[arg(long, value_name = "NAME")]
    pub sampler: Option<Sampler>,
    /// How many steps; the checkpoint says, else 50.
    #[arg(long, conflicts_with = "levels")]
    pub steps: Option<usize>,
    /// Which levels are visited, instead of --steps: trailing:N, leading:N, linspace:N, quadratic:N, karras:N[,RHO], `log_snr:N`,
    /// flow:N[,SHIFT], edm:N, times:T,T,…, all.
    #[arg(long, value_name = "RULE")]
    pub levels: Option<Levels>,
    /// Options.
    #[command(flatten)]
    pub options: OptionFlags,
}

/// Options of samplers.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Sampler")]
pub struct OptionFlags {
    /// η of ddim and `euler_ancestral`: 0 is deterministic, 1 is DDPM; or for ddim fresh (the whole noise new at each step),
    /// sigma-hat (more noise than the level has).
    #[arg(long, value_name = "η")]
    pub eta: Option<Eta>,
    /// The reverse variance of ddpm and pc.
    #[arg(long)]
    pub variance: Option<VarianceName>,
    /// Clip x̂0 to ± this, in the model's units.
    #[arg(long, value_name = "BOUND", conflicts_with = "no_clip")]
    pub clip: Option<f64>,
    /// Leave x̂0 as the network says it.
    #[arg(long)]
    pub no_clip: bool,
    /// Dynamic thresholding at this quantile of |x̂0|, such as 0.995, instead of the plain clip.
    #[arg(long, value_name = "QUANTILE")]
    pub threshold: Option<f64>,
    /// What becomes of ε̂ where x̂0 was clipped.
    #[arg(long, value_name = "WHAT", conflicts_with = "no_clip")]
    pub after_clip: Option<AfterClipName>,
    /// heun: `S_churn`, the noise put on before the steps.
    #[arg(long)]
    pub churn: Option<f64>,
    /// heun: `S_tmin` and `S_tmax`, between which there is churn.
    #[arg(long, value_name = "LOW,HIGH", value_parser = interval)]
    pub churn_sigmas: Option<[f64; 2]>,
    /// heun: `S_noise`.
    #[arg(long)]
    pub churn_noise: Option<f64>,
    /// `dpmpp_3m`: the second difference of third order, or the one in print, of second order.
    #[arg(long, value_name = "FORM")]
    pub third_order: Option<ThirdOrderName>,
    /// unipc: its order, 1 to 3.
    #[arg(long)]
    pub order: Option<usize>,
    /// ode: the local error of a step.
    #[arg(long)]
    pub tolerance: Option<f64>,
    /// pc: the signal-to-noise ratio of a corrector's step.
    #[arg(long, value_name = "R")]
    pub corrector_snr: Option<f64>,
    /// pc: corrector steps per level.
    #[arg(long, value_name = "N")]
    pub corrector_steps: Option<usize>,
    /// pc: what a corrector's step is measured by.
    #[arg(long, value_name = "WHOSE")]
    pub corrector_norms: Option<NormsName>,
    /// langevin: steps per level.
    #[arg(long, value_name = "N")]
    pub langevin_steps: Option<usize>,
    /// langevin: underdamped steps with this much friction per step, such as 0.5; overdamped otherwise.
    #[arg(long, value_name = "γ")]
    pub langevin_friction: Option<f64>,
    /// langevin: NCSNv2's ε; its technique 4 chooses one otherwise.
    #[arg(long, value_name = "ε")]
    pub langevin_epsilon: Option<f64>,
    /// --variance optimal: random probes of the network's Jacobian per step.
    #[arg(long, value_name = "K")]
    pub variance_probes: Option<usize>,
    /// Let the network compute so many pictures at a time, always: then no bit of a picture depends on -n, --batch or --first.
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub micro_batch: Option<u32>,
}

/// Guidance.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Guidance")]
pub struct GuidanceFlags {
    /// w of worse + w·(better − worse): 1 is none, diffusers' `guidance_scale`. Away from the model without its class, or with
    /// --weak from that one.
    #[arg(long, value_name = "W")]
    pub guidance: Option<f64>,
    /// A worse model of the same pictures to be led away from (autoguidance), such as an earlier checkpoint of the run.
    #[arg(long, value_name = "MODEL", requires = "guidance")]
    pub weak: Option<PathBuf>,
    /// How much of x̂0's standard deviation is set back to the unguided one's, from 0 to 1.
    #[arg(long, value_name = "φ", requires = "guidance")]
    pub guidance_rescale: Option<f64>,
    /// The σ = noise/signal between which there is guidance.
    #[arg(long, value_name = "LOW,HIGH", value_parser = interval, requires = "guidance")]
    pub guidance_interval: Option<[f64; 2]>,
    /// A classifier of noisy pictures (`train --set training.objective.kind=classifier`) that leads towards the class of --class.
    #[arg(long, value_name = "MODEL")]
    pub classifier: Option<PathBuf>,
    /// The scale of its gradient: 1 is Bayes' rule, more sharpens.
    #[arg(long, value_name = "S", default_value_t = 1.0, requires = "classifier")]
    pub classifier_scale: f64,
    /// Its class where that is not the model's, by name or number, or `all`.
    #[arg(long, value_name = "CLASS", requires = "classifier")]
    pub classifier_class: Option<String>,
}

impl Default for GuidanceFlags {
    fn default() -> Self {
        Self {
            guidance: None,
            weak: None,
            guidance_rescale: None,
            guidance_interval: None,
            classifier: None,
            classifier_scale: 1.0,
            classifier_class: None,
        }
    }
}

/// η as a number, or a name of what DDIM adds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Eta {
    /// η.
    Number(f64),
    /// The whole noise is new at each step.
    Fresh,
    /// σ̂.
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

/// Two numbers, the first at most the second.
fn interval(text: &str) -> Result<[f64; 2], String> {
    let wrong = || {
        "it takes two finite numbers, LOW,HIGH, not negative, of which the first is not above the second"
            .to_string()
    };
    let (low, high) = text.split_once(',').ok_or_else(wrong)?;
    match (low.trim().parse::<f64>(), high.trim().parse::<f64>()) {
        (Ok(low), Ok(high)) if low <= high && high.is_finite() && low >= 0.0 => Ok([low, high]),
        _ => Err(wrong()),
    }
}

/// What becomes of ε̂ by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AfterClipName {
    /// It is derived again from x and the clipped x̂0.
    Rederive,
    /// It stays as the network said it, as in diffusers' DDIM.
    Keep,
}

/// Forms of 3M by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ThirdOrderName {
    /// Third order.
    Corrected,
    /// As in print and in peers: second order.
    Published,
}

/// Norms by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NormsName {
    /// Each picture's own.
    PerSample,
    /// The batch's mean, as published: pictures depend on those drawn with them.
    BatchMean,
}
