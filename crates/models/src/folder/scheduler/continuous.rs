//! Schedulers of continuous processes: the variance-exploding SDE and the process of Karras et al. (2022).

use super::keys::Keys;
use crate::sampling::{LevelRule, Sampler, SamplingConfig};
use crate::{DataRange, Description, Error};
use tweedie_math::{Conditioning, Parameterization, Schedule, Subsequence};

/// Reads `ScoreSdeVeScheduler`. Its network predicts the score, is conditioned on σ, and was trained on data in [0, 1].
pub(super) fn variance_exploding(keys: &Keys) -> Result<Description, Error> {
    let steps = keys.whole("num_train_timesteps", 2000)?;
    let (sigma_min, sigma_max) = (keys.number("sigma_min", 0.01)?, keys.number("sigma_max", 1348.0)?);
    let mut sampling = SamplingConfig {
        sampler: Sampler::PredictorCorrector,
        steps,
        clip: None,
        ..SamplingConfig::default()
    };
    sampling.options.pc.snr = keys.number("snr", 0.15)?;
    sampling.options.pc.steps = keys.whole("correct_steps", 1)?;
    // The cleanest level of the scheduler's sampling. It is not used.
    keys.number("sampling_eps", 1e-5)?;
    let mut description = Description {
        sampling,
        ..Description::new(Schedule::Ve { sigma_min, sigma_max }, steps, Parameterization::Score)
    };
    description.about.conditioning = Conditioning::Sigma;
    description.about.range = DataRange { low: 0.0, high: 1.0 };
    Ok(description)
}

/// Reads `EDMEulerScheduler` and `EDMDPMSolverMultistepScheduler`, with the preconditioning of Karras et al. (2022) and F as the
/// output of the network.
pub(super) fn edm(keys: &Keys, sampler: Sampler) -> Result<Description, Error> {
    let steps = keys.whole("num_train_timesteps", 1000)?;
    let prediction = keys.text("prediction_type", "epsilon")?;
    if prediction != "epsilon" {
        return Err(keys.refuse("prediction_type", &prediction, &["epsilon"]));
    }
    let name = keys.text("sigma_schedule", "karras")?;
    let n = steps.min(50);
    let levels = match name.as_str() {
        "karras" => LevelRule::Own(Subsequence::Karras { n, rho: keys.number("rho", 7.0)? }),
        "exponential" => LevelRule::Own(Subsequence::UniformLogSnr { n }),
        other => return Err(keys.refuse("sigma_schedule", other, &["karras", "exponential"])),
    };
    let schedule = Schedule::Edm {
        sigma_min: keys.number("sigma_min", 0.002)?,
        sigma_max: keys.number("sigma_max", 80.0)?,
    };
    let predicted = Parameterization::Edm { sigma_data: keys.number("sigma_data", 0.5)? };
    let sampling =
        SamplingConfig { sampler, steps: n, levels: Some(levels), clip: None, ..SamplingConfig::default() };
    Ok(Description { sampling, ..Description::new(schedule, steps, predicted) })
}
