//! The losses in use, as weights of squared errors.

use crate::number::{NOT_NEGATIVE, POSITIVE, is_not_negative, is_positive};
use crate::{Error, NoiseLevel, Parameterization, Transition};
use serde::{Deserialize, Serialize};

/// A loss, given by the weight of the squared error at each level. Every loss has a weight of ‖x_0 − x̂_0‖² and a weight of ‖ε − ε̂‖²;
/// the first is the second times SNR = s²/n². [`Self::on`] is the weight for any output of a network.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Weighting {
    /// L_simple: 1 on ε, the SNR on x_0 (Ho et al. 2020, eq. 14).
    Simple {},
    /// SNR + 1 on x_0, which is 1 on v in a variance-preserving process (Salimans & Ho 2022).
    SnrPlusOne {},
    /// max(SNR, 1) on x_0 (Salimans & Ho 2022).
    TruncatedSnr {},
    /// min(SNR, γ) on x_0 (Hang et al. 2023, with γ = 5).
    MinSnr {
        /// γ.
        gamma: f64,
    },
    /// 1/(k + SNR)^γ on ε (Choi et al. 2022, with k = 1 and γ = 1).
    P2 {
        /// k.
        k: f64,
        /// γ.
        gamma: f64,
    },
    /// (σ² + σ_data²)/(σ·σ_data)² on x_0, which is 1 on the preconditioned output (Karras et al. 2022).
    Edm {
        /// The data's standard deviation.
        sigma_data: f64,
    },
    /// The weight of the variational bound in nats with the reverse variance β: β_t/(2α_t(1 − ᾱ_t)) on ε (Ho et al. 2020, eq. 12).
    Vlb {},
}

impl Weighting {
    /// The weight of ‖x_0 − x̂_0‖².
    ///
    /// # Errors
    /// [`Error::NoPrevious`] for the bound's weight at a level without a previous trained level.
    pub fn on_x0(self, level: NoiseLevel, trained_previous: Option<NoiseLevel>) -> Result<f64, Error> {
        let (snr, inverse) = (snr(level), level.sigma() * level.sigma());
        Ok(match self {
            Self::Simple {} => snr,
            Self::SnrPlusOne {} => snr + 1.0,
            Self::TruncatedSnr {} => snr.max(1.0),
            Self::MinSnr { gamma } => snr.min(gamma),
            // SNR/(k + SNR)^γ, in a form that has its limit at either end.
            Self::P2 { k, gamma } if snr < 1.0 => snr * libm::pow(k + snr, -gamma),
            Self::P2 { k, gamma } => libm::pow(inverse, gamma - 1.0) * libm::pow(1.0 + k * inverse, -gamma),
            Self::Edm { sigma_data } => snr + libm::pow(sigma_data, -2.0),
            Self::Vlb {} => {
                let (c1, beta) = step(level, trained_previous)?;
                0.5 * c1 * c1 / beta
            }
        })
    }

    /// The weight of ‖ε − ε̂‖². It may be infinite at a level without signal, where ε does not determine x_0.
    ///
    /// # Errors
    /// Errors returned by [`Self::on_x0`].
    pub fn on_eps(self, level: NoiseLevel, trained_previous: Option<NoiseLevel>) -> Result<f64, Error> {
        let (snr, inverse) = (snr(level), level.sigma() * level.sigma());
        Ok(match self {
            Self::Simple {} => 1.0,
            Self::SnrPlusOne {} => 1.0 + inverse,
            Self::TruncatedSnr {} => inverse.max(1.0),
            Self::MinSnr { gamma } => (gamma * inverse).min(1.0),
            Self::P2 { k, gamma } => libm::pow(k + snr, -gamma),
            Self::Edm { sigma_data } => 1.0 + inverse / (sigma_data * sigma_data),
            Self::Vlb {} => {
                let (c1, beta) = step(level, trained_previous)?;
                let c = c1 * level.sigma();
                0.5 * c * c / beta
            }
        })
    }

    /// The weight of the squared error of a network's output.
    ///
    /// # Errors
    /// Errors returned by [`Self::on_x0`] or [`Parameterization::loss_weight`].
    pub fn on(
        self,
        output: Parameterization,
        level: NoiseLevel,
        trained_previous: Option<NoiseLevel>,
    ) -> Result<f64, Error> {
        let weight = |unit| output.loss_weight(unit, level, trained_previous);
        // The weight is computed through ε or x_0, whichever the output determines at this level. An output that mixes both
        // determines ε near clean data and x_0 near pure noise.
        let by_eps = match output {
            Parameterization::Epsilon | Parameterization::Score => true,
            Parameterization::X0 | Parameterization::PosteriorMean => false,
            _ => level.signal_rate() > level.noise_rate(),
        };
        if by_eps {
            Ok(self.on_eps(level, trained_previous)? * weight(Parameterization::Epsilon)?)
        } else {
            Ok(self.on_x0(level, trained_previous)? * weight(Parameterization::X0)?)
        }
    }

    /// Checks the ranges of the parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a parameter out of range.
    pub fn check(self) -> Result<(), Error> {
        let positive = |name, found: f64| {
            if is_positive(found) { Ok(()) } else { Err(Error::Parameter { name, found, allowed: POSITIVE }) }
        };
        match self {
            Self::MinSnr { gamma } => positive("gamma", gamma),
            Self::P2 { k, gamma } => positive("k", k).and(if is_not_negative(gamma) {
                Ok(())
            } else {
                Err(Error::Parameter { name: "gamma", found: gamma, allowed: NOT_NEGATIVE })
            }),
            Self::Edm { sigma_data } => positive("sigma_data", sigma_data),
            _ => Ok(()),
        }
    }
}

fn snr(level: NoiseLevel) -> f64 {
    let ratio = level.signal_rate() / level.noise_rate();
    ratio * ratio
}

/// c₁ and β of the step from a level to its previous trained level.
fn step(level: NoiseLevel, trained_previous: Option<NoiseLevel>) -> Result<(f64, f64), Error> {
    let transition = Transition::between(trained_previous.ok_or(Error::NoPrevious)?, level)?;
    Ok((transition.posterior().x0_coefficient, transition.variance))
}
