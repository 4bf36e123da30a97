//! Named schedules: the variances β_1 … β_T of discrete processes, flows, and continuous processes.

mod alpha_bars;
mod betas;
mod continuous;
mod display;

use super::{DiscreteProcess, DiscreteVp, RectifiedFlow, check_steps};
use crate::Error;
use serde::{Deserialize, Serialize};

/// A named schedule with its parameters, which are named as in `diffusers` where it has them.
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
    /// Linear, each β 1000/T times the one given, so that ᾱ_T hardly depends on T (Nichol & Dhariwal's code). With .1/1000
    /// and 20/1000 it is the discrete VP-SDE of Song et al. 2021, β_i = .1/T … 20/T.
    ScaledLinear {
        /// β_1 where T = 1000.
        beta_start: f64,
        /// β_T where T = 1000.
        beta_end: f64,
    },
    /// √β rises linearly: "quad" in Ho et al.'s code, `scaled_linear` in `diffusers`.
    Quadratic {
        /// β_1.
        beta_start: f64,
        /// β_T.
        beta_end: f64,
    },
    /// Every β the same ("const" in Ho et al.'s code).
    Constant {
        /// β.
        beta: f64,
    },
    /// Linear over the first ⌊`share`·T⌋ levels, then constant: "warmup10" and "warmup50" in Ho et al.'s code.
    WarmUp {
        /// β_1.
        beta_start: f64,
        /// β from the end of the rise.
        beta_end: f64,
        /// The rise's share of the levels; .1 or .5 there.
        share: f64,
    },
    /// β_t = 1/(T − t + 1), so that ᾱ_t = 1 − t/T, down to nothing: that of binomial diffusion (Sohl-Dickstein et al. 2015,
    /// sec. 2.4.1), "jsd" in Ho et al.'s code.
    Binomial {},
    /// ᾱ(u) = cos²((u + s)/(1 + s)·π/2)/cos²(s/(1 + s)·π/2), β capped (Nichol & Dhariwal 2021, eq. 17).
    Cosine {
        /// The offset s that keeps β_1 from vanishing; .008 in the paper.
        offset: f64,
        /// The cap on β; .999 in the paper.
        max_beta: f64,
    },
    /// β = β_1 + (β_T − β_1)·sigmoid, its argument from −6 to 6 (GeoDiff; `sigmoid` in `diffusers`).
    Sigmoid {
        /// What β starts near.
        beta_start: f64,
        /// What β ends near.
        beta_end: f64,
    },
    /// ᾱ(u) = (sigmoid(e/τ) − sigmoid((s + u(e − s))/τ))/(sigmoid(e/τ) − sigmoid(s/τ)), β capped (Jabri et al. 2022).
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
    /// Another schedule shifted and scaled in √ᾱ so that the last level is pure noise and the first stays (Lin et al. 2024,
    /// algorithm 1; `rescale_betas_zero_snr` in `diffusers`).
    ZeroTerminalSnr {
        /// The other one.
        of: Box<Schedule>,
    },
    /// The betas themselves.
    Explicit {
        /// β_1 … β_T.
        betas: Vec<f64>,
    },
    /// The ᾱ themselves.
    ExplicitAlphaBars {
        /// ᾱ_1 … ᾱ_T, falling; the last may be 0.
        alpha_bars: Vec<f64>,
    },
    /// No β: a straight line from data to noise, see [`RectifiedFlow`].
    RectifiedFlow {
        /// Above 1 spends more levels near noise; 1 spreads them evenly.
        shift: f64,
    },
    /// The variance-preserving SDE, [`VpSde`](super::VpSde). Its levels are spread evenly in time from t = 1e-3 on.
    Vp {
        /// β(0); .1 by default (Song et al. 2021).
        #[serde(default = "continuous::beta_min")]
        beta_min: f64,
        /// β(1); 20 by default (Song et al. 2021).
        #[serde(default = "continuous::beta_max")]
        beta_max: f64,
    },
    /// The sub-VP SDE, [`SubVpSde`](super::SubVpSde). Its levels are spread evenly in time from t = 1e-3 on.
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
    /// The process of Karras et al. 2022, [`Edm`](super::Edm). Its levels are spread evenly in σ^(1/7) (eq. 5 there).
    Edm {
        /// The σ of level 1; .002 by default (Karras et al. 2022, table 1).
        #[serde(default = "continuous::edm_sigma_min")]
        sigma_min: f64,
        /// The σ of level T; 80 by default (Karras et al. 2022, table 1).
        #[serde(default = "continuous::edm_sigma_max")]
        sigma_max: f64,
    },
    /// The cosine process in continuous time, [`ContinuousCosine`](super::ContinuousCosine). Its levels are spread evenly in
    /// time from t = 1e-3 on.
    ContinuousCosine {
        /// The offset s; .008 by default (Nichol & Dhariwal 2021).
        #[serde(default = "continuous::offset")]
        offset: f64,
    },
}

