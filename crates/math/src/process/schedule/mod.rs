//! Named schedules of discrete processes (the variances β_1 … β_T), flows and continuous processes.

mod alpha_bars;
mod betas;
mod continuous;
mod display;

use super::{DiscreteProcess, DiscreteVp, RectifiedFlow, check_steps};
use crate::Error;
use crate::number::{NOT_NEGATIVE, POSITIVE, is_not_negative, is_positive};
use serde::{Deserialize, Serialize};

/// A named schedule with its parameters. The parameters have the names of `diffusers` where `diffusers` has the schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Schedule {
    /// β rises linearly from `beta_start` to `beta_end` (Ho et al. 2020).
    Linear {
        /// β_1.
        beta_start: f64,
        /// β_T.
        beta_end: f64,
    },
    /// The linear schedule with every β multiplied by 1000/T, so that ᾱ_T hardly depends on T (Nichol & Dhariwal's code). With
    /// .1/1000 and 20/1000 it is the discrete VP-SDE of Song et al. 2021, β_i = .1/T … 20/T.
    ScaledLinear {
        /// β_1 for T = 1000.
        beta_start: f64,
        /// β_T for T = 1000.
        beta_end: f64,
    },
    /// √β rises linearly ("quad" in Ho et al.'s code, `scaled_linear` in `diffusers`).
    Quadratic {
        /// β_1.
        beta_start: f64,
        /// β_T.
        beta_end: f64,
    },
    /// Every level has the same β ("const" in Ho et al.'s code).
    Constant {
        /// β.
        beta: f64,
    },
    /// β rises linearly over the first ⌊`share`·T⌋ levels and is then constant ("warmup10" and "warmup50" in Ho et al.'s code).
    WarmUp {
        /// β_1.
        beta_start: f64,
        /// β after the rise.
        beta_end: f64,
        /// The share of the levels over which β rises; .1 or .5 in Ho et al.'s code.
        share: f64,
    },
    /// β_t = 1/(T − t + 1), so that ᾱ_t = 1 − t/T and ᾱ_T = 0. It is the schedule of binomial diffusion (Sohl-Dickstein et al.
    /// 2015, sec. 2.4.1) and "jsd" in Ho et al.'s code.
    Binomial {},
    /// ᾱ(u) = cos²((u + s)/(1 + s)·π/2)/cos²(s/(1 + s)·π/2) with capped β (Nichol & Dhariwal 2021, eq. 17).
    Cosine {
        /// The offset s, which keeps β_1 from being too small; .008 in the paper.
        offset: f64,
        /// The cap on β; .999 in the paper.
        max_beta: f64,
    },
    /// β = `beta_start` + (`beta_end` − `beta_start`)·sigmoid(z) with z from −6 to 6 (GeoDiff; `sigmoid` in `diffusers`).
    Sigmoid {
        /// The lower limit of the sigmoid, near which β starts.
        beta_start: f64,
        /// The upper limit of the sigmoid, near which β ends.
        beta_end: f64,
    },
    /// ᾱ(u) = (sigmoid(e/τ) − sigmoid((s + u(e − s))/τ))/(sigmoid(e/τ) − sigmoid(s/τ)) with capped β (Jabri et al. 2022).
    SigmoidAlphaBar {
        /// s; −3 usually.
        start: f64,
        /// e; 3 usually.
        end: f64,
        /// τ; 1 usually.
        temperature: f64,
        /// The cap on β; .999 usually.
        max_beta: f64,
    },
    /// Another schedule whose √ᾱ is shifted and scaled so that the last level is pure noise and the first level is unchanged
    /// (Lin et al. 2024, algorithm 1; `rescale_betas_zero_snr` in `diffusers`).
    ZeroTerminalSnr {
        /// The rescaled schedule.
        of: Box<Schedule>,
    },
    /// A list of betas.
    Explicit {
        /// β_1 … β_T.
        betas: Vec<f64>,
    },
    /// A list of ᾱ.
    ExplicitAlphaBars {
        /// ᾱ_1 … ᾱ_T, decreasing; the last may be 0.
        alpha_bars: Vec<f64>,
    },
    /// A straight line from data to noise, without betas ([`RectifiedFlow`]).
    RectifiedFlow {
        /// The shift s. Above 1 more levels are near noise; at 1 the levels are spread evenly.
        shift: f64,
    },
    /// The variance-preserving SDE, [`VpSde`](super::VpSde). Its levels are spread evenly in time from t = 1e-3 to 1.
    Vp {
        /// β(0); .1 by default (Song et al. 2021).
        #[serde(default = "continuous::beta_min")]
        beta_min: f64,
        /// β(1); 20 by default (Song et al. 2021).
        #[serde(default = "continuous::beta_max")]
        beta_max: f64,
    },
    /// The sub-VP SDE, [`SubVpSde`](super::SubVpSde). Its levels are spread evenly in time from t = 1e-3 to 1.
    SubVp {
        /// β(0); .1 by default (Song et al. 2021).
        #[serde(default = "continuous::beta_min")]
        beta_min: f64,
        /// β(1); 20 by default (Song et al. 2021).
        #[serde(default = "continuous::beta_max")]
        beta_max: f64,
    },
    /// The variance-exploding SDE, [`VeSde`](super::VeSde). Its levels are a geometric sequence from σ_min to σ_max.
    Ve {
        /// The σ of level 1; .01 by default (Song et al. 2021, for CIFAR-10).
        #[serde(default = "continuous::ve_sigma_min")]
        sigma_min: f64,
        /// The σ of level T; 50 by default (Song et al. 2021, for CIFAR-10).
        #[serde(default = "continuous::ve_sigma_max")]
        sigma_max: f64,
    },
    /// The process of Karras et al. 2022, [`Edm`](super::Edm). Its levels are spread evenly in σ^(1/7) (eq. 5).
    Edm {
        /// The σ of level 1; .002 by default (Karras et al. 2022, table 1).
        #[serde(default = "continuous::edm_sigma_min")]
        sigma_min: f64,
        /// The σ of level T; 80 by default (Karras et al. 2022, table 1).
        #[serde(default = "continuous::edm_sigma_max")]
        sigma_max: f64,
    },
    /// The cosine process in continuous time, [`ContinuousCosine`](super::ContinuousCosine). Its levels are spread evenly in
    /// time from t = 1e-3 to 1.
    ContinuousCosine {
        /// The offset s; .008 by default (Nichol & Dhariwal 2021).
        #[serde(default = "continuous::offset")]
        offset: f64,
    },
}

