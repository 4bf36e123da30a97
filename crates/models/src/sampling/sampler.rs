//! Samplers by name.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A sampler by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Sampler {
    /// Ancestral sampling.
    #[serde(rename = "ddpm")]
    Ddpm,
    /// Denoising diffusion implicit models.
    #[serde(rename = "ddim")]
    Ddim,
    /// Euler's method.
    #[serde(rename = "euler")]
    Euler,
    /// Euler's method with noise.
    #[serde(rename = "euler_ancestral")]
    EulerAncestral,
    /// Heun's method with churn.
    #[serde(rename = "heun")]
    Heun,
    /// DPM-Solver++(2M).
    #[serde(rename = "dpmpp_2m")]
    Dpm2m,
    /// The same along the SDE.
    #[serde(rename = "dpmpp_2m_sde")]
    Dpm2mSde,
    /// DPM-Solver++(3M).
    #[serde(rename = "dpmpp_3m")]
    Dpm3m,
    /// The same along the SDE.
    #[serde(rename = "dpmpp_3m_sde")]
    Dpm3mSde,
    /// UniPC.
    #[serde(rename = "unipc")]
    UniPc,
    /// The probability-flow ODE by an adaptive solver.
    #[serde(rename = "ode")]
    Ode,
    /// Predictor–corrector.
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
    /// Every sampler with its name, a line that describes it, and its source.
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
            "implicit models: deterministic at --eta 0, DDPM at 1; --eta fresh or sigma-hat",
            "Song, Meng & Ermon 2021, eq. 12",
        ),
        (Self::Euler, "euler", "Euler's method in sigma: DDIM at eta 0", "Karras et al. 2022, Algorithm 1"),
        (
            Self::EulerAncestral,
            "euler_ancestral",
            "Euler to a cleaner level, then noise: DDIM at --eta 1",
            "k-diffusion, after Song et al. 2021",
        ),
        (
            Self::Heun,
            "heun",
            "second order, two calls a step; --churn puts noise on first",
            "Karras et al. 2022, Algorithm 2",
        ),
        (Self::Dpm2m, "dpmpp_2m", "second order from one call a step", "Lu et al. 2022b, Algorithm 2"),
        (
            Self::Dpm2mSde,
            "dpmpp_2m_sde",
            "the same along the reverse SDE: fresh noise at each step",
            "Lu et al. 2022b",
        ),
        (
            Self::Dpm3m,
            "dpmpp_3m",
            "third order from one call a step; --third-order published is the second-order form in print",
            "Lu et al. 2022b; second difference corrected",
        ),
        (
            Self::Dpm3mSde,
            "dpmpp_3m_sde",
            "the same along the reverse SDE",
            "Lu et al. 2022b; second difference corrected",
        ),
        (
            Self::UniPc,
            "unipc",
            "predictor and corrector of order 1 to 3 from one call a step",
            "Zhao et al. 2023",
        ),
        (
            Self::Ode,
            "ode",
            "the flow to a --tolerance, each image with steps of its own",
            "Song et al. 2021, sec. 4.3; Dormand & Prince 1980",
        ),
        (
            Self::PredictorCorrector,
            "pc",
            "ancestral steps with Langevin steps between; --corrector-snr, --corrector-steps",
            "Song et al. 2021, Algorithms 1 to 5",
        ),
        (
            Self::Langevin,
            "langevin",
            "annealed Langevin dynamics, a last step that denoises; --langevin-steps, --langevin-epsilon",
            "Song & Ermon 2019, 2020",
        ),
        (
            Self::Mala,
            "mala",
            "Langevin steps accepted by Metropolis' rule; for models with an energy alone",
            "Roberts & Tweedie 1996",
        ),
    ];

    /// The samplers of any denoiser.
    pub fn of_denoisers() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().map(|(sampler, ..)| sampler).filter(|sampler| !sampler.needs_energy())
    }

    /// The sampler's name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(own, ..)| *own == self).map_or("", |(_, name, ..)| name)
    }

    /// Whether it accepts steps by an energy, which a denoiser does not have.
    pub fn needs_energy(self) -> bool {
        self == Self::Mala
    }
}

impl fmt::Display for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no sampler has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no sampler `{found}`; the samplers are {list}", list = Sampler::ALL.map(|(_, name, ..)| name).join(", "))]
pub struct NoSampler {
    /// The name that was found.
    pub found: String,
}

impl FromStr for Sampler {
    type Err = NoSampler;

    /// By its name; hyphens stand for underscores.
    fn from_str(text: &str) -> Result<Self, NoSampler> {
        let name = text.replace('-', "_");
        let found = Self::ALL.iter().find(|(_, own, ..)| *own == name).map(|(sampler, ..)| *sampler);
        found.ok_or_else(|| NoSampler { found: text.to_string() })
    }
}
