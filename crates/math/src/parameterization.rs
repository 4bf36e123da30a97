//! What a network's output means, as linear maps between (x_t, output) and (x_0, ε).

use crate::{Error, NoiseLevel};
use serde::{Deserialize, Serialize};

/// What a network says about x_t = s·x_0 + n·ε.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// How an output is read at one level: x_0 = `x0_from_x`·x + `x0_from_out`·out, ε = `eps_from_x`·x + `eps_from_out`·out.
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

/// What an output should have been: out = `from_x0`·x_0 + `from_eps`·ε.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    /// Factor of x_0.
    pub from_x0: f64,
    /// Factor of ε.
    pub from_eps: f64,
}

impl Parameterization {
    /// How an output is read at a level.
    ///
    /// # Errors
    /// [`Error::Singular`] where it would divide by zero: x_0 from ε without signal, ε from x_0 without noise.
    pub fn reading(self, level: NoiseLevel) -> Result<Reading, Error> {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        // x = s·x0 + n·ε and out = p·x0 + q·ε are two equations in (x0, ε); their determinant:
        let Target { from_x0: p, from_eps: q } = self.target(level);
        let determinant = match self {
            Self::Epsilon => s,
            Self::X0 => -n,
            Self::V => s * s + n * n,
            Self::Velocity => s + n,
        };
        if determinant == 0.0 {
            return Err(Error::Singular { what: self.what(), signal: s, noise: n });
        }
        Ok(Reading {
            x0_from_x: q / determinant,
            x0_from_out: -n / determinant,
            eps_from_x: -p / determinant,
            eps_from_out: s / determinant,
        })
    }

    /// The training target as a combination of x_0 and ε.
    pub fn target(self, level: NoiseLevel) -> Target {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        match self {
            Self::Epsilon => Target { from_x0: 0.0, from_eps: 1.0 },
            Self::X0 => Target { from_x0: 1.0, from_eps: 0.0 },
            Self::V => Target { from_x0: -n, from_eps: s },
            Self::Velocity => Target { from_x0: -1.0, from_eps: 1.0 },
        }
    }

    /// The weight w with ‖error measured as `measured`‖² = w·‖error of the output‖² at a level: what the network says and
    /// where the loss is measured are two choices.
    ///
    /// # Errors
    /// [`Error::Singular`] where the output says nothing about what is measured.
    pub fn loss_weight(self, measured: Self, level: NoiseLevel) -> Result<f64, Error> {
        if self == measured {
            return Ok(1.0);
        }
        // An error of the output moves (x0, ε) by (x0_from_out, eps_from_out); the target map turns that into its own units.
        let said = self.reading(level)?;
        let Target { from_x0, from_eps } = measured.target(level);
        let factor = from_x0 * said.x0_from_out + from_eps * said.eps_from_out;
        Ok(factor * factor)
    }

    fn what(self) -> &'static str {
        match self {
            Self::Epsilon => "x0 from a predicted noise",
            Self::X0 => "the noise from a predicted x0",
            Self::V => "x0 and noise from a predicted v",
            Self::Velocity => "x0 and noise from a predicted velocity",
        }
    }
}
