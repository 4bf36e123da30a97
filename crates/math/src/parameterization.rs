//! The quantities that networks predict, as linear maps between (x_t, output) and (x_0, ε).

use crate::number::{POSITIVE, is_positive};
use crate::{Error, NoiseLevel, Posterior, Transition};
use serde::{Deserialize, Serialize};

/// The quantity that a network predicts from x_t = s·x_0 + n·ε.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Parameterization {
    /// The noise ε (Ho et al. 2020).
    Epsilon,
    /// The clean data x_0.
    X0,
    /// v = s·ε − n·x_0 (Salimans & Ho 2022).
    V,
    /// u = ε − x_0, the velocity of a straight line from data to noise (Lipman et al. 2022, Liu et al. 2022).
    Velocity,
    /// The score ∇ log q(x_t), whose denoising target is −ε/n (Vincent 2011; Song & Ermon 2019).
    Score,
    /// The mean μ̃ of q(x_{t−1} | x_t, x_0), where t − 1 is the previous trained level (Ho et al. 2020, eq. 7).
    PosteriorMean,
    /// F in x̂_0 = c_skip·x̃ + c_out·F(c_in·x̃), where x̃ = x/s has the noise σ = n/s (Karras et al. 2022, eq. 7).
    Edm {
        /// The data's standard deviation; .5 for images in [−1, 1].
        sigma_data: f64,
    },
}

/// The map from x and an output to x_0 and ε at one level: x_0 = `x0_from_x`·x + `x0_from_out`·out and
/// ε = `eps_from_x`·x + `eps_from_out`·out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// Factor of x in x_0.
    pub x0_from_x: f64,
    /// Factor of the output in x_0.
    pub x0_from_out: f64,
    /// Factor of x in ε.
    pub eps_from_x: f64,
    /// Factor of the output in ε.
    pub eps_from_out: f64,
}

/// The training target of an output: out = `from_x0`·x_0 + `from_eps`·ε.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// Factor of x_0.
    pub from_x0: f64,
    /// Factor of ε.
    pub from_eps: f64,
}

impl Parameterization {
    /// The map from x and an output to x_0 and ε at a level. Only the posterior mean depends on `trained_previous`, the level one
    /// trained step cleaner.
    ///
    /// # Errors
    /// [`Error::Singular`] where it would divide by zero: x_0 from ε or from the score at a level without signal, and ε from x_0 or
    /// from the posterior mean at a level without noise. [`Error::NoPrevious`] for a posterior mean without a previous level.
    pub fn reading(self, level: NoiseLevel, trained_previous: Option<NoiseLevel>) -> Result<Reading, Error> {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        if self == Self::Score {
            // Tweedie: x_0 = (x + n²·score)/s, and ε = −n·score.
            let x0_from_x = self.quotient(1.0, s, level)?;
            return Ok(Reading { x0_from_x, x0_from_out: n * n / s, eps_from_x: 0.0, eps_from_out: -n });
        }
        // x = s·x0 + n·ε and out = p·x0 + q·ε are two equations in (x0, ε). Their determinant is s·q − n·p, which is simplified for
        // each output.
        let Target { from_x0: p, from_eps: q } = self.target(level, trained_previous)?;
        let determinant = match self {
            Self::Epsilon | Self::Score => s,
            Self::X0 => -n,
            Self::V => s * s + n * n,
            Self::Velocity => s + n,
            Self::PosteriorMean => -n * posterior(level, trained_previous)?.x0_coefficient,
            Self::Edm { sigma_data } => -libm::hypot(n, s * sigma_data) / sigma_data,
        };
        Ok(Reading {
            x0_from_x: self.quotient(q, determinant, level)?,
            x0_from_out: -n / determinant,
            eps_from_x: -p / determinant,
            eps_from_out: s / determinant,
        })
    }

