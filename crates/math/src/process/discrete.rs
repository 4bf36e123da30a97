//! The discrete variance-preserving process of Ho et al. (2020).

use super::{DiscreteProcess, Process, SAME_LEVEL, Schedule};
use crate::level::log_alpha_bar_of;
use crate::{Error, NoiseLevel};

/// T levels with ᾱ_t = Π (1 − β_s): x_t = √ᾱ_t·x_0 + √(1 − ᾱ_t)·ε (Ho et al. 2020, eq. 4).
///
/// Between trained levels, ln ᾱ is interpolated linearly: each step adds its noise at a constant rate.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscreteVp {
    /// ln ᾱ_t for t = 0..=T, decreasing from 0.
    log_alpha_bar: Vec<f64>,
}

impl DiscreteVp {
    /// Creates the process with T = `steps` levels of a schedule.
    ///
    /// # Errors
    /// Errors returned by [`Schedule::log_alphas`].
    pub fn new(schedule: &Schedule, steps: usize) -> Result<Self, Error> {
        let mut log_alpha_bar = vec![0.0];
        let mut sum = 0.0;
        for log_alpha in schedule.log_alphas(steps)? {
            sum += log_alpha;
            log_alpha_bar.push(sum);
        }
        Ok(Self { log_alpha_bar })
    }

    /// A process whose β is linear in t.
    ///
    /// # Errors
    /// Errors returned by [`Schedule::log_alphas`].
    pub fn linear(steps: usize, beta_start: f64, beta_end: f64) -> Result<Self, Error> {
        Self::new(&Schedule::Linear { beta_start, beta_end }, steps)
    }

    /// A process whose √β is linear in t.
    ///
    /// # Errors
    /// Errors returned by [`Schedule::log_alphas`].
    pub fn quadratic(steps: usize, beta_start: f64, beta_end: f64) -> Result<Self, Error> {
        Self::new(&Schedule::Quadratic { beta_start, beta_end }, steps)
    }

    /// A process with the cosine schedule and the constants of Nichol & Dhariwal (2021).
    ///
    /// # Errors
    /// [`Error::Parameter`] for 0 steps or more than a million.
    pub fn cosine(steps: usize) -> Result<Self, Error> {
        Self::new(&Schedule::COSINE, steps)
    }

    /// A process with the given betas β_1 … β_T.
    ///
    /// # Errors
    /// [`Error::Beta`] with the first β outside (0, 1), where the last β may be 1. [`Error::Parameter`] for no betas or more
    /// than a million.
    pub fn from_betas(betas: &[f64]) -> Result<Self, Error> {
        Self::new(&Schedule::Explicit { betas: betas.to_vec() }, betas.len())
    }

    /// The process that keeps only the given times. Its α between two kept times s < t is ᾱ_t/ᾱ_s, so that the kept levels are
    /// unchanged.
    ///
    /// `times` may come in any order. Time 0 is always kept and is not part of `times`.
    ///
    /// # Errors
    /// [`Error::Time`] for a time outside 1..=T; [`Error::Parameter`] for no times or a time that is given twice.
    pub fn respaced(&self, times: &[usize]) -> Result<Self, Error> {
        let mut times = times.to_vec();
        times.sort_unstable();
        if let Some(&outside) = times.iter().find(|&&time| !(1..=self.steps()).contains(&time)) {
            return Err(Error::Time { time: outside as f64, last: self.last_time() });
        }
        if let Some(pair) = times.windows(2).find(|pair| pair[0] == pair[1]) {
            let allowed = "given once";
            return Err(Error::Parameter { name: "a time to keep", found: pair[0] as f64, allowed });
        }
        if times.is_empty() {
            let allowed = "at least 1";
            return Err(Error::Parameter { name: "the number of times to keep", found: 0.0, allowed });
        }
        let kept = [0].into_iter().chain(times);
        Ok(Self { log_alpha_bar: kept.map(|time| self.log_alpha_bar[time]).collect() })
    }

