//! The variance schedules β_1 … β_T of discrete processes.

use super::{DiscreteProcess, DiscreteVp, RectifiedFlow};
use crate::Error;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A named schedule with its parameters, which are named as in `diffusers`.
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
    /// √β rises linearly: "quad" in Ho et al.'s code, `scaled_linear` in `diffusers`.
    Quadratic {
        /// β_1.
        beta_start: f64,
        /// β_T.
        beta_end: f64,
    },
    /// ᾱ(u) = cos²((u + s)/(1 + s)·π/2)/cos²(s/(1 + s)·π/2), β capped (Nichol & Dhariwal 2021, eq. 17).
    Cosine {
        /// The offset s that keeps β_1 from vanishing; .008 in the paper.
        offset: f64,
        /// The cap on β; .999 in the paper.
        max_beta: f64,
    },
    /// The betas themselves.
    Explicit {
        /// β_1 … β_T.
        betas: Vec<f64>,
    },
    /// No β: a straight line from data to noise, see [`RectifiedFlow`].
    RectifiedFlow {
        /// Above 1 spends more levels near noise; 1 spreads them evenly.
        shift: f64,
    },
}

/// More levels than any process has; beyond it is a slip of the pen that would fill memory.
const MOST_STEPS: usize = 1_000_000;

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear { beta_start, beta_end } => write!(f, "β linear from {beta_start} to {beta_end}"),
            Self::Quadratic { beta_start, beta_end } => {
                write!(f, "√β linear, β from {beta_start} to {beta_end}")
            }
            Self::Cosine { offset, max_beta } => write!(f, "cosine, offset {offset}, β at most {max_beta}"),
            Self::Explicit { betas } => write!(f, "{} betas given one by one", betas.len()),
            Self::RectifiedFlow { shift } => write!(f, "rectified flow, shift {shift}"),
        }
    }
}

impl Schedule {
    /// The cosine schedule with the paper's constants.
    pub const COSINE: Self = Self::Cosine { offset: 0.008, max_beta: 0.999 };

    /// The process with T = `steps` levels.
    ///
    /// # Errors
    /// Those of [`Schedule::log_alphas`] and [`RectifiedFlow::new`].
    pub fn process(&self, steps: usize) -> Result<Box<dyn DiscreteProcess>, Error> {
        Ok(match *self {
            Self::RectifiedFlow { shift } => Box::new(RectifiedFlow::new(steps, shift)?),
            _ => Box::new(DiscreteVp::new(self, steps)?),
        })
    }

    /// ln(1 − β_t) for t = 1..=T, which is what products of (1 − β) are summed from.
    ///
    /// # Errors
    /// [`Error::Parameter`] for `steps` = 0, a β outside (0, 1), an offset or a cap out of range; [`Error::Beta`] for
    /// explicit betas that are not variances.
    pub fn log_alphas(&self, steps: usize) -> Result<Vec<f64>, Error> {
        if !(1..=MOST_STEPS).contains(&steps) {
            let allowed = "between 1 and a million";
            return Err(Error::Parameter { name: "num_train_timesteps", found: steps as f64, allowed });
        }
        match *self {
            Self::Linear { beta_start, beta_end } => {
                ramp(steps, beta_start, beta_end, |beta| beta, |beta| beta)
            }
            Self::Quadratic { beta_start, beta_end } => {
                ramp(steps, beta_start, beta_end, libm::sqrt, |root| root * root)
            }
            Self::Cosine { offset, max_beta } => cosine(steps, offset, max_beta),
            Self::Explicit { ref betas } => explicit(steps, betas),
            Self::RectifiedFlow { .. } => Err(Error::NoBetas),
        }
    }
}

/// β whose image under `warp` is linear in t; `unwarp` is the inverse.
fn ramp(
    steps: usize,
    start: f64,
    end: f64,
    warp: impl Fn(f64) -> f64,
    unwarp: impl Fn(f64) -> f64,
) -> Result<Vec<f64>, Error> {
    for (name, beta) in [("beta_start", start), ("beta_end", end)] {
        if !(0.0 < beta && beta < 1.0) {
            return Err(Error::Parameter { name, found: beta, allowed: "between 0 and 1, both excluded" });
        }
    }
    let (low, high) = (warp(start), warp(end));
    let fraction = |i: usize| if steps == 1 { 0.0 } else { i as f64 / (steps - 1) as f64 };
    Ok((0..steps).map(|i| libm::log1p(-unwarp(low + fraction(i) * (high - low)))).collect())
}

fn cosine(steps: usize, offset: f64, max_beta: f64) -> Result<Vec<f64>, Error> {
    if !(0.0..=1.0).contains(&offset) {
        return Err(Error::Parameter { name: "offset", found: offset, allowed: "between 0 and 1" });
    }
    if !(0.0 < max_beta && max_beta < 1.0) {
        return Err(Error::Parameter {
            name: "max_beta",
            found: max_beta,
            allowed: "between 0 and 1, both excluded",
        });
    }
    let angle = |i: usize| (i as f64 / steps as f64 + offset) / (1.0 + offset) * core::f64::consts::FRAC_PI_2;
    // β = 1 − cos²b/cos²a = sin(b − a)·sin(b + a)/cos²a, a product instead of a difference.
    let beta = |i: usize| {
        let (a, b) = (angle(i), angle(i + 1));
        let cosine = libm::cos(a);
        (libm::sin(b - a) * libm::sin(b + a) / (cosine * cosine)).min(max_beta)
    };
    Ok((0..steps).map(|i| libm::log1p(-beta(i))).collect())
}

fn explicit(steps: usize, betas: &[f64]) -> Result<Vec<f64>, Error> {
    if betas.len() != steps {
        return Err(Error::Parameter {
            name: "num_train_timesteps",
            found: steps as f64,
            allowed: "the number of the explicit betas",
        });
    }
    for (i, &beta) in betas.iter().enumerate() {
        let is_last = i + 1 == steps;
        if !(0.0 < beta && (beta < 1.0 || (is_last && beta == 1.0))) {
            return Err(Error::Beta { time: i + 1, beta });
        }
    }
    Ok(betas.iter().map(|&beta| libm::log1p(-beta)).collect())
}
