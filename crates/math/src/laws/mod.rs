//! Laws that every schedule, process, parameterisation and oracle obeys, one function per law. They also test implementations
//! outside this crate.
//!
//! Each function takes the tested object and the places where it is tested, and returns an error for the first place where the law
//! does not hold. This crate's tests check every schedule, process and parameterisation at places that proptest chooses.
//!
//! ```
//! use tweedie_math::{DiscreteVp, Process, laws};
//!
//! let mine = DiscreteVp::from_betas(&[0.1, 0.2, 0.4])?;
//! laws::rates_are_in_range(&mine, &[0.0, 0.5, 3.0])?;
//! laws::noise_grows(&mine, &[0.0, 1.0, 2.0, 3.0])?;
//! laws::chain_is_closed_form(&[mine.level(1), mine.level(2), mine.level(3)])?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bound;
mod kernel;
mod oracle;
mod output;
mod process;
mod quadrature;

pub use bound::{
    bound_is_exact, kl_is_its_integral, kl_is_positive, step_term_is_weighted_eps_error, variance_is_best,
};
pub use kernel::{
    chain_is_closed_form, mean_from_eps_is_posterior_mean, posterior_averages_back, posterior_is_bayes,
    steps_are_the_papers,
};
pub use oracle::{denoiser_is_best, score_is_gradient, tweedie_holds};
pub use output::{outputs_convert, readings_invert_targets, weights_convert};
pub use process::{
    log_snr_names_levels, noise_grows, rates_are_in_range, respaced_agrees, times_and_levels_invert,
    variance_is_preserved,
};

use crate::Error;

/// A law that does not hold, or that could not be evaluated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// A number differs from the one that the law requires.
    #[error("{law}, at {place}: found {found:e}, expected {expected:e} within {allowed:e}")]
    Law {
        /// The law.
        law: &'static str,
        /// The place, such as a time or a level.
        place: String,
        /// The number found.
        found: f64,
        /// The number that the law requires.
        expected: f64,
        /// The allowed difference, by rounding or by the error of an integration.
        allowed: f64,
    },
    /// The tested object returned an error.
    #[error("{law}, at {place}: {error}")]
    Refused {
        /// The law.
        law: &'static str,
        /// The place, such as a time or a level.
        place: String,
        /// The error.
        error: Error,
    },
}

/// A law and a place, which every error names.
#[derive(Clone, Copy)]
struct Judge<'a> {
    law: &'static str,
    place: &'a dyn core::fmt::Debug,
}

impl Judge<'_> {
    /// The same law at another place.
    fn at<'b>(&self, place: &'b dyn core::fmt::Debug) -> Judge<'b> {
        Judge { law: self.law, place }
    }

    /// Checks that two numbers are equal within an absolute difference. Equal infinities are equal; NaN equals no number.
    fn within(&self, found: f64, expected: f64, allowed: f64) -> Result<(), Broken> {
        if found == expected || (found - expected).abs() <= allowed {
            return Ok(());
        }
        let place = format!("{:?}", self.place);
        Err(Broken::Law { law: self.law, place, found, expected, allowed })
    }

    /// Checks that two numbers are equal within a difference relative to the expected one.
    fn close(&self, found: f64, expected: f64, relative: f64) -> Result<(), Broken> {
        self.within(found, expected, relative * expected.abs())
    }

    /// Checks that found ≤ bound.
    fn at_most(&self, found: f64, bound: f64) -> Result<(), Broken> {
        if found <= bound { Ok(()) } else { self.within(found, bound, 0.0) }
    }

    /// Returns the value, or its error as [`Broken::Refused`].
    fn value<T>(&self, result: Result<T, Error>) -> Result<T, Broken> {
        result.map_err(|error| Broken::Refused { law: self.law, place: format!("{:?}", self.place), error })
    }
}

/// Returns t if it is a trained time of the process.
fn trained(law: Judge, process: &crate::DiscreteVp, t: usize) -> Result<usize, Broken> {
    let last = process.steps();
    let inside = (1..=last).contains(&t).then_some(t);
    law.value(inside.ok_or(Error::Time { time: t as f64, last: last as f64 }))
}

/// A law without a place.
fn law(law: &'static str) -> Judge<'static> {
    Judge { law, place: &"" }
}
