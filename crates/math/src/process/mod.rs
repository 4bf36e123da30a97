//! Forward processes: the noise level as a function of time.

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

/// A forward process: a noise level for every time between 0 (clean) and `last_time`.
pub trait Process {
    /// The level at a time; time 0 is clean data. Levels between the trained ones are interpolated.
    ///
    /// # Errors
    /// [`Error::Time`] for a time outside [0, `last_time`].
    fn at_time(&self, t: f64) -> Result<NoiseLevel, Error>;

    /// The time of the noisiest level: T for a discrete process.
    fn last_time(&self) -> f64;

    /// The level of this process that has the given log-SNR.
    ///
    /// # Errors
    /// [`Error::LogSnr`] for a log-SNR below that of the last level.
    fn at_log_snr(&self, log_snr: f64) -> Result<NoiseLevel, Error>;

    /// The time whose level has the same log-SNR as the given level. It inverts `at_time` up to a rescaling of x.
    fn time_of(&self, level: NoiseLevel) -> f64;

    /// The time of a level as a share of the process' last time: 0 for clean data, 1 for the last level.
    fn time_share(&self, level: NoiseLevel) -> f64 {
        self.time_of(level) / self.last_time()
    }

    /// For a discrete process, the level one trained step cleaner; `None` for clean data and for continuous processes.
    fn trained_previous(&self, level: NoiseLevel) -> Option<NoiseLevel>;

    /// The standard deviation of the noise from which sampling starts at a level. It is that of x_t at a level of pure noise.
    fn start_std(&self, level: NoiseLevel) -> f64;
}

/// Two levels whose log-SNRs differ by less than this are the same trained level.
const SAME_LEVEL: f64 = 1e-9;

/// The greatest number of levels of a process, and of the levels that a rule gives. A greater one is a mistake that would exhaust the
/// memory.
pub const MOST_LEVELS: usize = 1_000_000;

/// Checks that T is between 1 and [`MOST_LEVELS`].
fn check_steps(steps: usize) -> Result<(), Error> {
    check_levels("num_train_timesteps", steps)
}

/// Checks that a number of levels is between 1 and [`MOST_LEVELS`]. The error has the given name.
pub(crate) fn check_levels(name: &'static str, n: usize) -> Result<(), Error> {
    if (1..=MOST_LEVELS).contains(&n) {
        return Ok(());
    }
    Err(Error::Parameter { name, found: n as f64, allowed: "between 1 and a million" })
}

/// A process with T trained levels, t = 1..=T; t = 0 is clean data.
pub trait DiscreteProcess: Process + core::fmt::Debug + Send + Sync {
    /// T, the number of levels.
    fn steps(&self) -> usize;

    /// The level at t = 0..=T. A t above T gives the level at T.
    fn level(&self, t: usize) -> NoiseLevel;

    /// The trained time with the same log-SNR as a level, within 1e-9, or `None` if there is none. Time 0 is clean data.
    fn trained_time(&self, level: NoiseLevel) -> Option<usize> {
        let log_snr = level.log_snr();
        let near = libm::round(self.time_of(level)) as usize;
        let own = self.level(near).log_snr();
        (own == log_snr || (own - log_snr).abs() < SAME_LEVEL).then_some(near)
    }

    /// Whether training also draws levels between the T levels.
    fn is_continuous(&self) -> bool {
        false
    }
}
