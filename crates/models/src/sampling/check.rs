//! Which wishes a model can fulfil.

use super::{DdimAdds, Sampler, SamplingDefaults, Variance};
use crate::{Error, LearnedVariance, Model};
use tweedie_math::NoiseLevel;

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
        self.check_pure_noise(sampling, path.first())?;
        check_options(sampling)
    }

    /// Langevin dynamics and an optimal variance have no scale where there is no signal.
    fn check_pure_noise(&self, sampling: &SamplingDefaults, first: NoiseLevel) -> Result<(), Error> {
        if first.signal_rate() > 0.0 {
            return Ok(());
        }
        let ancestral = matches!(sampling.sampler, Sampler::Ddpm | Sampler::PredictorCorrector);
        let what = match sampling.sampler {
            Sampler::Langevin => "langevin",
            _ if ancestral && sampling.variance == Variance::Optimal => "the optimal variance",
            _ => return Ok(()),
        };
        Err(Error::Wish(format!(
            "{what} has no scale at pure noise, where this model's path begins: choose levels that begin with some signal, such as --levels times:{},…",
            self.process.steps() - 1
        )))
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

/// Options out of range, before the first call of the network.
fn check_options(sampling: &SamplingDefaults) -> Result<(), Error> {
    let options = &sampling.options;
    let positive = |value: f64| value > 0.0 && value.is_finite();
    let not_negative = |value: f64| value >= 0.0 && value.is_finite();
    let checks = [
        (not_negative(options.churn), "churn", options.churn, "finite and not negative"),
        (
            not_negative(options.churn_noise),
            "the churn's noise",
            options.churn_noise,
            "finite and not negative",
        ),
        ((1..=3).contains(&options.order), "the order", options.order as f64, "1, 2 or 3"),
        (positive(options.tolerance), "the tolerance", options.tolerance, "positive"),
        (positive(options.corrector_snr), "the corrector's snr", options.corrector_snr, "positive"),
        (options.langevin_steps > 0, "the Langevin steps per level", 0.0, "at least 1"),
        (options.variance_probes > 0, "the variance's probes", 0.0, "at least 1"),
        (
            options.langevin_friction.is_none_or(not_negative),
            "Langevin's friction",
            options.langevin_friction.unwrap_or(0.0),
            "finite and not negative",
        ),
        (
            options.langevin_epsilon.is_none_or(positive),
            "Langevin's epsilon",
            options.langevin_epsilon.unwrap_or(0.0),
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
