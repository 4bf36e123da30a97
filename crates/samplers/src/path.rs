//! The levels that a sampler visits.

use crate::{Error, Step};
use tweedie_math::{DiscreteProcess, NoiseLevel};

/// Levels in the order of their visits, usually from noise down to clean data. An ascending pair means: noise again.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    levels: Vec<NoiseLevel>,
}

impl Path {
    /// A path through the given levels, which it ends at.
    ///
    /// # Errors
    /// [`Error::Path`] for fewer than two levels, or two equal ones in a row.
    pub fn new(levels: Vec<NoiseLevel>) -> Result<Self, Error> {
        if levels.len() < 2 {
            return Err(Error::Path(format!("it has {} levels and needs at least 2", levels.len())));
        }
        if let Some(at) = levels.windows(2).position(|pair| pair[0] == pair[1]) {
            return Err(Error::Path(format!("its levels {at} and {} are the same", at + 1)));
        }
        Ok(Self { levels })
    }

    /// A path through times of a discrete process (1 ..= T, any order but no repeats in a row), then to clean data.
    ///
    /// # Errors
    /// [`Error::Path`] for no times, or a time outside 1 ..= T.
    pub fn of_times(process: &dyn DiscreteProcess, times: &[usize]) -> Result<Self, Error> {
        if let Some(time) = times.iter().find(|time| !(1..=process.steps()).contains(*time)) {
            return Err(Error::Path(format!("time {time} is outside 1 ..= {}", process.steps())));
        }
        let levels = times.iter().map(|&time| process.level(time)).chain([NoiseLevel::CLEAN]).collect();
        Self::new(levels)
    }

    /// The part of the path that ends at the first level at least as clean as the given one.
    ///
    /// # Errors
    /// [`Error::Path`] when nothing of it is left.
    pub fn until(&self, level: NoiseLevel) -> Result<Self, Error> {
        let end = self
            .levels
            .iter()
            .position(|here| here.log_snr() >= level.log_snr())
            .unwrap_or(self.levels.len() - 1);
        Self::new(self.levels[..=end].to_vec())
    }

    /// Its steps, in order.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = Step> + ExactSizeIterator + '_ {
        let count = self.n_steps();
        let pair = move |index: usize| (self.levels[index], self.levels[index + 1]);
        (0..count).map(move |index| Step { index, count, from: pair(index).0, to: pair(index).1 })
    }

    /// The path without its step to clean data, where it has one and another step is left: what convergence is measured on.
    pub fn without_last_step(&self) -> Self {
        let n = self.levels.len();
        let ends_clean = self.levels[n - 1].is_clean() && n > 2;
        Self { levels: self.levels[..n - usize::from(ends_clean)].to_vec() }
    }

    /// The levels, in order.
    pub fn levels(&self) -> &[NoiseLevel] {
        &self.levels
    }

    /// Where it begins.
    pub fn first(&self) -> NoiseLevel {
        self.levels[0]
    }

    /// How many steps it has.
    pub fn n_steps(&self) -> usize {
        self.levels.len() - 1
    }
}