impl Schedule {
    /// The cosine schedule with the constants of Nichol & Dhariwal 2021.
    pub const COSINE: Self = Self::Cosine { offset: 0.008, max_beta: 0.999 };

    /// The linear schedule of Ho et al. 2020, for T = 1000.
    pub const LINEAR: Self = Self::Linear { beta_start: 1e-4, beta_end: 0.02 };

    /// The schedule of SR3 for T = 2000 (Saharia et al. 2021), with the constants of a public reimplementation.
    pub const SR3: Self = Self::Linear { beta_start: 1e-6, beta_end: 1e-2 };

    /// The sigmoid schedule of Jabri et al. 2022 with the usual constants.
    pub const SIGMOID_ALPHA_BAR: Self =
        Self::SigmoidAlphaBar { start: -3.0, end: 3.0, temperature: 1.0, max_beta: 0.999 };

    /// Whether the schedule is a continuous process, which is also trained between its T levels.
    pub fn is_continuous(&self) -> bool {
        matches!(
            self,
            Self::Vp { .. }
                | Self::SubVp { .. }
                | Self::Ve { .. }
                | Self::Edm { .. }
                | Self::ContinuousCosine { .. }
        )
    }

    /// The process with T = `steps` levels. A continuous process is wrapped in [`Discretised`](super::Discretised).
    ///
    /// # Errors
    /// Errors returned by [`Schedule::log_alphas`] or [`RectifiedFlow::new`]. For a continuous process, [`Error::Parameter`] for a
    /// parameter out of range, and for 0 steps or more than a million. [`Error::Parameter`] if the noise of the first level is 0 in
    /// single precision, or that of the last one infinite.
    pub fn process(&self, steps: usize) -> Result<Box<dyn DiscreteProcess>, Error> {
        let process: Box<dyn DiscreteProcess> = match *self {
            Self::RectifiedFlow { shift } => Box::new(RectifiedFlow::new(steps, shift)?),
            Self::Vp { beta_min, beta_max } => Box::new(continuous::vp(steps, beta_min, beta_max)?),
            Self::SubVp { beta_min, beta_max } => Box::new(continuous::sub_vp(steps, beta_min, beta_max)?),
            Self::Ve { sigma_min, sigma_max } => Box::new(continuous::ve(steps, sigma_min, sigma_max)?),
            Self::Edm { sigma_min, sigma_max } => Box::new(continuous::edm(steps, sigma_min, sigma_max)?),
            Self::ContinuousCosine { offset } => Box::new(continuous::cosine(steps, offset)?),
            _ => Box::new(DiscreteVp::new(self, steps)?),
        };
        let [first, last] = [1, steps].map(|time| process.level(time).noise_rate());
        if !is_positive(first) {
            return Err(Error::Parameter { name: "the noise of level 1", found: first, allowed: POSITIVE });
        }
        if !is_not_negative(last) {
            return Err(Error::Parameter {
                name: "the noise of level T",
                found: last,
                allowed: NOT_NEGATIVE,
            });
        }
        Ok(process)
    }

