//! `scheduler_config.json`: which process, what the network says, how to sample.

use crate::sampling::{Sampler, SamplingDefaults, Variance};
use crate::{Description, Error, LearnedVariance};
use serde_json::{Map, Value, json};
use std::path::Path;
use tweedie_math::{Conditioning, Parameterization, Schedule, Spacing};

/// Schedulers whose training process and sampling this crate implements.
const KNOWN: [&str; 4] = ["DDPMScheduler", "DDIMScheduler", "DDIMInverseScheduler", FLOW];
const FLOW: &str = "FlowMatchEulerDiscreteScheduler";

/// The scheduler's configuration for a description.
pub(crate) fn write(description: &Description) -> Result<Value, Error> {
    if let Schedule::RectifiedFlow { shift } = description.schedule {
        return write_flow(description, shift);
    }
    let (name, start, end, trained) = match &description.schedule {
        Schedule::Linear { beta_start, beta_end } => ("linear", *beta_start, *beta_end, None),
        Schedule::Quadratic { beta_start, beta_end } => ("scaled_linear", *beta_start, *beta_end, None),
        cosine if *cosine == Schedule::COSINE => ("squaredcos_cap_v2", 1e-4, 0.02, None),
        other => {
            let betas: Vec<f64> =
                other.log_alphas(description.steps)?.iter().map(|log_alpha| -log_alpha.exp_m1()).collect();
            ("linear", 1e-4, 0.02, Some(betas))
        }
    };
    let prediction = match description.parameterization {
        Parameterization::Epsilon => "epsilon",
        Parameterization::X0 => "sample",
        Parameterization::V => "v_prediction",
        other => {
            return Err(Error::Inexpressible(format!(
                "a discrete scheduler has no prediction type for {other:?}"
            )));
        }
    };
    let sampling = &description.sampling;
    Ok(json!({
        "_class_name": if sampling.sampler == Sampler::Ddim { "DDIMScheduler" } else { "DDPMScheduler" },
        "_diffusers_version": super::DIFFUSERS,
        "num_train_timesteps": description.steps,
        "beta_start": start,
        "beta_end": end,
        "beta_schedule": name,
        "trained_betas": trained,
        "variance_type": match (description.variance, sampling.variance) {
            (LearnedVariance::Range, _) => "learned_range",
            (LearnedVariance::Log, _) => "learned",
            (_, Variance::FixedLarge) => "fixed_large",
            _ => "fixed_small",
        },
        "clip_sample": sampling.clip.is_some(),
        "clip_sample_range": sampling.clip.unwrap_or(1.0),
        "prediction_type": prediction,
        "thresholding": false,
        "timestep_spacing": sampling.spacing,
        "steps_offset": sampling.steps_offset,
        "set_alpha_to_one": sampling.ends_clean,
        "rescale_betas_zero_snr": false,
    }))
}

fn write_flow(description: &Description, shift: f64) -> Result<Value, Error> {
    if description.parameterization != Parameterization::Velocity {
        let other = description.parameterization;
        return Err(Error::Inexpressible(format!(
            "a flow's scheduler reads velocities alone, and it says {other:?}"
        )));
    }
    let scale = description.steps as f64;
    if description.conditioning != (Conditioning::NoiseRate { scale }) {
        return Err(Error::Inexpressible(format!("a flow's network is told {scale} times the noise rate")));
    }
    Ok(json!({
        "_class_name": FLOW,
        "_diffusers_version": super::DIFFUSERS,
        "num_train_timesteps": description.steps,
        "shift": shift,
        "use_dynamic_shifting": false,
        "use_karras_sigmas": false,
        "use_exponential_sigmas": false,
        "use_beta_sigmas": false,
        "invert_sigmas": false,
        "shift_terminal": null,
        "stochastic_sampling": false,
    }))
}

fn read_flow(keys: &Keys) -> Result<Description, Error> {
    const OFF: [&str; 6] = [
        "use_dynamic_shifting",
        "use_karras_sigmas",
        "use_exponential_sigmas",
        "use_beta_sigmas",
        "invert_sigmas",
        "stochastic_sampling",
    ];
    for key in OFF {
        if keys.flag(key, false)? {
            return Err(keys.refuse(key, "true", &["false"]));
        }
    }
    if let Some(terminal) = keys.get("shift_terminal") {
        return Err(keys.refuse("shift_terminal", &terminal.to_string(), &["null"]));
    }
    let steps = keys.whole("num_train_timesteps", 1000)?;
    Ok(Description {
        sampling: SamplingDefaults { clip: None, ..SamplingDefaults::default() },
        ..Description::new(
            Schedule::RectifiedFlow { shift: keys.number("shift", 1.0)? },
            steps,
            Parameterization::Velocity,
        )
    })
}

