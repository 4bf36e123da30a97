//! The theory of diffusion models, in f64.
//!
//! A forward process adds noise to data, x_t = signal_rate·x_0 + noise_rate·ε. Everything in this crate is a number or a
//! small struct of numbers computed from those two rates. Other crates multiply tensors by these numbers.
//!
//! | module | contents |
//! |---|---|
//! | [`level`] | [`NoiseLevel`]: one point of a forward process |
//! | [`data_shape`] | [`DataShape`]: the sides of one example |
//! | [`process`] | [`Process`]: how noise is added over time; [`DiscreteVp`] and its schedules, flows, SDEs, [`Discretised`] |
//! | [`transition`] | [`Transition`] q(x_t | x_s) and [`Posterior`] q(x_s | x_t, x_0) |
//! | [`subsequence`] | [`Subsequence`]: the levels that a sampler or a bound visits |
//! | [`parameterization`] | [`Parameterization`]: the quantity that a network predicts |
//! | [`conditioning`] | [`Conditioning`]: the number that a network is conditioned on at a level |
//! | [`reverse`] | [`ReverseStep`] p(x_s | x_t): fixed, learned and optimal variances |
//! | [`bound`] | the variational bound and its terms |
//! | [`decoder`] | p(x_0 | x_1): the likelihood of a byte or of a number |
//! | [`weighting`] | [`Weighting`]: the losses in use, as one table of weights |
//! | [`gaussian`] | Kullback–Leibler divergence of Gaussians, and the exact denoiser of Gaussian data |
//! | [`oracle`] | data with exact scores and denoisers: Gaussians of any covariance, and mixtures of them |
//! | [`laws`] | properties of every schedule, process, parameterisation and oracle, one function per law |
//! | [`number`] | the range of single precision, and numbers in messages |
//! | [`power_average`] | averages of weights whose length is chosen after training |
//! | [`random`] | noise that depends on (seed, image, purpose, visit, draw, element) and on nothing else |
//!
//! Times are those of the papers: t = 0 is clean data, and t = 1..=T are the noise levels. The formulas avoid differences of
//! nearly equal numbers; for example, 1 − ᾱ is computed as `-expm1(Σ ln(1 − β))`.
//!
//! ```
//! use tweedie_math::{DiscreteVp, Process, Transition};
//!
//! let process = DiscreteVp::linear(1000, 1e-4, 0.02)?;
//! let (before, now) = (process.at_time(499.0)?, process.at_time(500.0)?);
//! let posterior = Transition::between(before, now)?.posterior();
//! assert!(posterior.variance < 1.0 - process.alpha(500));
//! # Ok::<(), tweedie_math::Error>(())
//! ```

pub mod bound;
pub mod conditioning;
pub mod data_shape;
pub mod decoder;
pub mod gaussian;
pub mod laws;
pub mod level;
pub mod number;
pub mod oracle;
pub mod parameterization;
pub mod power_average;
pub mod process;
pub mod random;
pub mod reverse;
pub mod subsequence;
pub mod transition;
pub mod weighting;

pub use bound::Bound;
pub use conditioning::Conditioning;
pub use data_shape::DataShape;
pub use gaussian::GaussianDenoiser;
pub use level::NoiseLevel;
pub use number::Short;
pub use oracle::{GaussianData, Mixture, Oracle};
pub use parameterization::{Parameterization, Reading, Target};
pub use process::{
    ContinuousCosine, DiscreteProcess, DiscreteVp, Discretised, Edm, MOST_LEVELS, Process, RectifiedFlow,
    Schedule, SubVpSde, VeSde, VpSde,
};
pub use reverse::{FirstVariance, FixedVariance, LearnedRange, ReverseStep, reverse_steps};
pub use subsequence::{Spacing, Subsequence};
pub use transition::{Posterior, Transition};
pub use weighting::Weighting;

/// An invalid number in a schedule, a level or a reading.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rate that is negative, infinite or NaN, or two rates that are both zero.
    #[error(
        "the rates of a noise level must be finite and not negative, and not both zero; found signal {} and noise {}",
        Short(*signal),
        Short(*noise)
    )]
    Rates {
        /// The signal rate found.
        signal: f64,
        /// The noise rate found.
        noise: f64,
    },
    /// The second level of a transition is cleaner than the first.
    #[error("a transition goes from a cleaner level to a noisier one; found log-SNR {} to {}", Short(*from), Short(*to))]
    NotNoisier {
        /// Log-SNR of the level where the transition starts.
        from: f64,
        /// Log-SNR of the level where the transition ends.
        to: f64,
    },
    /// A β outside (0, 1). The last β may be 1.
    #[error("beta at t = {time} is {}; it must be above 0 and below 1, and only the last may be 1", Short(*beta))]
    Beta {
        /// The level's time, 1-based.
        time: usize,
        /// The value found.
        beta: f64,
    },
    /// An ᾱ that is not below the previous one, or not above 0. ᾱ_0 is 1, and the last ᾱ may be 0.
    #[error(
        "alpha_bar at t = {time} is {}; it must be below the previous one ({}) and above 0, and only the last may be 0",
        Short(*alpha_bar),
        Short(*before)
    )]
    AlphaBar {
        /// The level's time, 1-based.
        time: usize,
        /// The value found.
        alpha_bar: f64,
        /// The previous value.
        before: f64,
    },
    /// A posterior mean, or the weight of the bound, at a level without a previous trained level.
    #[error("this level has no previous trained level, which a posterior mean and the bound's weight need")]
    NoPrevious,
    /// Stored averages that cannot be combined into another average.
    #[error("the stored averages cannot be combined: there are none, or two of them are too similar")]
    Averages,
    /// The betas of a schedule that is not a discrete variance-preserving process.
    #[error("the schedule has no betas; only discrete variance-preserving processes have them")]
    NoBetas,
    /// A schedule's parameter outside its range.
    #[error("{name} is {}; it must be {allowed}", Short(*found))]
    Parameter {
        /// The parameter's name in configurations.
        name: &'static str,
        /// The value found.
        found: f64,
        /// The values allowed, in words.
        allowed: &'static str,
    },
    /// A number of steps that the process does not have.
    #[error(
        "the number of steps is {found}; it must be between 1 and {trained}, the number of trained levels"
    )]
    Steps {
        /// The requested number.
        found: usize,
        /// T, the number of trained levels.
        trained: usize,
    },
    /// A time outside the process.
    #[error("time {} is outside the process, which runs from 0 (clean) to {last}", Short(*time))]
    Time {
        /// The requested time.
        time: f64,
        /// The last time of the process.
        last: f64,
    },
    /// A log-SNR that the process does not reach.
    #[error("log-SNR {} is below {}, the log-SNR of the process' noisiest level", Short(*log_snr), Short(*last))]
    LogSnr {
        /// The requested log-SNR.
        log_snr: f64,
        /// The log-SNR of the last level.
        last: f64,
    },
    /// A quantity that is undefined at this level, such as x_0 from a predicted noise at a level without signal.
    #[error(
        "{what} cannot be computed at a level with signal {} and noise {}: it would divide by zero",
        Short(*signal),
        Short(*noise)
    )]
    Singular {
        /// The undefined quantity and, where it applies, the prediction that it comes from.
        what: &'static str,
        /// The level's signal rate.
        signal: f64,
        /// The level's noise rate.
        noise: f64,
    },
}
