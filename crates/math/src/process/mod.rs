//! How noise is added over time.

mod continuous;
mod discrete;
mod discretised;
mod flow;
mod schedule;

pub use continuous::{ContinuousCosine, Edm, SubVpSde, VeSde, VpSde};
pub use discrete::DiscreteVp;
pub use discretised::Discretised;
pub use flow::RectifiedFlow;
pub use schedule::Schedule;

use crate::{Error, NoiseLevel};

/// A forward process: a level of noise for every time between 0 (clean) and `last_time`.
pub trait Process {
    /// The level at a time, 0 being clean data. Times between the trained levels are interpolated.
    ///
    /// # Errors
    /// [`Error::Time`] outside [0, `last_time`].
    fn at_time(&self, t: f64) -> Result<NoiseLevel, Error>;

    /// The time of the noisiest level: T for a discrete process.
    fn last_time(&self) -> f64;

    /// The process' own level of a log-SNR.
    ///
    /// # Errors
    /// [`Error::LogSnr`] for one noisier than the last level.
    fn at_log_snr(&self, log_snr: f64) -> Result<NoiseLevel, Error>;

    /// The time whose level has the same log-SNR; the inverse of `at_time` up to a rescaling of x.
    fn time_of(&self, level: NoiseLevel) -> f64;

    /// The place of a level in the process' own time, as a share of its last time: 0 for clean data, 1 for the last level.
    fn time_share(&self, level: NoiseLevel) -> f64 {
        self.time_of(level) / self.last_time()
    }

    /// For a discrete process, the level one trained step cleaner; `None` for clean data and for continuous processes.
    fn trained_previous(&self, level: NoiseLevel) -> Option<NoiseLevel>;

    /// Standard deviation of the noise that sampling starts from at a level: that of x_t where the data is all noise.
    fn start_std(&self, level: NoiseLevel) -> f64;
}

/// Two levels whose log-SNRs differ by less than this are the same trained level.
const SAME_LEVEL: f64 = 1e-9;

/// More levels than any process has; a greater number is a mistake that would fill memory.
const MOST_STEPS: usize = 1_000_000;

/// Fails unless a number of levels is one that a process can have.
fn check_steps(steps: usize) -> Result<(), Error> {
    if (1..=MOST_STEPS).contains(&steps) {
        return Ok(());
    }
    let allowed = "between 1 and a million";
    Err(Error::Parameter { name: "num_train_timesteps", found: steps as f64, allowed })
}

/// A process with levels that a network was trained on, t = 1..=T; t = 0 is clean data.
pub trait DiscreteProcess: Process + core::fmt::Debug + Send + Sync {
    /// T, the number of levels.
    fn steps(&self) -> usize;

    /// The level at t = 0..=T; t above T is taken for T.
    fn level(&self, t: usize) -> NoiseLevel;

    /// The trained level that a level is, if it is one: the same log-SNR within 1e-9. 0 is clean data.
    fn trained_time(&self, level: NoiseLevel) -> Option<usize> {
        let log_snr = level.log_snr();
        let near = libm::round(self.time_of(level)) as usize;
        let own = self.level(near).log_snr();
        (own == log_snr || (own - log_snr).abs() < SAME_LEVEL).then_some(near)
    }

    /// Whether training draws levels between the T levels, too.
    fn is_continuous(&self) -> bool {
        false
    }
}
