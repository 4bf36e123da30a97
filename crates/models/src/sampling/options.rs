//! The options of single samplers. Each sampler owns its options; this table says which sampler takes which.

use super::{Sampler, SamplingConfig, SamplingError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use tweedie_samplers::{
    Adaptive, AnnealedOptions, Churn, ClipOptions, Corrector, DdimOptions, DdpmOptions, ThirdOrderOptions,
    UniPc,
};

/// The options of single samplers, with their papers' defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", default, deny_unknown_fields)]
pub struct SamplerOptions {
    /// Ancestral sampling.
    pub ddpm: DdpmOptions,
    /// Denoising diffusion implicit models.
    pub ddim: DdimOptions,
    /// Heun's method.
    pub heun: Churn,
    /// DPM-Solver++(3M).
    pub dpmpp_3m: ThirdOrderOptions,
    /// UniPC.
    pub unipc: UniPc,
    /// The adaptive solver.
    pub ode: Adaptive,
    /// Predictor–corrector.
    pub pc: Corrector,
    /// Annealed Langevin dynamics.
    pub langevin: AnnealedOptions,
    /// How x̂_0 is brought into the data's range, whatever the sampler.
    pub clip: ClipOptions,
}

/// The samplers that take the options of a group, and `eta` and `variance`; every sampler takes those of `clip`.
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

/// Names of the first format, which had the options of all samplers in one list.
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
    /// Whether every option has its default.
    pub(super) fn are_default(&self) -> bool {
        *self == Self::default()
    }

    /// Fails, naming the option, unless every option is in its range.
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
    /// The groups, or the names of the first format, each put into its group.
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
    /// Sets an option by its place: `eta`, `variance`, `heun.churn` and so on.
    ///
    /// # Errors
    /// [`SamplingError::Option`] for a place that does not exist or a value that it cannot have.
    pub fn set(&mut self, place: &str, value: Value) -> Result<(), SamplingError> {
        let wrong = |reason: String| SamplingError::Option { option: place.to_string(), reason };
        // JSON has no other form for a number that is not finite.
        if value.is_null() {
            return Err(wrong("it must be a finite number".into()));
        }
        let mut whole = serde_json::to_value(&*self).map_err(|error| wrong(error.to_string()))?;
        match place.split_once('.') {
            None => whole[place] = value,
            Some((group, name)) => {
                let all = serde_json::to_value(&self.options).map_err(|error| wrong(error.to_string()))?;
                if all[group].get(name).is_none() {
                    return Err(wrong("there is no such option".into()));
                }
                whole["options"] = all;
                whole["options"][group][name] = value;
            }
        }
        *self = Self::deserialize(whole).map_err(|error| wrong(error.to_string()))?;
        Ok(())
    }
}

/// The samplers that take the option at a place; `None` where every sampler takes it.
pub fn takers_of(place: &str) -> Option<&'static [Sampler]> {
    let group = place.split('.').next().unwrap_or(place);
    TAKERS.iter().find(|(name, _)| *name == group).map(|(_, takers)| *takers)
}
