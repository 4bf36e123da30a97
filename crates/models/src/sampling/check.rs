//! Checks of a sampling configuration against a model.

use super::{LevelRule, Sampler, SamplingConfig};
use crate::{Error, Model, VariancePrediction};
use tweedie_math::number::{POSITIVE, is_positive};
use tweedie_math::{NoiseLevel, Short, Spacing, Subsequence};
use tweedie_samplers::{DdimNoiseKind, Path, ReverseVariance};

/// Errors of sampling configurations.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SamplingError {
    /// A number outside its range.
    #[error("{name} is {}; it must be {allowed}", Short(*found))]
    Range {
        /// The name of the number.
        name: &'static str,
        /// The value that was found.
        found: f64,
        /// The allowed values.
        allowed: &'static str,
    },
    /// An option that does not exist, or a value that it cannot have.
    #[error("the sampling option {option}: {reason}")]
    Option {
        /// The path of the option, such as `heun.churn`.
        option: String,
        /// The problem.
        reason: String,
    },
    /// An option that none of the chosen samplers takes.
    #[error("{option} is an option of {takers}, but the sampler is {samplers}")]
    NotTaken {
        /// The option.
        option: String,
        /// The samplers that take it.
        takers: String,
        /// The chosen samplers.
        samplers: String,
    },
    /// A path with a level at which the prediction does not determine x₀.
    #[error("{reason}; the levels {instead} avoid it")]
    Unreadable {
        /// Why x₀ cannot be computed.
        reason: String,
        /// A rule whose levels can all be read.
        instead: LevelRule,
    },
    /// Thresholding without a clip.
    #[error("thresholding needs the range of the clip of x0, but there is no clip")]
    ThresholdWithoutClip,
    /// Annealed Langevin dynamics whose steps diverge.
    #[error(
        "Langevin's epsilon is {}; it must be below {most:.1e}, twice the squared sigma of the last level, or the steps diverge",
        Short(*epsilon)
    )]
    Diverges {
        /// ε.
        epsilon: f64,
        /// The upper bound.
        most: f64,
    },
}

impl Model {
    /// Returns an error that names the option unless the model can be sampled with this configuration.
    ///
    /// # Errors
    /// Errors for more steps than levels, an η or a bound out of range, a variance that the model does not predict, a level at which the
    /// prediction does not determine x_0, and a sampler that needs an energy.
    pub fn check_sampling(&self, sampling: &SamplingConfig) -> Result<(), Error> {
        if sampling.sampler.needs_energy() {
            return Err(Error::NeedsEnergy { sampler: sampling.sampler });
        }
        let path = self.path(sampling)?;
        self.check_levels(&path)?;
        let range = |name, found, allowed| Err(SamplingError::Range { name, found, allowed }.into());
        if !(0.0..=1.0).contains(&sampling.eta) {
            return range("eta", sampling.eta, "between 0 (deterministic) and 1 (DDPM)");
        }
        if let Some(clip) = sampling.clip.filter(|clip| !is_positive(*clip)) {
            return range("the clip of x0", clip, POSITIVE);
        }
        if sampling.options.clip.threshold.is_some() && sampling.clip.is_none() {
            return Err(SamplingError::ThresholdWithoutClip.into());
        }
        let ancestral = matches!(sampling.sampler, Sampler::Ddpm | Sampler::PredictorCorrector);
        let has_none = self.variance() == VariancePrediction::None;
        if ancestral && sampling.variance == ReverseVariance::Learned && has_none {
            return Err(tweedie_samplers::Error::NoSpread.into());
        }
        check_langevin(sampling, &path)?;
        sampling.options.check()?;
        if sampling.options.ddim.noise != DdimNoiseKind::Eta && sampling.sampler != Sampler::Ddim {
            return Err(SamplingError::NotTaken {
                option: "fresh or sigma-hat noise".into(),
                takers: Sampler::Ddim.to_string(),
                samplers: sampling.sampler.to_string(),
            }
            .into());
        }
        Ok(())
    }
}

impl Model {
    /// Fails unless x₀ can be computed from the prediction at every level of a path. Where a path of `leading` times would do, the error
    /// names it.
    fn check_levels(&self, path: &Path) -> Result<(), Error> {
        let levels = |path: &Path| path.levels()[..path.n_steps()].to_vec();
        let Err(error) = levels(path).into_iter().try_for_each(|level| self.check_reading(level)) else {
            return Ok(());
        };
        let is_fine = |rule: &LevelRule| {
            let sampling = SamplingConfig { levels: Some(rule.clone()), ..SamplingConfig::default() };
            self.path(&sampling)
                .is_ok_and(|path| levels(&path).into_iter().all(|level| self.check_reading(level).is_ok()))
        };
        let trained = self.process().steps();
        let numbers = [path.n_steps(), trained / 2, 20, 10, trained.saturating_sub(1)];
        let rules = numbers
            .into_iter()
            .filter(|&n| n > 0)
            .map(|n| LevelRule::Own(Subsequence::Spaced { spacing: Spacing::Leading, n }));
        match { rules }.find(is_fine) {
            Some(instead) => Err(SamplingError::Unreadable { reason: error.to_string(), instead }.into()),
            None => Err(error),
        }
    }
}

/// Returns an error if Langevin steps would diverge.
fn check_langevin(sampling: &SamplingConfig, path: &Path) -> Result<(), SamplingError> {
    let sigmas = path.levels().iter().map(NoiseLevel::sigma).filter(|&sigma| sigma > 0.0);
    let least = sigmas.fold(f64::INFINITY, f64::min);
    let most = 2.0 * least * least;
    match sampling.options.langevin.epsilon {
        Some(epsilon) if sampling.sampler == Sampler::Langevin && epsilon >= most => {
            Err(SamplingError::Diverges { epsilon, most })
        }
        _ => Ok(()),
    }
}
