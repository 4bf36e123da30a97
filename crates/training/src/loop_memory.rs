//! The state of the training loop between steps. A checkpoint stores it, so that a resumed run equals an uninterrupted one.

use crate::{Clock, HeldOut, Learner, StepReport, Tick, Trainer};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::time::Instant;

/// The state of the training loop, stored in every checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoopMemory {
    /// The check for losses that are not finite or explode.
    pub watch: Watch,
    /// Sums over the steps since the last tick.
    pub sums: Sums,
    /// The held-out loss to be reported in the next tick.
    pub held_out: Option<HeldOut>,
    /// Seconds of training before the current process resumed the run.
    pub seconds: f64,
}

/// A loss has exploded if it exceeds this multiple of its least running mean for this number of consecutive steps. The check is off while
/// that mean is not positive, as can happen with the bound of arrays, which is computed from densities.
const EXPLOSION: (f64, u32) = (100.0, 20);

/// Detects losses that are not finite or explode.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Watch {
    /// Running mean of the loss.
    pub mean: f64,
    least: f64,
    n: u64,
    high: u32,
}

impl Watch {
    /// Checks the loss of a step and describes the problem, if there is one.
    pub(crate) fn complaint(&mut self, report: &StepReport) -> Option<&'static str> {
        if !report.loss.is_finite() {
            return Some("the loss is not finite, and the weights were not changed");
        }
        if !report.gradient_norm.is_finite() {
            return Some("its gradient is not finite, and the weights were not changed");
        }
        self.n += 1;
        let share = (1.0 / self.n as f64).max(0.02);
        self.mean += share * (report.loss - self.mean);
        self.least = if self.n < 50 { self.mean.max(self.least) } else { self.least.min(self.mean) };
        self.high = if self.n > 50 && self.least > 0.0 && report.loss > EXPLOSION.0 * self.least {
            self.high + 1
        } else {
            0
        };
        (self.high >= EXPLOSION.1)
            .then_some("it has been more than 100 times its least running mean for 20 steps in a row")
    }
}

/// Sums over the steps since the last tick.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    loss: f64,
    gradient_norm: f64,
    learning_rate: f64,
    steps: u64,
}

impl Sums {
    pub(crate) fn add(&mut self, report: &StepReport) {
        self.loss += report.loss;
        self.gradient_norm += report.gradient_norm;
        self.learning_rate = report.learning_rate;
        self.steps += 1;
    }
}

/// Measures time and speed since the last tick. Its values differ between two runs with equal results, and no result depends on them.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    before: f64,
    run_began: Instant,
    began: Instant,
    paused: f64,
    images: u64,
    /// The speeds of the last ticks.
    speeds: VecDeque<f64>,
}

/// The remaining time is estimated from the median speed of this many ticks, so that one busy moment does not decide it.
const SPEEDS: usize = 7;

impl Stopwatch {
    /// Starts the clock; `before` is the number of seconds of training before this process.
    pub(crate) fn new(before: f64) -> Self {
        let now = Instant::now();
        Self { before, run_began: now, began: now, paused: 0.0, images: 0, speeds: VecDeque::new() }
    }

    /// The total seconds of training.
    pub(crate) fn seconds(&self) -> f64 {
        self.before + self.run_began.elapsed().as_secs_f64()
    }

    pub(crate) fn add(&mut self, images: usize) {
        self.images += images as u64;
    }

    /// Starts the measurement for the next tick.
    pub(crate) fn begin(&mut self) {
        (self.began, self.paused, self.images) = (Instant::now(), 0.0, 0);
    }

    /// Runs code whose time does not count towards the training speed.
    pub(crate) fn pause<T>(&mut self, code: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = code();
        self.paused += start.elapsed().as_secs_f64();
        result
    }

    /// The median speed of the last ticks, the current one included.
    fn usual_speed(&mut self, now: f64) -> f64 {
        self.speeds.push_back(now);
        if self.speeds.len() > SPEEDS {
            self.speeds.pop_front();
        }
        let mut sorted: Vec<f64> = self.speeds.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }

    fn read(&mut self, left: u64) -> Clock {
        let seconds = (self.began.elapsed().as_secs_f64() - self.paused).max(1e-9);
        let images_per_second = self.images as f64 / seconds;
        Clock {
            seconds: self.seconds(),
            images_per_second,
            eta_seconds: left as f64 / self.usual_speed(images_per_second).max(1e-9),
            memory_mib: Clock::memory_mib(),
        }
    }
}

impl LoopMemory {
    /// The metrics of the steps since the last tick.
    pub(crate) fn tick<L: Learner>(&self, stopwatch: &mut Stopwatch, trainer: &Trainer<L>) -> Tick {
        let n = self.sums.steps.max(1) as f64;
        Tick {
            images: trainer.images(),
            steps: trainer.steps(),
            loss: self.sums.loss / n,
            gradient_norm: self.sums.gradient_norm / n,
            learning_rate: self.sums.learning_rate,
            held_out: self.held_out.clone(),
            clock: stopwatch.read(trainer.config().images.saturating_sub(trainer.images())),
        }
    }
}
