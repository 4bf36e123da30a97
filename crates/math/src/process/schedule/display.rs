//! The text form of a schedule.

use super::Schedule;
use core::fmt;

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear { beta_start, beta_end } => write!(f, "β linear from {beta_start} to {beta_end}"),
            Self::ScaledLinear { beta_start, beta_end } => {
                write!(f, "β linear from {beta_start}·1000/T to {beta_end}·1000/T")
            }
            Self::Quadratic { beta_start, beta_end } => {
                write!(f, "√β linear, β from {beta_start} to {beta_end}")
            }
            Self::Constant { beta } => write!(f, "β {beta} throughout"),
            Self::WarmUp { beta_start, beta_end, share } => {
                write!(f, "β linear from {beta_start} to {beta_end} over a share of {share}, then constant")
            }
            Self::Binomial {} => write!(f, "β = 1/(T − t + 1)"),
            Self::Cosine { offset, max_beta } => write!(f, "cosine, offset {offset}, β at most {max_beta}"),
            Self::Sigmoid { beta_start, beta_end } => {
                write!(f, "β a sigmoid from {beta_start} to {beta_end}")
            }
            Self::SigmoidAlphaBar { start, end, temperature, max_beta } => write!(
                f,
                "ᾱ a sigmoid from {start} to {end} of temperature {temperature}, β at most {max_beta}"
            ),
            Self::ZeroTerminalSnr { of } => write!(f, "{of}, rescaled to end at pure noise"),
            Self::Explicit { betas } => write!(f, "{} betas given one by one", betas.len()),
            Self::ExplicitAlphaBars { alpha_bars } => write!(f, "{} ᾱ given one by one", alpha_bars.len()),
            Self::RectifiedFlow { shift } => write!(f, "rectified flow, shift {shift}"),
            Self::Vp { beta_min, beta_max } => write!(f, "continuous VP, β from {beta_min} to {beta_max}"),
            Self::SubVp { beta_min, beta_max } => {
                write!(f, "continuous sub-VP, β from {beta_min} to {beta_max}")
            }
            Self::Ve { sigma_min, sigma_max } => {
                write!(f, "continuous VE, σ from {sigma_min} to {sigma_max}")
            }
            Self::Edm { sigma_min, sigma_max } => write!(f, "EDM, σ from {sigma_min} to {sigma_max}"),
            Self::ContinuousCosine { offset } => write!(f, "continuous cosine, offset {offset}"),
        }
    }
}
