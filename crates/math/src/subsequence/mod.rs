//! The levels of a process that a sampler or a bound visits.

mod levels;
mod parse;
mod sections;
mod spacing;

pub use levels::{karras, uniform_log_snr};
pub use parse::NoSubsequence;
pub use spacing::Spacing;

use crate::{DiscreteProcess, Error};

/// A rule that selects a sub-sequence of the trained times. Its text forms are `all`, `trailing:50`, `leading:50`, `linspace:50`,
/// `quadratic:50`, `sections:10,15,20`, `ddim50`, `karras:18` or `karras:18,7`, `log_snr:50` and `times:1,5,10`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Subsequence {
    /// Every trained time.
    All,
    /// n times that are spread by a [`Spacing`].
    Spaced {
        /// The spacing of the times.
        spacing: Spacing,
        /// The number of times.
        n: usize,
    },
    /// OpenAI's sections, with the number of times in each section.
    Sections(Vec<usize>),
    /// OpenAI's "ddimN": n times with the least integer stride that gives exactly n.
    Strided(usize),
    /// The trained times nearest to n levels of Karras et al.'s spacing.
    Karras {
        /// The number of levels.
        n: usize,
        /// ρ, 7 in the paper.
        rho: f64,
    },
    /// The trained times nearest to n levels evenly spread in log-SNR.
    UniformLogSnr {
        /// The number of levels.
        n: usize,
    },
    /// The given times.
    Times(Vec<usize>),
}

impl Subsequence {
    /// The selected times between 1 and T, in descending order and without repeats.
    ///
    /// [`Self::Karras`] and [`Self::UniformLogSnr`] take the trained time nearest to each level, so that they may return fewer than n
    /// times. If level T has no signal, T is the first of the n times and the rule spreads the others.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a number that is invalid for the rule or the process; [`Error::Time`] for a time outside 1..=T.
    pub fn times(&self, process: &dyn DiscreteProcess) -> Result<Vec<usize>, Error> {
        let last = process.steps();
        let mut times = match self {
            Self::All => (1..=last).rev().collect(),
            Self::Spaced { spacing, n } => spacing.times(last, *n, 0)?,
            Self::Sections(counts) => sections::sections(last, counts)?,
            Self::Strided(n) => sections::strided(last, *n)?,
            Self::Karras { n, rho } => nearest(process, *n, |p, a, b, n| karras(p, a, b, n, *rho))?,
            Self::UniformLogSnr { n } => nearest(process, *n, uniform_log_snr)?,
            Self::Times(times) => times.clone(),
        };
        if let Some(&time) = times.iter().find(|&&time| !(1..=last).contains(&time)) {
            return Err(Error::Time { time: time as f64, last: last as f64 });
        }
        times.sort_unstable_by(|a, b| b.cmp(a));
        times.dedup();
        if times.is_empty() {
            let allowed = "at least 1";
            return Err(Error::Parameter { name: "the number of times", found: 0.0, allowed });
        }
        Ok(times)
    }
}

/// The trained times nearest to n levels, which a rule spreads between the noisiest level with signal and level 1.
fn nearest(
    process: &dyn DiscreteProcess,
    n: usize,
    rule: impl Fn(
        &dyn crate::Process,
        crate::NoiseLevel,
        crate::NoiseLevel,
        usize,
    ) -> Result<Vec<crate::NoiseLevel>, Error>,
) -> Result<Vec<usize>, Error> {
    let last = process.steps();
    if !(1..=last).contains(&n) {
        return Err(Error::Steps { found: n, trained: last });
    }
    let with_signal = if process.level(last).signal_rate() > 0.0 { last } else { last - 1 };
    let mut times = Vec::new();
    if with_signal < last {
        times.push(last);
    }
    if with_signal > 0 && n > times.len() {
        let levels = rule(process, process.level(with_signal), process.level(1), n - times.len())?;
        times.extend(
            levels.iter().map(|&level| (libm::round(process.time_of(level)) as usize).clamp(1, last)),
        );
    }
    Ok(times)
}
