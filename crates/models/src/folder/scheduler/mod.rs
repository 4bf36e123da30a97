//! `scheduler_config.json`: the process, the parameterization, the sampling.

mod flow;
mod keys;

use crate::sampling::{Sampler, SamplerOptions, SamplingConfig};
use crate::{Description, Error, VariancePrediction};
use keys::Keys;
use serde_json::{Map, Value, json};
use std::path::Path;
use tweedie_math::{Conditioning, Parameterization, Schedule, Spacing};
use tweedie_samplers::{ClipOptions, EpsAfterClip, ReverseVariance};

/// Schedulers whose training process and sampling this crate implements.
const KNOWN: [&str; 4] = ["DDPMScheduler", "DDIMScheduler", "DDIMInverseScheduler", FLOW];
const FLOW: &str = "FlowMatchEulerDiscreteScheduler";

/// Greater than any threshold: `diffusers` has no value for no limit.
const THRESHOLD_MOST: f64 = 1e9;

/// The class name where `diffusers` has no scheduler for a model: it refuses the name instead of reading the output wrongly.
const OURS: &str = "TweedieScheduler";

/// Why `diffusers` has no scheduler for a model, where it has none.
pub(crate) fn inexpressible(description: &Description) -> Option<String> {
    let predicted = description.parameterization;
    if let Schedule::RectifiedFlow { .. } = description.about.schedule {
        return flow::inexpressible(description);
    }
    if description.about.schedule.is_continuous() {
        return Some(format!("a discrete scheduler has no {} process", description.about.schedule));
    }
    if prediction(predicted).is_none() {
        return Some(format!("a discrete scheduler has no prediction type for {predicted:?}"));
    }
    (description.about.conditioning != Conditioning::Index).then(|| {
        format!(
            "a discrete scheduler's network is conditioned on an index, and not on {:?}",
            description.about.conditioning
        )
    })
}

/// The name that `diffusers` has for a parameterization.
fn prediction(predicted: Parameterization) -> Option<&'static str> {
    match predicted {
        Parameterization::Epsilon => Some("epsilon"),
        Parameterization::X0 => Some("sample"),
        Parameterization::V => Some("v_prediction"),
        _ => None,
    }
}

/// The scheduler of `diffusers` that a description goes with.
pub(crate) fn class_of(description: &Description) -> &'static str {
    match (&description.about.schedule, description.sampling.sampler) {
        _ if inexpressible(description).is_some() => OURS,
        (Schedule::RectifiedFlow { .. }, _) => FLOW,
        (_, Sampler::Ddpm) => "DDPMScheduler",
        // `diffusers`' counterpart of every other sampler is DDIM.
        _ => "DDIMScheduler",
    }
}

/// The scheduler's configuration for a description.
pub(crate) fn write(description: &Description) -> Result<Value, Error> {
    if let Some(reason) = inexpressible(description) {
        return Ok(
            json!({ "_class_name": OURS, "reason": reason, "num_train_timesteps": description.about.steps }),
        );
    }
    if let Schedule::RectifiedFlow { shift } = description.about.schedule {
        return Ok(flow::write(description, shift));
    }
    let (schedule, rescaled) = match &description.about.schedule {
        Schedule::ZeroTerminalSnr { of } => (of.as_ref(), true),
        other => (other, false),
    };
    let (name, start, end, trained) = match schedule {
        Schedule::Linear { beta_start, beta_end } => ("linear", *beta_start, *beta_end, None),
        Schedule::Quadratic { beta_start, beta_end } => ("scaled_linear", *beta_start, *beta_end, None),
        Schedule::Sigmoid { beta_start, beta_end } => ("sigmoid", *beta_start, *beta_end, None),
        cosine if *cosine == Schedule::COSINE => ("squaredcos_cap_v2", 1e-4, 0.02, None),
        other => {
            let betas: Vec<f64> = other
                .log_alphas(description.about.steps)?
                .iter()
                .map(|log_alpha| -log_alpha.exp_m1())
                .collect();
            ("linear", 1e-4, 0.02, Some(betas))
        }
    };
    let sampling = &description.sampling;
    Ok(json!({
        "_class_name": class_of(description),
        "_diffusers_version": super::DIFFUSERS,
        "num_train_timesteps": description.about.steps,
        "beta_start": start,
        "beta_end": end,
        "beta_schedule": name,
        "trained_betas": trained,
        "variance_type": match (description.variance, sampling.variance) {
            (VariancePrediction::Range, _) => "learned_range",
            (VariancePrediction::Log, _) => "learned",
            (_, ReverseVariance::FixedLarge) => "fixed_large",
            _ => "fixed_small",
        },
        "clip_sample": sampling.clip.is_some(),
        "clip_sample_range": sampling.clip.unwrap_or(1.0),
        "prediction_type": prediction(description.parameterization),
        "thresholding": sampling.options.clip.threshold.is_some(),
        "dynamic_thresholding_ratio": sampling.options.clip.threshold.unwrap_or(0.995),
        "sample_max_value": sampling.options.clip.threshold_most.unwrap_or(THRESHOLD_MOST),
        "timestep_spacing": sampling.spacing,
        "steps_offset": sampling.steps_offset,
        "set_alpha_to_one": sampling.ends_clean,
        "rescale_betas_zero_snr": rescaled,
    }))
}

