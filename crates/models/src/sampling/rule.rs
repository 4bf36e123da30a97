//! Rules for the noise levels of a path.

use super::{Sampler, SamplingConfig};
use crate::{Error, Model};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use tweedie_math::subsequence::{NoSubsequence, karras, uniform_log_snr};
use tweedie_math::{MOST_LEVELS, NoiseLevel, RectifiedFlow, Schedule, Short, Spacing, Subsequence};
use tweedie_samplers::Path;

/// A rule for the levels of a path.
///
/// As text, a rule is a sub-sequence of the trained times (`trailing:50`, `times:1,5,10` …) or the levels of another process:
/// `flow:N`, `flow:N,SHIFT` or `edm:N` (σ from 80 to .002). `karras:N,RHO` and `log_snr:N` visit their exact levels if the network can
/// be conditioned on any level, otherwise the nearest trained levels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum LevelRule {
    /// A sub-sequence of the trained times.
    Own(Subsequence),
    /// The levels of a rectified flow, spaced evenly in its time.
    Flow {
        /// The number of levels.
        n: usize,
        /// The shift s of σ' = s·σ/(1 + (s − 1)·σ).
        shift: f64,
    },
    /// The levels of EDM, with ρ = 7 from σ = 80 to .002, limited to the range of the process.
    Edm {
        /// The number of levels.
        n: usize,
    },
}

/// Text that is not a level rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoLevelRule {
    /// The text has another form.
    #[error("{0}; or flow:N, flow:N,SHIFT, edm:N")]
    Form(String),
    /// A number of levels that is too great.
    #[error("the number of levels is {0}; it must be at most {MOST_LEVELS}")]
    Number(usize),
}

impl FromStr for LevelRule {
    type Err = NoLevelRule;

    fn from_str(text: &str) -> Result<Self, NoLevelRule> {
        let number = |text: &str| match text.trim().parse::<usize>() {
            Ok(number) if number > MOST_LEVELS => Err(NoLevelRule::Number(number)),
            read => read.map_err(|_| NoLevelRule::Form(format!("\"{text}\" is not a number of levels"))),
        };
        match text.split_once(':') {
            Some(("edm", n)) => Ok(Self::Edm { n: number(n)? }),
            Some(("flow", rest)) => {
                let (n, shift) = rest.split_once(',').unwrap_or((rest, "1"));
                let shift = shift
                    .trim()
                    .parse()
                    .map_err(|_| NoLevelRule::Form(format!("\"{shift}\" is not a shift of a flow")))?;
                Ok(Self::Flow { n: number(n)?, shift })
            }
            _ => text.parse().map(Self::Own).map_err(|error| match error {
                NoSubsequence::Number(number) => NoLevelRule::Number(number),
                other => NoLevelRule::Form(other.to_string()),
            }),
        }
    }
}

impl TryFrom<String> for LevelRule {
    type Error = NoLevelRule;

    fn try_from(text: String) -> Result<Self, NoLevelRule> {
        text.parse()
    }
}

impl From<LevelRule> for String {
    fn from(levels: LevelRule) -> Self {
        levels.to_string()
    }
}

impl fmt::Display for LevelRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(of) => of.fmt(f),
            Self::Flow { n, shift } => write!(f, "flow:{n},{}", Short(*shift)),
            Self::Edm { n } => write!(f, "edm:{n}"),
        }
    }
}

/// Checks a number of levels that no process bounds.
fn check_levels(n: usize) -> Result<(), Error> {
    if (1..=MOST_LEVELS).contains(&n) {
        return Ok(());
    }
    let (name, found, allowed) = ("the number of steps", n as f64, "between 1 and a million");
    Err(tweedie_math::Error::Parameter { name, found, allowed }.into())
}

