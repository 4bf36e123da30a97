//! `FlowMatchEulerDiscreteScheduler`, the scheduler of a rectified flow with a shift.

use super::FLOW;
use super::keys::Keys;
use crate::folder::DIFFUSERS;
use crate::sampling::{Sampler, SamplingConfig};
use crate::{Description, Error, VariancePrediction};
use serde_json::{Value, json};
use tweedie_math::{Conditioning, Parameterization, Schedule};

/// The reason why the flow scheduler cannot sample a model, or `None` if it can.
pub(super) fn inexpressible(description: &Description) -> Option<String> {
    let (predicted, scale) = (description.parameterization, description.about.steps as f64);
    if predicted != Parameterization::Velocity {
        return Some(format!(
            "the flow scheduler supports only networks that predict the velocity, and this network predicts {predicted:?}"
        ));
    }
    if description.variance != VariancePrediction::None {
        return Some("the flow scheduler does not support a predicted variance".into());
    }
    (description.about.conditioning != (Conditioning::NoiseRate { scale })).then(|| {
        format!("the flow scheduler needs a network that is conditioned on {scale} times the noise rate")
    })
}

/// The scheduler configuration of a flow.
pub(super) fn write(description: &Description, shift: f64) -> Value {
    json!({
        "_class_name": FLOW,
        "_diffusers_version": DIFFUSERS,
        "num_train_timesteps": description.about.steps,
        "shift": shift,
        "use_dynamic_shifting": false,
        "use_karras_sigmas": false,
        "use_exponential_sigmas": false,
        "use_beta_sigmas": false,
        "invert_sigmas": false,
        "shift_terminal": null,
        "stochastic_sampling": false,
    })
}

/// The description of a denoiser from the configuration of a flow scheduler.
pub(super) fn read(keys: &Keys, sampler: Sampler) -> Result<Description, Error> {
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
    Ok(of_shift(keys.number("shift", 1.0)?, keys.whole("num_train_timesteps", 1000)?, sampler))
}

/// The description of a flow with a shift.
pub(super) fn of_shift(shift: f64, steps: usize, sampler: Sampler) -> Description {
    Description {
        sampling: SamplingConfig { clip: None, sampler, ..SamplingConfig::default() },
        ..Description::new(Schedule::RectifiedFlow { shift }, steps, Parameterization::Velocity)
    }
}
