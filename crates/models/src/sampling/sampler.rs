//! Names of the samplers.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The samplers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Sampler {
    /// Ancestral sampling.
    #[serde(rename = "ddpm")]
    Ddpm,
    /// Denoising diffusion implicit models (DDIM).
    #[serde(rename = "ddim")]
    Ddim,
    /// Euler's method.
    #[serde(rename = "euler")]
    Euler,
    /// Euler's method with new noise at each step.
    #[serde(rename = "euler_ancestral")]
    EulerAncestral,
    /// Heun's method, optionally with churn.
    #[serde(rename = "heun")]
    Heun,
    /// DPM-Solver++(2M).
    #[serde(rename = "dpmpp_2m")]
    Dpm2m,
    /// DPM-Solver++(2M) for the reverse SDE.
    #[serde(rename = "dpmpp_2m_sde")]
    Dpm2mSde,
    /// DPM-Solver++(3M).
    #[serde(rename = "dpmpp_3m")]
    Dpm3m,
    /// DPM-Solver++(3M) for the reverse SDE.
    #[serde(rename = "dpmpp_3m_sde")]
    Dpm3mSde,
    /// UniPC.
    #[serde(rename = "unipc")]
    UniPc,
    /// The probability-flow ODE with an adaptive solver.
    #[serde(rename = "ode")]
    Ode,
    /// Predictor–corrector sampling.
    #[serde(rename = "pc")]
    PredictorCorrector,
    /// Annealed Langevin dynamics.
    #[serde(rename = "langevin")]
    Langevin,
    /// The Metropolis-adjusted Langevin algorithm.
    #[serde(rename = "mala")]
    Mala,
}

impl Sampler {
    /// All samplers with their names, descriptions and sources.
    pub const ALL: [(Self, &'static str, &'static str, &'static str); 14] = [
        (
            Self::Ddpm,
            "ddpm",
            "ancestral sampling with a fixed, learned or optimal variance; many steps",
            "Ho et al. 2020, Algorithm 2",
        ),
        (
            Self::Ddim,
            "ddim",
            "implicit models: deterministic with --eta 0, DDPM with --eta 1; also --eta fresh or sigma-hat",
            "Song, Meng & Ermon 2021, eq. 12",
        ),
        (
            Self::Euler,
            "euler",
            "Euler's method in sigma, equal to DDIM with eta 0",
            "Karras et al. 2022, Algorithm 1",
        ),
        (
            Self::EulerAncestral,
            "euler_ancestral",
            "Euler step to a cleaner level, then new noise; equal to DDIM with --eta 1",
            "k-diffusion, after Song et al. 2021",
        ),
        (
            Self::Heun,
            "heun",
            "second order, two evaluations per step; --churn adds noise before the steps",
            "Karras et al. 2022, Algorithm 2",
        ),
        (Self::Dpm2m, "dpmpp_2m", "second order, one evaluation per step", "Lu et al. 2022b, Algorithm 2"),
        (
            Self::Dpm2mSde,
            "dpmpp_2m_sde",
            "dpmpp_2m for the reverse SDE, with new noise at each step",
            "Lu et al. 2022b",
        ),
        (
            Self::Dpm3m,
            "dpmpp_3m",
            "third order, one evaluation per step; --third-order published selects the published form of second order",
            "Lu et al. 2022b; second difference corrected",
        ),
        (
            Self::Dpm3mSde,
            "dpmpp_3m_sde",
            "dpmpp_3m for the reverse SDE, with new noise at each step",
            "Lu et al. 2022b; second difference corrected",
        ),
        (
            Self::UniPc,
            "unipc",
            "predictor and corrector of order 1 to 3, one evaluation per step",
            "Zhao et al. 2023",
        ),
        (
            Self::Ode,
            "ode",
            "probability-flow ODE with adaptive steps for each image; --tolerance",
            "Song et al. 2021, sec. 4.3; Dormand & Prince 1980",
        ),
        (
            Self::PredictorCorrector,
            "pc",
            "ancestral steps alternating with Langevin steps; --corrector-snr, --corrector-steps",
            "Song et al. 2021, Algorithms 1 to 5",
        ),
        (
            Self::Langevin,
            "langevin",
            "annealed Langevin dynamics with a final denoising step; --langevin-steps, --langevin-epsilon",
            "Song & Ermon 2019, 2020",
        ),
        (
            Self::Mala,
            "mala",
            "Langevin steps with Metropolis acceptance; only for models with an energy",
            "Roberts & Tweedie 1996",
        ),
    ];

    /// The samplers that need only a denoiser.
    pub fn of_denoisers() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|(sampler, ..)| sampler).filter(|sampler| !sampler.needs_energy())
    }

    /// The name of the sampler.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(own, ..)| *own == self).map_or("", |(_, name, ..)| name)
    }

    /// Whether the sampler needs an energy to accept steps, which a denoiser does not have.
    pub fn needs_energy(self) -> bool {
        self == Self::Mala
    }
}

impl fmt::Display for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not the name of a sampler.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a sampler; the samplers are {list}", list = Sampler::ALL.map(|(_, name, ..)| name).join(", "))]
pub struct NoSampler {
    /// The name that was found.
    pub found: String,
}

impl FromStr for Sampler {
    type Err = NoSampler;

    /// Parses the name of a sampler. Hyphens are accepted instead of underscores.
    fn from_str(text: &str) -> Result<Self, NoSampler> {
        let name = text.replace('-', "_");
        let found = Self::ALL.iter().find(|(_, own, ..)| *own == name).map(|(sampler, ..)| *sampler);
        found.ok_or_else(|| NoSampler { found: text.to_string() })
    }
}