impl Model {
    /// The path of noise levels for a sampling configuration.
    ///
    /// # Errors
    /// Errors for more steps than trained levels, for 0 steps, and for rules that do not fit the process.
    pub fn path(&self, sampling: &SamplingConfig) -> Result<Path, Error> {
        let mut levels: Vec<NoiseLevel> = match (&sampling.levels, &self.about().schedule) {
            (Some(rule), _) => self.levels_of(rule)?,
            (None, _) if sampling.sampler == Sampler::Ode => self.preview_levels()?,
            (None, Schedule::RectifiedFlow { shift }) => self.flow_levels(*shift, sampling.steps)?,
            (None, _) => {
                let times =
                    sampling.spacing.times(self.process().steps(), sampling.steps, sampling.steps_offset)?;
                times.iter().map(|&time| self.process().level(time)).collect()
            }
        };
        let last = if sampling.ends_clean { NoiseLevel::CLEAN } else { self.process().level(1) };
        // A rule may end cleaner than the first trained level.
        if levels.last().is_none_or(|level| level.log_snr() < last.log_snr()) {
            levels.push(last);
        }
        Ok(Path::new(levels)?)
    }

    /// The levels at which the adaptive solver calls the hook. Its steps between the first and the last level are adaptive.
    fn preview_levels(&self) -> Result<Vec<NoiseLevel>, Error> {
        let steps = self.process().steps();
        let mut times = Spacing::Trailing.times(steps, steps.min(10), 0)?;
        if times.last() != Some(&1) {
            times.push(1);
        }
        Ok(times.into_iter().map(|time| self.process().level(time)).collect())
    }

    /// The levels of a rule, from the noisiest to the cleanest.
    fn levels_of(&self, rule: &LevelRule) -> Result<Vec<NoiseLevel>, Error> {
        let process = self.process();
        let (noisiest, cleanest) = (process.level(process.steps()), process.level(1));
        let times = |times: Vec<usize>| times.into_iter().map(|time| process.level(time)).collect();
        // A learned time table is defined only at the trained levels, and σ is infinite without signal.
        let is_exact = !self.network().accepts().has_time_table && noisiest.signal_rate() > 0.0;
        Ok(match rule {
            LevelRule::Own(Subsequence::Karras { n, rho }) if is_exact => {
                karras(process, noisiest, cleanest, *n, *rho)?
            }
            LevelRule::Own(Subsequence::UniformLogSnr { n }) if is_exact => {
                uniform_log_snr(process, noisiest, cleanest, *n)?
            }
            LevelRule::Own(of) => times(of.times(process)?),
            LevelRule::Edm { n } => {
                let bound = |sigma: f64| -> Result<NoiseLevel, Error> {
                    let level = NoiseLevel::new(1.0, sigma)?;
                    Ok(if level.log_snr() < noisiest.log_snr() { noisiest } else { level })
                };
                karras(process, bound(80.0)?, bound(0.002)?, *n, 7.0)?
            }
            LevelRule::Flow { n, shift } => {
                let flow = RectifiedFlow::new(process.steps(), *shift)?;
                check_levels(*n)?;
                // Levels noisier than the noisiest level of the process are replaced by it.
                let level = |i: usize| -> Result<NoiseLevel, Error> {
                    let level = flow.at_sigma(flow.shifted(1.0 - i as f64 / *n as f64))?;
                    if level.log_snr() <= noisiest.log_snr() {
                        return Ok(noisiest);
                    }
                    Ok(process.at_log_snr(level.log_snr())?)
                };
                let mut levels = (0..*n).map(level).collect::<Result<Vec<_>, _>>()?;
                levels.dedup();
                levels
            }
        })
    }

    /// The n levels of `diffusers`' `FlowMatchEulerDiscreteScheduler`, whose σ before the shift decrease evenly from 1 to that of the
    /// first trained level.
    fn flow_levels(&self, shift: f64, n: usize) -> Result<Vec<NoiseLevel>, Error> {
        let flow = RectifiedFlow::new(self.process().steps(), shift)?;
        if !(1..=self.process().steps()).contains(&n) {
            let trained = self.process().steps();
            return Err(tweedie_math::Error::Steps { found: n, trained }.into());
        }
        let last = flow.shifted(1.0 / self.process().steps() as f64);
        let share = |i: usize| if n == 1 { 0.0 } else { i as f64 / (n - 1) as f64 };
        (0..n).map(|i| Ok(flow.at_sigma(flow.shifted(1.0 + share(i) * (last - 1.0)))?)).collect()
    }
}