    /// ln(1 − β_t) for t = 1..=T, whose partial sums are ln ᾱ_t. It is −∞ where β is 1.
    ///
    /// # Errors
    /// [`Error::Parameter`] for 0 steps or more than a million, a β outside (0, 1), another parameter out of range, or a T for
    /// which the schedule does not exist; [`Error::Beta`] and [`Error::AlphaBar`] for invalid explicit numbers;
    /// [`Error::NoBetas`] for flows and continuous processes.
    pub fn log_alphas(&self, steps: usize) -> Result<Vec<f64>, Error> {
        check_steps(steps)?;
        match *self {
            Self::Linear { beta_start, beta_end } => betas::linear(steps, beta_start, beta_end),
            Self::ScaledLinear { beta_start, beta_end } => betas::scaled_linear(steps, beta_start, beta_end),
            Self::Quadratic { beta_start, beta_end } => betas::quadratic(steps, beta_start, beta_end),
            Self::Constant { beta } => betas::constant(steps, beta),
            Self::WarmUp { beta_start, beta_end, share } => {
                betas::warm_up(steps, beta_start, beta_end, share)
            }
            Self::Binomial {} => Ok(betas::binomial(steps)),
            Self::Sigmoid { beta_start, beta_end } => betas::sigmoid(steps, beta_start, beta_end),
            Self::Explicit { ref betas } => betas::explicit(steps, betas),
            Self::Cosine { offset, max_beta } => alpha_bars::cosine(steps, offset, max_beta),
            Self::SigmoidAlphaBar { start, end, temperature, max_beta } => {
                alpha_bars::sigmoid(steps, start, end, temperature, max_beta)
            }
            Self::ExplicitAlphaBars { ref alpha_bars } => alpha_bars::explicit(steps, alpha_bars),
            Self::ZeroTerminalSnr { ref of } => alpha_bars::zero_terminal(&of.log_alphas(steps)?),
            Self::RectifiedFlow { .. }
            | Self::Vp { .. }
            | Self::SubVp { .. }
            | Self::Ve { .. }
            | Self::Edm { .. }
            | Self::ContinuousCosine { .. } => Err(Error::NoBetas),
        }
    }
}

/// Checks that a β is strictly between 0 and 1. The error has the given name.
fn check_beta(name: &'static str, beta: f64) -> Result<(), Error> {
    let allowed = "between 0 and 1, both excluded";
    if 0.0 < beta && beta < 1.0 { Ok(()) } else { Err(Error::Parameter { name, found: beta, allowed }) }
}

/// Checks that one number is given per level.
fn check_count(steps: usize, given: usize, allowed: &'static str) -> Result<(), Error> {
    if given == steps {
        Ok(())
    } else {
        Err(Error::Parameter { name: "num_train_timesteps", found: steps as f64, allowed })
    }
}
