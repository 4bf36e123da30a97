//! The options of individual samplers, and the table of the samplers that take each option.

use super::{Sampler, SamplingConfig, SamplingError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use tweedie_samplers::{
    Adaptive, AnnealedOptions, Churn, ClipOptions, Corrector, DdimOptions, DdpmOptions, ThirdOrderOptions,
    UniPc,
};

/// The options of individual samplers, with the defaults of their papers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct SamplerOptions {
    /// Options of ancestral sampling.
    pub ddpm: DdpmOptions,
    /// Options of DDIM.
    pub ddim: DdimOptions,
    /// Options of Heun's method.
    pub heun: Churn,
    /// Options of DPM-Solver++(3M).
    pub dpmpp_3m: ThirdOrderOptions,
    /// Options of UniPC.
    pub unipc: UniPc,
    /// Options of the adaptive ODE solver.
    pub ode: Adaptive,
    /// Options of the corrector of predictor–corrector sampling.
    pub pc: Corrector,
    /// Options of annealed Langevin dynamics.
    pub langevin: AnnealedOptions,
    /// Options of the clip of x̂_0, for all samplers.
    pub clip: ClipOptions,
}

/// The samplers that take each group of options, `eta` and `variance`. All samplers take the options of `clip`.
const TAKERS: [(&str, &[Sampler]); 10] = [
    ("eta", &[Sampler::Ddim, Sampler::EulerAncestral]),
    ("variance", &[Sampler::Ddpm, Sampler::PredictorCorrector]),
    ("ddpm", &[Sampler::Ddpm, Sampler::PredictorCorrector]),
    ("ddim", &[Sampler::Ddim]),
    ("heun", &[Sampler::Heun]),
    ("dpmpp_3m", &[Sampler::Dpm3m, Sampler::Dpm3mSde]),
    ("unipc", &[Sampler::UniPc]),
    ("ode", &[Sampler::Ode]),
    ("pc", &[Sampler::PredictorCorrector]),
    ("langevin", &[Sampler::Langevin]),
];

/// Names of options in the first format, which had no groups, with the group and the name of each in the current format.
const FORMER: [(&str, &str, &str); 17] = [
    ("ddim", "ddim", "noise"),
    ("churn", "heun", "churn"),
    ("churn_sigmas", "heun", "sigmas"),
    ("churn_noise", "heun", "noise"),
    ("third_order", "dpmpp_3m", "form"),
    ("order", "unipc", "order"),
    ("tolerance", "ode", "tolerance"),
    ("corrector_snr", "pc", "snr"),
    ("corrector_steps", "pc", "steps"),
    ("corrector_norms", "pc", "norms"),
    ("langevin_steps", "langevin", "steps"),
    ("langevin_friction", "langevin", "friction"),
    ("langevin_epsilon", "langevin", "epsilon"),
    ("variance_probes", "ddpm", "variance_probes"),
    ("after_clip", "clip", "after_clip"),
    ("threshold", "clip", "threshold"),
    ("threshold_most", "clip", "threshold_most"),
];

impl SamplerOptions {
    /// Whether all options have their default values.
    pub(super) fn are_default(&self) -> bool {
        *self == Self::default()
    }

    /// Returns an error that names the option unless all options are in their ranges.
    pub(super) fn check(&self) -> Result<(), tweedie_samplers::Error> {
        let Self { ddpm, ddim: _, heun, dpmpp_3m: _, unipc, ode, pc, langevin, clip } = self;
        ddpm.check()?;
        heun.check()?;
        unipc.check()?;
        ode.check()?;
        pc.check()?;
        langevin.check()?;
        clip.check()
    }
}

impl Serialize for SamplerOptions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for SamplerOptions {
    /// Deserializes groups of options, or options with the names of the first format.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let given: Map<String, Value> = Deserialize::deserialize(deserializer)?;
        let mut groups = Map::new();
        for (key, value) in given {
            let former = FORMER.iter().find(|(name, ..)| *name == key && !value.is_object());
            match former {
                Some((_, group, name)) => {
                    let group = groups.entry(*group).or_insert_with(|| Value::Object(Map::new()));
                    group[*name] = value;
                }
                None => match (groups.get_mut(&key).and_then(Value::as_object_mut), value) {
                    (Some(group), Value::Object(more)) => group.extend(more),
                    (_, value) => {
                        groups.insert(key, value);
                    }
                },
            }
        }
        Self::deserialize(Value::Object(groups)).map_err(D::Error::custom)
    }
}

impl SamplingConfig {
    /// Sets an option by its path: `eta`, `variance`, `heun.churn` and so on.
    ///
    /// # Errors
    /// [`SamplingError::Option`] for a path that does not exist or an invalid value.
    pub fn set(&mut self, place: &str, value: Value) -> Result<(), SamplingError> {
        let wrong = |reason: String| SamplingError::Option { option: place.to_string(), reason };
        // In JSON, a number that is not finite becomes null.
        if value.is_null() {
            return Err(wrong("it must be a finite number".into()));
        }
        let mut whole = serde_json::to_value(&*self).map_err(|error| wrong(error.to_string()))?;
        match place.split_once('.') {
            None => whole[place] = value,
            Some((group, name)) => {
                let all = serde_json::to_value(&self.options).map_err(|error| wrong(error.to_string()))?;
                if all[group].get(name).is_none() {
                    return Err(wrong("it does not exist".into()));
                }
                whole["options"] = all;
                whole["options"][group][name] = value;
            }
        }
        *self = Self::deserialize(whole).map_err(|error| wrong(error.to_string()))?;
        Ok(())
    }
}

/// The samplers that take the option with the given path, or `None` if all samplers take it.
pub fn takers_of(place: &str) -> Option<&'static [Sampler]> {
    let group = place.split('.').next().unwrap_or(place);
    TAKERS.iter().find(|(name, _)| *name == group).map(|(_, takers)| *takers)
}
