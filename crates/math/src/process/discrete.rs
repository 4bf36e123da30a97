//! The discrete variance-preserving process of Ho et al. (2020).

use super::{DiscreteProcess, Process, SAME_LEVEL, Schedule};
use crate::level::log_alpha_bar_of;
use crate::{Error, NoiseLevel};

/// T levels with ᾱ_t = Π (1 − β_s): x_t = √ᾱ_t·x_0 + √(1 − ᾱ_t)·ε (Ho et al. 2020, eq. 4).
///
/// Between trained levels ln ᾱ is interpolated linearly, as if each step added its noise at a constant rate.
#[derive(Debug, Clone, PartialEq)]
pub struct DiscreteVp {
    /// ln ᾱ_t for t = 0..=T, falling from 0.
    log_alpha_bar: Vec<f64>,
}

impl DiscreteVp {
    /// T = `steps` levels of a named schedule.
    ///
    /// # Errors
    /// Those of [`Schedule::log_alphas`].
    pub fn new(schedule: &Schedule, steps: usize) -> Result<Self, Error> {
        let mut log_alpha_bar = vec![0.0];
        let mut sum = 0.0;
        for log_alpha in schedule.log_alphas(steps)? {
            sum += log_alpha;
            log_alpha_bar.push(sum);
        }
        Ok(Self { log_alpha_bar })
    }

    /// β linear in t.
    ///
    /// # Errors
    /// Those of [`Schedule::log_alphas`].
    pub fn linear(steps: usize, beta_start: f64, beta_end: f64) -> Result<Self, Error> {
        Self::new(&Schedule::Linear { beta_start, beta_end }, steps)
    }

    /// √β linear in t.
    ///
    /// # Errors
    /// Those of [`Schedule::log_alphas`].
    pub fn quadratic(steps: usize, beta_start: f64, beta_end: f64) -> Result<Self, Error> {
        Self::new(&Schedule::Quadratic { beta_start, beta_end }, steps)
    }

    /// The cosine schedule with the paper's constants.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no steps.
    pub fn cosine(steps: usize) -> Result<Self, Error> {
        Self::new(&Schedule::COSINE, steps)
    }

    /// The betas themselves.
    ///
    /// # Errors
    /// [`Error::Beta`] names the first that is not in (0, 1); the last alone may be 1.
    pub fn from_betas(betas: &[f64]) -> Result<Self, Error> {
        Self::new(&Schedule::Explicit { betas: betas.to_vec() }, betas.len())
    }

    /// The process that visits some of this one's times only: α between them is ᾱ_t/ᾱ_s, re-derived and not approximated, so
    /// that every kept level is what it was.
    ///
    /// `times` may come in any order; t = 0 is always there and need not be named.
    ///
    /// # Errors
    /// [`Error::Time`] for a time outside 1..=T, [`Error::Parameter`] for none at all or one given twice.
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

    /// The level at t = 0..=T; t above T is taken for T.
    pub fn level(&self, t: usize) -> NoiseLevel {
        // ln ᾱ ≤ 0 and never NaN, by construction: the level exists.
        NoiseLevel::from_log_alpha_bar(self.log_alpha_bar[t.min(self.steps())]).unwrap_or(NoiseLevel::CLEAN)
    }

    /// Every level from t = 1 to t = T.
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
                // A last step to ᾱ = 0 has no levels between its ends but in the limit.
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
