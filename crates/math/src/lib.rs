//! The theory of diffusion models, in f64.
//!
//! A forward process adds noise to data, x_t = signal_rate·x_0 + noise_rate·ε. Everything in this crate is a number or a
//! small struct of numbers computed from those two rates; tensors are multiplied by them elsewhere.
//!
//! | module | what it holds |
//! |---|---|
//! | [`level`] | [`NoiseLevel`]: one point of a forward process |
//! | [`data_shape`] | [`DataShape`]: the sides of one example |
//! | [`process`] | [`Process`]: how noise is added over time; [`DiscreteVp`] and its schedules, flows, SDEs, [`Discretised`] |
//! | [`transition`] | [`Transition`] q(x_t | x_s) and [`Posterior`] q(x_s | x_t, x_0) |
//! | [`subsequence`] | which of the levels are visited |
//! | [`parameterization`] | [`Parameterization`]: what a network's output means |
//! | [`conditioning`] | [`Conditioning`]: the number that a network is conditioned on at a level |
//! | [`reverse`] | [`ReverseStep`] p(x_s | x_t): fixed, learned and optimal variances |
//! | [`bound`] | the variational bound and its terms |
//! | [`decoder`] | p(x_0 | x_1): the likelihood of a byte or of a number |
//! | [`weighting`] | the losses in use, as one table of weights |
//! | [`gaussian`] | Kullback–Leibler divergence of Gaussians, and a Gaussian's exact denoiser |
//! | [`oracle`] | data whose every answer is known: Gaussians of any covariance, mixtures |
//! | [`laws`] | what any schedule, process, parameterisation or oracle obeys, one function per law |
//! | [`power_average`] | averages of weights whose length is chosen after training |
//! | [`random`] | noise that depends on (seed, image, purpose, visit, draw, element) and on nothing else |
//!
//! Time runs as in the papers: t = 0 is clean data, t = 1..=T are the noise levels. Nothing here subtracts nearly equal
//! numbers: 1 − ᾱ is computed as `-expm1(Σ ln(1 − β))`.
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
pub use oracle::{GaussianData, Mixture, Oracle};
pub use parameterization::{Parameterization, Reading, Target};
pub use process::{
    ContinuousCosine, DiscreteProcess, DiscreteVp, Discretised, Edm, Process, RectifiedFlow, Schedule,
    SubVpSde, VeSde, VpSde,
};
pub use reverse::{FirstVariance, FixedVariance, LearnedRange, ReverseStep, reverse_steps};
pub use subsequence::{Spacing, Subsequence};
pub use transition::{Posterior, Transition};
pub use weighting::Weighting;

/// What can be wrong with a number that a schedule, a level or a reading is made of.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rate below zero, above its bound, or not a number.
    #[error(
        "a noise level needs finite, non-negative rates, not both zero; found signal {signal} and noise {noise}"
    )]
    Rates {
        /// The signal rate found.
        signal: f64,
        /// The noise rate found.
        noise: f64,
    },
    /// The second level of a transition is cleaner than the first.
    #[error("a transition goes from a cleaner level to a noisier one; found log-SNR {from} to {to}")]
    NotNoisier {
        /// Log-SNR of the level it starts from.
        from: f64,
        /// Log-SNR of the level it ends at.
        to: f64,
    },
    /// A β that is not a variance of noise to add.
    #[error("beta at t = {time} is {beta}; every beta must lie in (0, 1), and only the last may be 1")]
    Beta {
        /// The level's time, 1-based.
        time: usize,
        /// The value found.
        beta: f64,
    },
    /// ᾱ that do not fall from below 1.
    #[error(
        "alpha_bar at t = {time} is {alpha_bar}; it must lie below the one before ({before}) and above 0, and only the last may be 0"
    )]
    AlphaBar {
        /// The level's time, 1-based.
        time: usize,
        /// The value found.
        alpha_bar: f64,
        /// The value before it.
        before: f64,
    },
    /// A posterior mean where there is no level before.
    #[error("a posterior mean is that of the trained level before, and this process or level has none")]
    NoPrevious,
    /// Averages that no other can be put together from.
    #[error("the stored averages are none, or too much alike, to put another together from them")]
    Averages,
    /// Betas of a schedule that is not a discrete variance-preserving process.
    #[error("the schedule has no betas; only discrete variance-preserving processes have them")]
    NoBetas,
    /// A schedule's parameter outside its range.
    #[error("{name} is {found}; it must be {allowed}")]
    Parameter {
        /// The parameter's name in configurations.
        name: &'static str,
        /// The value found.
        found: f64,
        /// The values allowed, in words.
        allowed: &'static str,
    },
    /// A time outside the process.
    #[error("time {time} is outside the process, which runs from 0 (clean) to {last}")]
    Time {
        /// The time asked for.
        time: f64,
        /// The process' last time.
        last: f64,
    },
    /// A log-SNR that the process does not reach.
    #[error("log-SNR {log_snr} lies beyond the process' noisiest level, whose log-SNR is {last}")]
    LogSnr {
        /// The log-SNR asked for.
        log_snr: f64,
        /// That of the last level.
        last: f64,
    },
    /// A parameterisation that says nothing about what is asked at this level.
    #[error(
        "{what} cannot be read at a level with signal {signal} and noise {noise}: it would divide by zero"
    )]
    Singular {
        /// What was to be read from what.
        what: &'static str,
        /// The level's signal rate.
        signal: f64,
        /// The level's noise rate.
        noise: f64,
    },
}
