//! The levels that a sampler visits.

use crate::{Error, Step};
use tweedie_math::{DiscreteProcess, NoiseLevel};

/// Levels in the order of their visits, usually from noise down to clean data. A step to a noisier level adds noise.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    levels: Vec<NoiseLevel>,
}

/// The greatest difference of two log-SNRs that [`Path::starting_at`] and [`Path::ending_at`] treat as equal.
const SAME_LOG_SNR: f64 = 1e-9;

impl Path {
    /// A path through the given levels, which ends at the last of them.
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

    /// A path through times of a discrete process, then to clean data. The times are in 1 ..= T, in any order, without equal neighbours.
    ///
    /// # Errors
    /// [`Error::Path`] for no times, a time outside 1 ..= T, or equal neighbours.
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
    /// [`Error::Path`] if the part has fewer than two levels.
    pub fn until(&self, level: NoiseLevel) -> Result<Self, Error> {
        let end = self
            .levels
            .iter()
            .position(|here| here.log_snr() >= level.log_snr())
            .unwrap_or(self.levels.len() - 1);
        Self::new(self.levels[..=end].to_vec())
    }

    /// The part of the path that starts exactly at the given level: this level, then the path's levels from the first cleaner one on.
    /// Levels of the path with the same log-SNR, up to 1e-9, are replaced by the given one.
    ///
    /// The rates of the level must be those of the path's process. [`Self::ending_at`] is the other part.
    ///
    /// # Errors
    /// [`Error::Path`] for a level that is noisier than the path's first one or cleaner than all of its levels, or if no level follows.
    pub fn starting_at(&self, level: NoiseLevel) -> Result<Self, Error> {
        let (_, rest) = self.cut(level)?;
        if rest.is_empty() {
            return Err(Error::Path(format!("no level follows the log-SNR {}", level.log_snr())));
        }
        Self::new([&[level][..], rest].concat())
    }

    /// The part of the path that ends exactly at the given level: the path's levels before the first one that is at least as clean, then
    /// this level. Levels of the path with the same log-SNR, up to 1e-9, are replaced by the given one.
    ///
    /// The rates of the level must be those of the path's process. [`Self::starting_at`] is the other part.
    ///
    /// # Errors
    /// [`Error::Path`] for a level that is noisier than the path's first one or cleaner than all of its levels, or if no level comes
    /// before it.
    pub fn ending_at(&self, level: NoiseLevel) -> Result<Self, Error> {
        let (before, _) = self.cut(level)?;
        if before.is_empty() {
            return Err(Error::Path(format!("no level precedes the log-SNR {}", level.log_snr())));
        }
        Self::new([before, &[level][..]].concat())
    }

    /// The levels before the first one at least as clean as the given one, and those from its first cleaner one on.
    fn cut(&self, level: NoiseLevel) -> Result<(&[NoiseLevel], &[NoiseLevel]), Error> {
        let is_same = |other: &NoiseLevel| {
            // The difference of two equal infinities is NaN, so that equality is tested first.
            let (a, b) = (other.log_snr(), level.log_snr());
            a == b || (a - b).abs() <= SAME_LOG_SNR
        };
        let is_reached = |other: &NoiseLevel| other.log_snr() >= level.log_snr() || is_same(other);
        let outside = |bound: &str, of: NoiseLevel| {
            let (found, bound_log_snr) = (level.log_snr(), of.log_snr());
            Error::Path(format!(
                "it does not reach the log-SNR {found}: its {bound} level has {bound_log_snr}"
            ))
        };
        if level.log_snr() < self.first().log_snr() && !is_same(&self.first()) {
            return Err(outside("first", self.first()));
        }
        let Some(end) = self.levels.iter().position(is_reached) else {
            let by_log_snr = |a: &&NoiseLevel, b: &&NoiseLevel| a.log_snr().total_cmp(&b.log_snr());
            let cleanest = self.levels.iter().max_by(by_log_snr).copied().unwrap_or(level);
            return Err(outside("cleanest", cleanest));
        };
        let n_same = self.levels[end..].iter().take_while(|other| is_same(other)).count();
        Ok((&self.levels[..end], &self.levels[end + n_same..]))
    }

    /// The steps, in order.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = Step> + ExactSizeIterator + '_ {
        let count = self.n_steps();
        let pair = move |index: usize| (self.levels[index], self.levels[index + 1]);
        (0..count).map(move |index| Step { index, count, from: pair(index).0, to: pair(index).1 })
    }

    /// The path without its last step if that goes to clean data and is not the only one. Convergence is measured on this path.
    pub fn without_last_step(&self) -> Self {
        let n = self.levels.len();
        let ends_clean = self.levels[n - 1].is_clean() && n > 2;
        Self { levels: self.levels[..n - usize::from(ends_clean)].to_vec() }
    }

    /// The levels, in order.
    pub fn levels(&self) -> &[NoiseLevel] {
        &self.levels
    }

    /// The first level.
    pub fn first(&self) -> NoiseLevel {
        self.levels[0]
    }

    /// The number of steps.
    pub fn n_steps(&self) -> usize {
        self.levels.len() - 1
    }
}
