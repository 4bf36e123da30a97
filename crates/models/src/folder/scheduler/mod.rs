//! The file `scheduler_config.json` of `diffusers`: the process, the parameterization and the sampling.

mod classes;
mod continuous;
mod discrete;
mod flow;
mod keys;

use crate::sampling::Sampler;
use crate::{Description, Error, VariancePrediction};
use classes::{CLASSES, Process};
use keys::Keys;
use serde_json::{Map, Value, json};
use std::path::Path;
use tweedie_math::{Conditioning, Parameterization, Schedule};
use tweedie_samplers::ReverseVariance;

const FLOW: &str = "FlowMatchEulerDiscreteScheduler";

/// A limit greater than any threshold, because `diffusers` has no value for no limit.
const THRESHOLD_MOST: f64 = 1e9;

/// The class name for a model without a scheduler in `diffusers`, which rejects the name instead of misinterpreting the output.
const OURS: &str = "TweedieScheduler";

/// The reason why `diffusers` has no scheduler for a model, or `None` if it has one.
pub(crate) fn inexpressible(description: &Description) -> Option<String> {
    let predicted = description.parameterization;
    if let Schedule::RectifiedFlow { .. } = description.about.schedule {
        return flow::inexpressible(description);
    }
    if description.about.schedule.is_continuous() {
        return Some(format!(
            "the discrete schedulers do not support the {} process",
            description.about.schedule
        ));
    }
    if prediction(predicted).is_none() {
        return Some(format!("the discrete schedulers have no prediction type for {predicted:?}"));
    }
    (description.about.conditioning != Conditioning::Index).then(|| {
        format!(
            "the discrete schedulers need a network that is conditioned on the index, and this network is conditioned on {:?}",
            description.about.conditioning
        )
    })
}

/// The prediction type of `diffusers` for a parameterization.
fn prediction(predicted: Parameterization) -> Option<&'static str> {
    match predicted {
        Parameterization::Epsilon => Some("epsilon"),
        Parameterization::X0 => Some("sample"),
        Parameterization::V => Some("v_prediction"),
        _ => None,
    }
}

/// The class of the scheduler of `diffusers` for a denoiser.
pub(crate) fn class_of(description: &Description) -> &'static str {
    match (&description.about.schedule, description.sampling.sampler) {
        _ if inexpressible(description).is_some() => OURS,
        (Schedule::RectifiedFlow { .. }, _) => FLOW,
        (_, Sampler::Ddpm) => "DDPMScheduler",
        // All other samplers are represented by DDIM.
        _ => "DDIMScheduler",
    }
}

/// The scheduler configuration of a denoiser.
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

/// The description of a denoiser from a scheduler configuration, and notes about default choices and ignored keys. Values of known
/// keys that are not implemented are errors that name the key.
pub(crate) fn read(config: &Map<String, Value>, path: &Path) -> Result<(Description, Vec<String>), Error> {
    let keys = Keys::new(config, path);
    let name = keys.text("_class_name", "DDPMScheduler")?;
    let Some(class) = CLASSES.iter().find(|class| class.name == name) else {
        return Err(keys.refuse("_class_name", &name, &CLASSES.map(|class| class.name)));
    };
    let mut notes = Vec::new();
    let description = match class.process {
        Process::Discrete => discrete::read(&keys, class, &mut notes)?,
        Process::Flow => flow::read(&keys, class.sampler)?,
        Process::VarianceExploding => continuous::variance_exploding(&keys)?,
        Process::Edm => continuous::edm(&keys, class.sampler)?,
    };
    if !class.is_exact {
        let sampler = description.sampling.sampler;
        notes.push(format!("sampler: {sampler} by default, instead of {name}, which is not implemented"));
    }
    if let Some(unknown) = keys.unknown() {
        notes.push(format!("{}: unknown keys are ignored: {unknown}", path.display()));
    }
    Ok((description, notes))
}