    /// The training target as a linear combination of x_0 and ε.
    ///
    /// # Errors
    /// [`Error::Singular`] for the score of clean data; [`Error::NoPrevious`] for a posterior mean without a previous level.
    pub fn target(self, level: NoiseLevel, trained_previous: Option<NoiseLevel>) -> Result<Target, Error> {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        Ok(match self {
            Self::Epsilon => Target { from_x0: 0.0, from_eps: 1.0 },
            Self::X0 => Target { from_x0: 1.0, from_eps: 0.0 },
            Self::V => Target { from_x0: -n, from_eps: s },
            Self::Velocity => Target { from_x0: -1.0, from_eps: 1.0 },
            Self::Score => Target { from_x0: 0.0, from_eps: self.quotient(-1.0, n, level)? },
            Self::PosteriorMean => {
                let Posterior { x0_coefficient, xt_coefficient, .. } = posterior(level, trained_previous)?;
                Target { from_x0: x0_coefficient + xt_coefficient * s, from_eps: xt_coefficient * n }
            }
            Self::Edm { sigma_data } => {
                let total = libm::hypot(n, s * sigma_data);
                Target { from_x0: n / (total * sigma_data), from_eps: -s * sigma_data / total }
            }
        })
    }

    /// The factor by which x is multiplied to give the network's input: c_in/s for [`Self::Edm`], so that the input has variance 1 if
    /// the data has variance σ_data², and 1 for all others.
    pub fn input_scale(self, level: NoiseLevel) -> f64 {
        match self {
            Self::Edm { sigma_data } => {
                1.0 / libm::hypot(level.noise_rate(), level.signal_rate() * sigma_data)
            }
            _ => 1.0,
        }
    }

    /// The weight w with ‖error of `measured`‖² = w·‖error of the output‖² at a level. The quantity on which a loss is measured is
    /// independent of the one that the network predicts.
    ///
    /// # Errors
    /// Errors returned by [`Self::reading`] or [`Self::target`], where the output does not determine the measured quantity.
    pub fn loss_weight(
        self,
        measured: Self,
        level: NoiseLevel,
        trained_previous: Option<NoiseLevel>,
    ) -> Result<f64, Error> {
        if self == measured {
            return Ok(1.0);
        }
        // ε = −n·score holds also at levels where neither determines x_0.
        let n = level.noise_rate();
        match (self, measured) {
            (Self::Score, Self::Epsilon) => return Ok(n * n),
            (Self::Epsilon, Self::Score) => return self.quotient(1.0, n * n, level),
            _ => {}
        }
        // An error of 1 in the output changes (x0, ε) by (x0_from_out, eps_from_out), which the target map converts.
        let reading = self.reading(level, trained_previous)?;
        let Target { from_x0, from_eps } = measured.target(level, trained_previous)?;
        let factor = from_x0 * reading.x0_from_out + from_eps * reading.eps_from_out;
        Ok(factor * factor)
    }

    /// Checks the ranges of the parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a σ_data that is not positive and finite.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Self::Edm { sigma_data } if !is_positive(sigma_data) => {
                Err(Error::Parameter { name: "sigma_data", found: sigma_data, allowed: POSITIVE })
            }
            _ => Ok(()),
        }
    }

    fn quotient(self, dividend: f64, divisor: f64, level: NoiseLevel) -> Result<f64, Error> {
        if divisor == 0.0 {
            let (signal, noise) = (level.signal_rate(), level.noise_rate());
            return Err(Error::Singular { what: self.what(), signal, noise });
        }
        Ok(dividend / divisor)
    }

    fn what(self) -> &'static str {
        match self {
            Self::Epsilon => "x0 from a predicted noise",
            Self::X0 => "the noise from a predicted x0",
            Self::V => "x0 and noise from a predicted v",
            Self::Velocity => "x0 and noise from a predicted velocity",
            Self::Score => "the score, or x0 from it,",
            Self::PosteriorMean => "x0 and noise from a predicted posterior mean",
            Self::Edm { .. } => "x0 and noise from a preconditioned output",
        }
    }
}

/// q(x_{t−1} | x_t, x_0) for a level and its previous trained level.
fn posterior(level: NoiseLevel, trained_previous: Option<NoiseLevel>) -> Result<Posterior, Error> {
    let previous = trained_previous.ok_or(Error::NoPrevious)?;
    Ok(Transition::between(previous, level)?.posterior())
}