/// The description that a scheduler's configuration gives. Unknown keys are ignored; known keys with values that are not implemented
/// are refused by name.
pub(crate) fn read(config: &Map<String, Value>, path: &Path) -> Result<Description, Error> {
    let keys = Keys { config, path };
    let class = keys.text("_class_name", "DDPMScheduler")?;
    if !KNOWN.contains(&class.as_str()) {
        return Err(keys.refuse("_class_name", &class, &KNOWN));
    }
    if class == FLOW {
        return flow::read(&keys);
    }
    // Thresholding takes the clip's place there, with a bound of 1.
    let thresholds = keys.flag("thresholding", false)?;
    let threshold = thresholds.then_some(keys.number("dynamic_thresholding_ratio", 0.995)?);
    let threshold_most = thresholds.then_some(keys.number("sample_max_value", 1.0)?);
    let variance_type = keys.text("variance_type", "fixed_small")?;
    let (variance, fixed) = match variance_type.as_str() {
        "fixed_small" | "fixed_small_log" => (VariancePrediction::None, ReverseVariance::FixedSmall),
        "fixed_large" | "fixed_large_log" => (VariancePrediction::None, ReverseVariance::FixedLarge),
        "learned" => (VariancePrediction::Log, ReverseVariance::Learned),
        "learned_range" => (VariancePrediction::Range, ReverseVariance::Learned),
        other => {
            return Err(keys.refuse(
                "variance_type",
                other,
                &["fixed_small", "fixed_large", "learned", "learned_range"],
            ));
        }
    };
    let prediction = keys.text("prediction_type", "epsilon")?;
    let parameterization = match prediction.as_str() {
        "epsilon" => Parameterization::Epsilon,
        "sample" => Parameterization::X0,
        "v_prediction" => Parameterization::V,
        other => return Err(keys.refuse("prediction_type", other, &["epsilon", "sample", "v_prediction"])),
    };
    let spacing = keys.text("timestep_spacing", "leading")?;
    let spacing = match spacing.as_str() {
        "leading" => Spacing::Leading,
        "trailing" => Spacing::Trailing,
        "linspace" => Spacing::Linspace,
        other => return Err(keys.refuse("timestep_spacing", other, &["leading", "trailing", "linspace"])),
    };
    // The default of the folder's own pipeline: all steps of ancestral sampling, or 50 of DDIM.
    let sampler = if class == "DDPMScheduler" { Sampler::Ddpm } else { Sampler::Ddim };
    let steps = keys.whole("num_train_timesteps", 1000)?;
    let clip = match thresholds {
        true => Some(1.0),
        false => keys.flag("clip_sample", true)?.then_some(keys.number("clip_sample_range", 1.0)?),
    };
    Ok(Description {
        variance,
        sampling: SamplingConfig {
            variance: fixed,
            spacing,
            steps_offset: keys.whole("steps_offset", 0)?,
            ends_clean: keys.flag("set_alpha_to_one", true)?,
            clip,
            sampler,
            steps: if sampler == Sampler::Ddpm { steps } else { steps.min(50) },
            // `diffusers`' DDIM leaves ε̂ as it was predicted.
            options: SamplerOptions {
                clip: ClipOptions { after_clip: EpsAfterClip::Keep, threshold, threshold_most },
                ..SamplerOptions::default()
            },
            ..SamplingConfig::default()
        },
        ..Description::new(keys.schedule()?, steps, parameterization)
    })
}