/// The description that a scheduler's configuration gives. Unknown keys are let be; known keys with values that are not
/// implemented are refused by name.
pub(crate) fn read(config: &Map<String, Value>, path: &Path) -> Result<Description, Error> {
    let keys = Keys { config, path };
    let class = keys.text("_class_name", "DDPMScheduler")?;
    if !KNOWN.contains(&class.as_str()) {
        return Err(keys.refuse("_class_name", &class, &KNOWN));
    }
    if class == FLOW {
        return read_flow(&keys);
    }
    for (key, only) in [("thresholding", false), ("rescale_betas_zero_snr", false)] {
        if keys.flag(key, only)? != only {
            return Err(keys.refuse(key, &(!only).to_string(), &["false"]));
        }
    }
    let variance_type = keys.text("variance_type", "fixed_small")?;
    let (variance, fixed) = match variance_type.as_str() {
        "fixed_small" | "fixed_small_log" => (LearnedVariance::None, Variance::FixedSmall),
        "fixed_large" | "fixed_large_log" => (LearnedVariance::None, Variance::FixedLarge),
        "learned" => (LearnedVariance::Log, Variance::Learned),
        "learned_range" => (LearnedVariance::Range, Variance::Learned),
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
    let clip = keys.flag("clip_sample", true)?.then_some(keys.number("clip_sample_range", 1.0)?);
    Ok(Description {
        variance,
        sampling: SamplingDefaults {
            variance: fixed,
            spacing,
            steps_offset: keys.whole("steps_offset", 0)?,
            ends_clean: keys.flag("set_alpha_to_one", true)?,
            clip,
            ..SamplingDefaults::default()
        },
        ..Description::new(keys.schedule()?, keys.whole("num_train_timesteps", 1000)?, parameterization)
    })
}

/// A configuration's values, each with its default and its complaint.
struct Keys<'a> {
    config: &'a Map<String, Value>,
    path: &'a Path,
}

impl Keys<'_> {
    fn get(&self, key: &str) -> Option<&Value> {
        self.config.get(key).filter(|value| !value.is_null())
    }

    fn wrong(&self, key: &str, value: &Value, allowed: &str) -> Error {
        Error::Configuration {
            path: self.path.to_path_buf(),
            reason: format!("{key} is {value}; it must be {allowed}"),
        }
    }

    fn refuse(&self, key: &str, found: &str, implemented: &[&str]) -> Error {
        let reason = format!(
            "{key} is \"{found}\", which is not implemented; implemented are {}",
            implemented.join(", ")
        );
        Error::Configuration { path: self.path.to_path_buf(), reason }
    }

    fn text(&self, key: &str, default: &str) -> Result<String, Error> {
        match self.get(key) {
            None => Ok(default.to_string()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(self.wrong(key, other, "text")),
        }
    }

    fn flag(&self, key: &str, default: bool) -> Result<bool, Error> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.wrong(key, other, "true or false")),
        }
    }

    fn number(&self, key: &str, default: f64) -> Result<f64, Error> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => {
                let number = value.as_f64().filter(|number| *number >= 0.0);
                number.ok_or_else(|| self.wrong(key, value, "a number, not negative"))
            }
        }
    }

    fn whole(&self, key: &str, default: usize) -> Result<usize, Error> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => {
                let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
                number.ok_or_else(|| self.wrong(key, value, "a whole number, not negative"))
            }
        }
    }

    fn schedule(&self) -> Result<Schedule, Error> {
        if let Some(value) = self.get("trained_betas") {
            let betas: Option<Vec<f64>> =
                value.as_array().and_then(|list| list.iter().map(Value::as_f64).collect());
            let betas = betas.ok_or_else(|| self.wrong("trained_betas", value, "a list of numbers"))?;
            return Ok(Schedule::Explicit { betas });
        }
        let (beta_start, beta_end) = (self.number("beta_start", 1e-4)?, self.number("beta_end", 0.02)?);
        match self.text("beta_schedule", "linear")?.as_str() {
            "linear" => Ok(Schedule::Linear { beta_start, beta_end }),
            "scaled_linear" => Ok(Schedule::Quadratic { beta_start, beta_end }),
            "squaredcos_cap_v2" => Ok(Schedule::COSINE),
            other => {
                Err(self.refuse("beta_schedule", other, &["linear", "scaled_linear", "squaredcos_cap_v2"]))
            }
        }
    }
}