    /// T, the number of levels.
    pub fn steps(&self) -> usize {
        self.log_alpha_bar.len() - 1
    }

    /// The level at t = 0..=T. A t above T gives the level at T.
    pub fn level(&self, t: usize) -> NoiseLevel {
        // By construction ln ᾱ ≤ 0 and not NaN, so that the level exists.
        NoiseLevel::from_log_alpha_bar(self.log_alpha_bar[t.min(self.steps())]).unwrap_or(NoiseLevel::CLEAN)
    }

    /// The levels from t = 1 to t = T.
    pub fn levels(&self) -> Vec<NoiseLevel> {
        (1..=self.steps()).map(|t| self.level(t)).collect()
    }

    /// ᾱ_t for t = 0..=T.
    pub fn alpha_bar(&self, t: usize) -> f64 {
        libm::exp(self.log_alpha_bar[t.min(self.steps())])
    }

    /// α_t = 1 − β_t for t = 1..=T.
    pub fn alpha(&self, t: usize) -> f64 {
        libm::exp(self.log_alpha(t))
    }

    /// β_t for t = 1..=T.
    pub fn beta(&self, t: usize) -> f64 {
        -libm::expm1(self.log_alpha(t))
    }

    fn log_alpha(&self, t: usize) -> f64 {
        let t = t.clamp(1, self.steps());
        self.log_alpha_bar[t] - self.log_alpha_bar[t - 1]
    }
}

impl Process for DiscreteVp {
    fn at_time(&self, t: f64) -> Result<NoiseLevel, Error> {
        if !(0.0..=self.last_time()).contains(&t) {
            return Err(Error::Time { time: t, last: self.last_time() });
        }
        let below = libm::floor(t);
        let fraction = t - below;
        let below = below as usize;
        if fraction == 0.0 {
            return Ok(self.level(below));
        }
        let (low, high) = (self.log_alpha_bar[below], self.log_alpha_bar[below + 1]);
        NoiseLevel::from_log_alpha_bar(low + fraction * (high - low))
    }

    fn last_time(&self) -> f64 {
        self.steps() as f64
    }

    fn at_log_snr(&self, log_snr: f64) -> Result<NoiseLevel, Error> {
        let last = self.level(self.steps()).log_snr();
        if log_snr.is_nan() || log_snr < last - SAME_LEVEL {
            return Err(Error::LogSnr { log_snr, last });
        }
        NoiseLevel::variance_preserving(log_snr)
    }

    fn time_of(&self, level: NoiseLevel) -> f64 {
        let target = log_alpha_bar_of(level.log_snr());
        // The first time whose ln ᾱ is at or below the target.
        let above = self.log_alpha_bar.partition_point(|&value| value > target);
        match above {
            0 => 0.0,
            t if t > self.steps() => self.last_time(),
            t => {
                let (low, high) = (self.log_alpha_bar[t - 1], self.log_alpha_bar[t]);
                // Interpolation of ln ᾱ towards ᾱ_T = 0, which is −∞, has no levels strictly between the two ends.
                let fraction = if high.is_finite() {
                    (target - low) / (high - low)
                } else if target == high {
                    1.0
                } else {
                    0.0
                };
                (t - 1) as f64 + fraction
            }
        }
    }

    fn trained_previous(&self, level: NoiseLevel) -> Option<NoiseLevel> {
        let is_noisier_than_all = level.log_snr() < self.level(self.steps()).log_snr() - SAME_LEVEL;
        if is_noisier_than_all {
            return Some(self.level(self.steps()));
        }
        let time = match self.trained_time(level) {
            Some(time) => time as f64,
            None => self.time_of(level),
        };
        (time > 0.0).then(|| self.level((libm::ceil(time) as usize).saturating_sub(1)))
    }

    fn start_std(&self, _level: NoiseLevel) -> f64 {
        1.0
    }
}

impl DiscreteProcess for DiscreteVp {
    fn steps(&self) -> usize {
        self.steps()
    }

    fn level(&self, t: usize) -> NoiseLevel {
        self.level(t)
    }
}
