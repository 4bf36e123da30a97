//! Schedulers of discrete processes given by betas: ancestral sampling, DDIM, and solvers in σ.

use super::classes::Class;
use super::flow;
use super::keys::Keys;
use crate::sampling::{LevelRule, Sampler, SamplerOptions, SamplingConfig};
use crate::{Description, Error, VariancePrediction};
use serde_json::Value;
use tweedie_math::{Parameterization, Spacing, Subsequence};
use tweedie_samplers::{ClipOptions, DdimNoiseKind, EpsAfterClip, ReverseVariance};

/// The default number of steps of a pipeline.
const STEPS: usize = 50;

/// The description of a denoiser from the configuration of a scheduler of the given class.
pub(super) fn read(keys: &Keys, class: &Class, notes: &mut Vec<String>) -> Result<Description, Error> {
    let steps = keys.whole("num_train_timesteps", 1000)?;
    if keys.flag("use_flow_sigmas", false)? {
        return Ok(flow::of_shift(keys.number("flow_shift", 1.0)?, steps, sampler_of(keys, class)?.0));
    }
    if keys.get("timestep_type").is_some_and(|value| value == "continuous") {
        return Err(keys.refuse("timestep_type", "continuous", &["discrete"]));
    }
    let (variance, fixed) = variance(keys)?;
    let (sampler, eta) = sampler_of(keys, class)?;
    let is_ancestral = sampler == Sampler::Ddpm;
    // The default of a DDPM pipeline is to visit all levels.
    let n = if is_ancestral { steps } else { steps.min(STEPS) };
    let (clip, clip_options) = clip(keys, class)?;
    let mut options = SamplerOptions { clip: clip_options, ..SamplerOptions::default() };
    match class.name {
        "LCMScheduler" | "TCDScheduler" => options.ddim.noise = DdimNoiseKind::Fresh,
        "UniPCMultistepScheduler" => options.unipc.order = keys.whole("solver_order", 2)?.clamp(1, 3),
        _ => {}
    }
    Ok(Description {
        variance,
        sampling: SamplingConfig {
            variance: fixed,
            eta,
            spacing: spacing(keys, class)?,
            steps_offset: keys.whole("steps_offset", 0)?,
            levels: levels(keys, n, notes)?,
            ends_clean: ends_clean(keys)?,
            clip,
            sampler,
            steps: n,
            options,
        },
        ..Description::new(keys.schedule(class.betas)?, steps, prediction(keys)?)
    })
}

/// The parameterization of the network. The former key is `predict_epsilon`.
fn prediction(keys: &Keys) -> Result<Parameterization, Error> {
    const NAMES: [&str; 3] = ["epsilon", "sample", "v_prediction"];
    let former = match keys.raw("predict_epsilon") {
        None | Some(Value::Null) => None,
        Some(Value::Bool(true)) => Some("epsilon"),
        Some(Value::Bool(false)) => Some("sample"),
        Some(other) => return Err(keys.wrong("predict_epsilon", other, "true or false")),
    };
    let name = keys.text("prediction_type", former.unwrap_or("epsilon"))?;
    if let Some(former) = former.filter(|former| *former != name) {
        let found = keys.raw("predict_epsilon").cloned().unwrap_or_default();
        let allowed = format!("omitted or consistent with prediction_type \"{name}\"; it means \"{former}\"");
        return Err(keys.wrong("predict_epsilon", &found, &allowed));
    }
    match name.as_str() {
        "epsilon" => Ok(Parameterization::Epsilon),
        "sample" => Ok(Parameterization::X0),
        "v_prediction" => Ok(Parameterization::V),
        other => Err(keys.refuse("prediction_type", other, &NAMES)),
    }
}

fn variance(keys: &Keys) -> Result<(VariancePrediction, ReverseVariance), Error> {
    const NAMES: [&str; 4] = ["fixed_small", "fixed_large", "learned", "learned_range"];
    // Solvers write null if the network predicts no variance.
    let name = match keys.get("variance_type") {
        None => "fixed_small".to_string(),
        Some(_) => keys.text("variance_type", "")?,
    };
    Ok(match name.as_str() {
        "fixed_small" | "fixed_small_log" => (VariancePrediction::None, ReverseVariance::FixedSmall),
        "fixed_large" | "fixed_large_log" => (VariancePrediction::None, ReverseVariance::FixedLarge),
        "learned" => (VariancePrediction::Log, ReverseVariance::Learned),
        "learned_range" => (VariancePrediction::Range, ReverseVariance::Learned),
        other => return Err(keys.refuse("variance_type", other, &NAMES)),
    })
}

