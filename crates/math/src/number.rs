//! The range of single precision, in which tensors hold numbers, and the text of numbers in messages.
//!
//! This crate computes in double precision. A number that becomes an element or a factor of a tensor is checked as what it becomes, so
//! that a finite number does not turn into infinity, nor a divisor into 0.

use core::fmt;

/// The greatest number of single precision.
pub const GREATEST: f64 = 3.402_823_466_385_288_6e38;

/// The least positive number that single precision holds with all its digits. Its reciprocal is finite.
pub const LEAST: f64 = 1.175_494_350_822_287_5e-38;

/// The numbers allowed by [`is_finite`], in words.
pub const FINITE: &str = "finite in single precision, between -3.4e38 and 3.4e38";

/// The numbers allowed by [`is_positive`], in words.
pub const POSITIVE: &str = "positive and finite in single precision, between 1.2e-38 and 3.4e38";

/// The numbers allowed by [`is_not_negative`], in words.
pub const NOT_NEGATIVE: &str = "finite and not negative in single precision, between 0 and 3.4e38";

/// Whether a number is finite in single precision.
pub fn is_finite(value: f64) -> bool {
    value.abs() <= GREATEST
}

/// Whether a number is positive and finite in single precision, and its reciprocal as well.
pub fn is_positive(value: f64) -> bool {
    (LEAST..=GREATEST).contains(&value)
}

/// Whether a number is at least 0 and finite in single precision.
pub fn is_not_negative(value: f64) -> bool {
    (0.0..=GREATEST).contains(&value)
}

/// A number in a message. It has an exponent where it would otherwise have many zeros.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Short(pub f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if self.0 == 0.0 || !size.is_finite() || (1e-5..1e16).contains(&size) {
            write!(f, "{}", self.0)
        } else {
            write!(f, "{:e}", self.0)
        }
    }
}