impl Schedule {
    /// The cosine schedule with the paper's constants.
    pub const COSINE: Self = Self::Cosine { offset: 0.008, max_beta: 0.999 };

    /// The linear schedule of Ho et al. 2020, for T = 1000.
    pub const LINEAR: Self = Self::Linear { beta_start: 1e-4, beta_end: 0.02 };

    /// SR3's, for T = 2000 (Saharia et al. 2021, as in the code that reproduces it).
    pub const SR3: Self = Self::Linear { beta_start: 1e-6, beta_end: 1e-2 };

    /// The sigmoid of Jabri et al. 2022 with the constants that are usual.
    pub const SIGMOID_ALPHA_BAR: Self =
        Self::SigmoidAlphaBar { start: -3.0, end: 3.0, temperature: 1.0, max_beta: 0.999 };

    /// Whether it is a continuous process, which is trained between its T levels, too.
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

    /// The process with T = `steps` levels; a continuous process is seen through them ([`Discretised`](super::Discretised)).
    ///
    /// # Errors
    /// Those of [`Schedule::log_alphas`] and [`RectifiedFlow::new`]; [`Error::Parameter`] for a continuous process with a
    /// parameter out of range, no steps or more than a million.
    pub fn process(&self, steps: usize) -> Result<Box<dyn DiscreteProcess>, Error> {
        Ok(match *self {
            Self::RectifiedFlow { shift } => Box::new(RectifiedFlow::new(steps, shift)?),
            Self::Vp { beta_min, beta_max } => Box::new(continuous::vp(steps, beta_min, beta_max)?),
            Self::SubVp { beta_min, beta_max } => Box::new(continuous::sub_vp(steps, beta_min, beta_max)?),
            Self::Ve { sigma_min, sigma_max } => Box::new(continuous::ve(steps, sigma_min, sigma_max)?),
            Self::Edm { sigma_min, sigma_max } => Box::new(continuous::edm(steps, sigma_min, sigma_max)?),
            Self::ContinuousCosine { offset } => Box::new(continuous::cosine(steps, offset)?),
            _ => Box::new(DiscreteVp::new(self, steps)?),
        })
    }

    /// ln(1 − β_t) for t = 1..=T, which is what products of (1 − β) are summed from; −∞ where β is 1.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `steps` = 0, a β outside (0, 1), another parameter out of range, or a T that a schedule does
    /// not exist for; [`Error::Beta`] and [`Error::AlphaBar`] for explicit numbers that are no variances;
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

/// Fails, naming the parameter, unless a β lies strictly between 0 and 1.
fn check_beta(name: &'static str, beta: f64) -> Result<(), Error> {
    let allowed = "between 0 and 1, both excluded";
    if 0.0 < beta && beta < 1.0 { Ok(()) } else { Err(Error::Parameter { name, found: beta, allowed }) }
}

/// Fails unless there is one given number per level.
fn check_count(steps: usize, given: usize, allowed: &'static str) -> Result<(), Error> {
    if given == steps {
        Ok(())
    } else {
        Err(Error::Parameter { name: "num_train_timesteps", found: steps as f64, allowed })
    }
}
