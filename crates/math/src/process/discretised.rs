//! A continuous process with T discrete levels.

use super::{DiscreteProcess, Process, check_steps};
use crate::number::{POSITIVE, is_positive};
use crate::{Error, NoiseLevel};
use core::fmt::Debug;

/// The bounds on a wrapped process: those of a [`DiscreteProcess`] except for the levels.
trait Inner: Process + Debug + Send + Sync {}

impl<P: Process + Debug + Send + Sync> Inner for P {}

/// A continuous process with T discrete levels. Level rules, bounds and reports use these levels. Training may draw any level
/// between them.
///
/// Level T is the noisiest of the process, and level 1 is the cleanest trained one. The levels are spread evenly in τ^(1/ρ),
/// where τ is the time of the continuous process. This is even in time for ρ = 1, and eq. 5 of Karras et al. 2022 for a process
/// whose time is σ.
///
/// The time t of this process is a coordinate in [0, T]. From 1 to T it is linear in τ^(1/ρ). Below 1 it is σ = noise/signal
/// divided by the σ of level 1, so that t = 0 is clean data. If T = 1 and the noisiest level has no signal, no level has a time
/// between 0 and 1, and `at_time` returns pure noise there.
#[derive(Debug)]
pub struct Discretised {
    process: Box<dyn Inner>,
    steps: usize,
    rho: f64,
    /// τ^(1/ρ) of level 1 and of level T, for T > 1.
    ends: [f64; 2],
    /// Level 1.
    first: NoiseLevel,
    /// Level T.
    last: NoiseLevel,
}

impl Discretised {
    /// Divides `process` into T = `steps` levels. Level 1 is at `first_time`, a time of `process`. For T = 1, the only level is
    /// the noisiest.
    ///
    /// # Errors
    /// [`Error::Parameter`] for 0 steps or more than a million, for a ρ that is not positive and finite, and for a first time
    /// that is outside the process or at a level without noise.
    pub fn new(
        process: impl Process + Debug + Send + Sync + 'static,
        steps: usize,
        first_time: f64,
        rho: f64,
    ) -> Result<Self, Error> {
        check_steps(steps)?;
        if !is_positive(rho) {
            return Err(Error::Parameter { name: "rho", found: rho, allowed: POSITIVE });
        }
        let last_time = process.last_time();
        let outside = Error::Parameter {
            name: "first_time",
            found: first_time,
            allowed: "between clean data and the process' last time, both excluded",
        };
        if !(0.0 < first_time && first_time < last_time) {
            return Err(outside);
        }
        let last = process.at_time(last_time)?;
        let first = if steps == 1 { last } else { process.at_time(first_time)? };
        if first.is_clean() {
            return Err(outside);
        }
        let ends = [first_time, last_time].map(|time| root(time, rho));
        Ok(Self { process: Box::new(process), steps, rho, ends, first, last })
    }

    /// The time τ of the continuous process at a t in [1, T].
    fn own_time(&self, t: f64) -> f64 {
        let [low, high] = self.ends;
        let share = (t - 1.0) / (self.last_time() - 1.0);
        let time = power((low + share * (high - low)).min(high), self.rho);
        // By rounding, the power of the root may exceed the last time.
        time.min(self.process.last_time())
    }
}

impl Process for Discretised {
    fn at_time(&self, t: f64) -> Result<NoiseLevel, Error> {
        let last = self.last_time();
        if !(0.0..=last).contains(&t) {
            return Err(Error::Time { time: t, last });
        }
        if t == 0.0 {
            Ok(NoiseLevel::CLEAN)
        } else if t == last {
            Ok(self.last)
        } else if t == 1.0 {
            Ok(self.first)
        } else if t < 1.0 {
            self.process.at_log_snr(self.first.log_snr() - 2.0 * libm::log(t))
        } else {
            self.process.at_time(self.own_time(t))
        }
    }

    fn last_time(&self) -> f64 {
        self.steps as f64
    }

    fn at_log_snr(&self, log_snr: f64) -> Result<NoiseLevel, Error> {
        self.process.at_log_snr(log_snr)
    }

    fn time_of(&self, level: NoiseLevel) -> f64 {
        // NaN if both levels are pure noise. The level is then level 1, and the comparison below is false.
        let below = level.sigma() / self.first.sigma();
        if below < 1.0 {
            return below;
        }
        if self.steps == 1 {
            return 1.0;
        }
        let [low, high] = self.ends;
        let share = (root(self.process.time_of(level), self.rho) - low) / (high - low);
        (1.0 + share * (self.last_time() - 1.0)).clamp(1.0, self.last_time())
    }

    fn trained_previous(&self, _level: NoiseLevel) -> Option<NoiseLevel> {
        None
    }

    fn start_std(&self, level: NoiseLevel) -> f64 {
        self.process.start_std(level)
    }

    fn time_share(&self, level: NoiseLevel) -> f64 {
        self.process.time_share(level)
    }
}

impl DiscreteProcess for Discretised {
    fn steps(&self) -> usize {
        self.steps
    }

    fn level(&self, t: usize) -> NoiseLevel {
        // A t in 0..=T is inside the process, so that the level exists.
        self.at_time(t.min(self.steps) as f64).unwrap_or(self.last)
    }

    fn is_continuous(&self) -> bool {
        true
    }
}

/// x^(1/ρ), exactly x for ρ = 1.
fn root(x: f64, rho: f64) -> f64 {
    if rho == 1.0 { x } else { libm::pow(x, 1.0 / rho) }
}

/// x^ρ, exactly x for ρ = 1.
fn power(x: f64, rho: f64) -> f64 {
    if rho == 1.0 { x } else { libm::pow(x, rho) }
}