/// The sampler and its η.
fn sampler_of(keys: &Keys, class: &Class) -> Result<(Sampler, f64), Error> {
    let is_solver = matches!(class.sampler, Sampler::Dpm2m) && class.name.starts_with("DPMSolver");
    if !is_solver {
        return Ok((class.sampler, if class.sampler == Sampler::EulerAncestral { 1.0 } else { 0.0 }));
    }
    let algorithm = keys.text("algorithm_type", "dpmsolver++")?;
    let is_sde = match algorithm.as_str() {
        "dpmsolver++" | "dpmsolver" => false,
        "sde-dpmsolver++" | "sde-dpmsolver" => true,
        other => {
            return Err(keys.refuse("algorithm_type", other, &["dpmsolver++", "sde-dpmsolver++"]));
        }
    };
    Ok(match (keys.whole("solver_order", 2)?, is_sde) {
        // The first-order solver is DDIM, with η = 1 for the SDE.
        (1, false) => (Sampler::Ddim, 0.0),
        (1, true) => (Sampler::Ddim, 1.0),
        (2, false) => (Sampler::Dpm2m, 0.0),
        (2, true) => (Sampler::Dpm2mSde, 0.0),
        (3, false) => (Sampler::Dpm3m, 0.0),
        (3, true) => (Sampler::Dpm3mSde, 0.0),
        (order, _) => return Err(keys.wrong("solver_order", &order.into(), "1, 2 or 3")),
    })
}

fn spacing(keys: &Keys, class: &Class) -> Result<Spacing, Error> {
    if keys.raw("timestep_spacing").is_none() {
        return Ok(class.spacing);
    }
    match keys.text("timestep_spacing", "")?.as_str() {
        "leading" => Ok(Spacing::Leading),
        "trailing" => Ok(Spacing::Trailing),
        "linspace" => Ok(Spacing::Linspace),
        other => Err(keys.refuse("timestep_spacing", other, &["leading", "trailing", "linspace"])),
    }
}

/// The level rule, if a key selects one instead of the spacing.
fn levels(keys: &Keys, n: usize, notes: &mut Vec<String>) -> Result<Option<LevelRule>, Error> {
    if keys.flag("use_karras_sigmas", false)? {
        return Ok(Some(LevelRule::Own(Subsequence::Karras { n, rho: 7.0 })));
    }
    if keys.flag("use_exponential_sigmas", false)? || keys.flag("use_lu_lambdas", false)? {
        return Ok(Some(LevelRule::Own(Subsequence::UniformLogSnr { n })));
    }
    if keys.flag("use_beta_sigmas", false)? {
        notes.push(
            "levels: use_beta_sigmas is not implemented; the levels are those of timestep_spacing".into(),
        );
    }
    Ok(None)
}

fn ends_clean(keys: &Keys) -> Result<bool, Error> {
    let last = keys.text("final_sigmas_type", "zero")?;
    if !["zero", "sigma_min"].contains(&last.as_str()) {
        return Err(keys.refuse("final_sigmas_type", &last, &["zero", "sigma_min"]));
    }
    Ok(keys.flag("set_alpha_to_one", true)? && last == "zero")
}

/// The clip of x̂₀. In `diffusers`, thresholding replaces the clip and has a bound of 1.
fn clip(keys: &Keys, class: &Class) -> Result<(Option<f64>, ClipOptions), Error> {
    let thresholds = keys.flag("thresholding", false)?;
    let options = ClipOptions {
        // DDIM in `diffusers` keeps ε̂ as predicted after a clip.
        after_clip: EpsAfterClip::Keep,
        threshold: thresholds.then_some(keys.number("dynamic_thresholding_ratio", 0.995)?),
        threshold_most: thresholds.then_some(keys.number("sample_max_value", 1.0)?),
    };
    let clip = match class.clips {
        _ if thresholds => Some(1.0),
        None => None,
        Some(default) => keys.flag("clip_sample", default)?.then_some(keys.number("clip_sample_range", 1.0)?),
    };
    Ok((clip, options))
}
