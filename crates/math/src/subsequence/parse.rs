//! The text form of sub-sequences.

use super::{Spacing, Subsequence};
use crate::number::Short;
use crate::process::MOST_LEVELS;
use core::fmt;
use core::str::FromStr;

/// A text that is not a sub-sequence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoSubsequence {
    /// The text has another form.
    #[error(
        "\"{0}\" is not a sub-sequence; it must be all, trailing:N, leading:N, linspace:N, quadratic:N, sections:N,N,…, ddimN, karras:N, karras:N,RHO, log_snr:N or times:T,T,…"
    )]
    Form(String),
    /// A number that no process has levels for.
    #[error("a number of the sub-sequence is {0}; it must be at most {MOST_LEVELS}")]
    Number(usize),
}

impl FromStr for Subsequence {
    type Err = NoSubsequence;

    fn from_str(text: &str) -> Result<Self, NoSubsequence> {
        let wrong = || NoSubsequence::Form(text.to_string());
        let number = |text: &str| match text.trim().parse::<usize>() {
            Ok(number) if number > MOST_LEVELS => Err(NoSubsequence::Number(number)),
            read => read.map_err(|_| wrong()),
        };
        let list = |text: &str| text.split(',').map(number).collect::<Result<Vec<_>, _>>();
        if text == "all" {
            return Ok(Self::All);
        }
        if let Some(n) = text.strip_prefix("ddim") {
            return Ok(Self::Strided(number(n)?));
        }
        let (rule, rest) = text.split_once(':').ok_or_else(wrong)?;
        let spaced = |spacing| Ok(Self::Spaced { spacing, n: number(rest)? });
        match rule {
            "leading" => spaced(Spacing::Leading),
            "trailing" => spaced(Spacing::Trailing),
            "linspace" => spaced(Spacing::Linspace),
            "quadratic" => spaced(Spacing::Quadratic),
            "sections" => Ok(Self::Sections(list(rest)?)),
            "times" => Ok(Self::Times(list(rest)?)),
            "log_snr" => Ok(Self::UniformLogSnr { n: number(rest)? }),
            "karras" => {
                let (n, rho) = rest.split_once(',').unwrap_or((rest, "7"));
                Ok(Self::Karras { n: number(n)?, rho: rho.trim().parse().map_err(|_| wrong())? })
            }
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Subsequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |numbers: &[usize]| numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
        match self {
            Self::All => write!(f, "all"),
            Self::Spaced { spacing: Spacing::Leading, n } => write!(f, "leading:{n}"),
            Self::Spaced { spacing: Spacing::Trailing, n } => write!(f, "trailing:{n}"),
            Self::Spaced { spacing: Spacing::Linspace, n } => write!(f, "linspace:{n}"),
            Self::Spaced { spacing: Spacing::Quadratic, n } => write!(f, "quadratic:{n}"),
            Self::Sections(counts) => write!(f, "sections:{}", list(counts)),
            Self::Strided(n) => write!(f, "ddim{n}"),
            Self::Karras { n, rho } => write!(f, "karras:{n},{}", Short(*rho)),
            Self::UniformLogSnr { n } => write!(f, "log_snr:{n}"),
            Self::Times(times) => write!(f, "times:{}", list(times)),
        }
    }
}
