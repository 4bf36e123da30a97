//! How noise is added over time.

mod continuous;
mod discrete;
mod flow;
mod schedule;

pub use continuous::{ContinuousCosine, Edm, SubVpSde, VeSde, VpSde};
pub use discrete::DiscreteVp;
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

    /// For a discrete process, the level one trained step cleaner; `None` for clean data and where there are no steps.
    fn trained_previous(&self, level: NoiseLevel) -> Option<NoiseLevel>;

    /// Standard deviation of the noise that sampling starts from at a level: that of x_t where the data is all noise.
    fn start_std(&self, level: NoiseLevel) -> f64;
}

/// Two levels whose log-SNRs differ by less than this are the same trained level.
const SAME_LEVEL: f64 = 1e-9;

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
}
