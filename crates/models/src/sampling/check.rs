//! Which wishes a model can fulfil.

use super::{DdimAdds, Sampler, SamplingDefaults, Variance};
use crate::{Error, LearnedVariance, Model};
use tweedie_math::NoiseLevel;
use tweedie_samplers::Path;

impl Model {
    /// Fails, naming the wish, unless this model can be sampled so.
    ///
    /// # Errors
    /// Steps that the process does not have, an η or a bound out of range, a variance that is not there, a level at which x_0
    /// cannot be read from what the network says.
    pub fn check_sampling(&self, sampling: &SamplingDefaults) -> Result<(), Error> {
        let path = self.path(sampling)?;
        path.levels()[..path.n_steps()].iter().try_for_each(|&level| self.check_reading(level))?;
        let wrong = |wish: String| Err(Error::Wish(wish));
        if !(0.0..=1.0).contains(&sampling.eta) {
            let eta = sampling.eta;
            return wrong(format!("eta is {eta}; it must be between 0 (deterministic) and 1 (DDPM)"));
        }
        if let Some(clip) = sampling.clip
            && !(clip > 0.0 && clip.is_finite())
        {
            return wrong(format!("the clip of x0 is {clip}; it must be positive, or null for none"));
        }
        if let Some(threshold) = sampling.options.threshold {
            if !(threshold > 0.0 && threshold <= 1.0) {
                return wrong(format!(
                    "the threshold's quantile is {threshold}; it must be above 0 and at most 1"
                ));
            }
            if sampling.clip.is_none() {
                return wrong("thresholding moves x0 into the clip's range, and there is no clip".into());
            }
        }
        let ancestral = matches!(sampling.sampler, Sampler::Ddpm | Sampler::PredictorCorrector);
        let has_none = self.description.variance == LearnedVariance::None;
        if ancestral && sampling.variance == Variance::Learned && has_none {
            return Err(tweedie_samplers::Error::NoSpread.into());
        }
        check_langevin(sampling, &path)?;
        check_options(sampling)
    }

    /// Fails unless x_0 and the noise can be read at a level from what the network says.
    ///
    /// # Errors
    /// The reading's own; a level between trained ones for a network with a learned time table.
    pub fn check_reading(&self, level: NoiseLevel) -> Result<(), Error> {
        self.description.parameterization.reading(level, self.previous(level)?)?;
        self.told(level)?;
        Ok(())
    }
}

/// Langevin steps that would diverge, before the first call of the network.
fn check_langevin(sampling: &SamplingDefaults, path: &Path) -> Result<(), Error> {
    let sigmas = path.levels().iter().map(NoiseLevel::sigma).filter(|&sigma| sigma > 0.0);
    let least = sigmas.fold(f64::INFINITY, f64::min);
    match sampling.options.langevin_epsilon {
        Some(epsilon) if sampling.sampler == Sampler::Langevin && epsilon >= 2.0 * least * least => {
            Err(Error::Wish(format!(
                "Langevin's epsilon is {epsilon}; it must be below {:.1e}, twice the last level's squared sigma, beyond which the steps diverge",
                2.0 * least * least
            )))
        }
        _ => Ok(()),
    }
}

/// The adaptive solver's least local error on f32 states.
const LEAST_TOLERANCE: f64 = 1e-6;

/// Options out of range, before the first call of the network.
fn check_options(sampling: &SamplingDefaults) -> Result<(), Error> {
    let options = &sampling.options;
    let positive = |value: f64| value > 0.0 && value.is_finite();
    let not_negative = |value: f64| value >= 0.0 && value.is_finite();
    let of = |value: Option<f64>| value.unwrap_or(0.0);
    let [low, high] = options.churn_sigmas.unwrap_or([0.0, 0.0]);
    let finite = "finite and not negative";
    let checks = [
        (not_negative(options.churn), "churn", options.churn, finite),
        (not_negative(options.churn_noise), "the churn's noise", options.churn_noise, finite),
        (not_negative(low), "the least sigma of churn", low, finite),
        (
            not_negative(high) && high >= low,
            "the greatest sigma of churn",
            high,
            "finite and not below the least",
        ),
        ((1..=3).contains(&options.order), "the order", options.order as f64, "1, 2 or 3"),
        (
            options.tolerance >= LEAST_TOLERANCE && options.tolerance.is_finite(),
            "the tolerance",
            options.tolerance,
            "at least 1e-6, below which roundings of f32 are all that is seen",
        ),
        (positive(options.corrector_snr), "the corrector's snr", options.corrector_snr, "positive"),
        (options.langevin_steps > 0, "the number of Langevin steps", 0.0, "at least 1"),
        (options.variance_probes > 0, "the number of variance probes", 0.0, "at least 1"),
        (
            options.langevin_friction.is_none_or(not_negative),
            "Langevin's friction",
            of(options.langevin_friction),
            finite,
        ),
        (
            options.langevin_epsilon.is_none_or(positive),
            "Langevin's epsilon",
            of(options.langevin_epsilon),
            "positive",
        ),
        (
            options.threshold_most.is_none_or(positive),
            "the greatest threshold",
            of(options.threshold_most),
            "positive",
        ),
    ];
    for (holds, name, found, allowed) in checks {
        if !holds {
            return Err(Error::Wish(format!("{name} is {found}; it must be {allowed}")));
        }
    }
    if options.ddim != DdimAdds::Eta && sampling.sampler != Sampler::Ddim {
        return Err(Error::Wish(format!(
            "fresh noise and sigma-hat are DDIM's, and the sampler is {}",
            sampling.sampler
        )));
    }
    Ok(())
}
