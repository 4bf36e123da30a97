//! Counts with a least and a greatest value.

use std::fmt::Display;
use std::str::FromStr;

/// A parser of whole numbers between two values. The greatest value is what the use of the number can bear.
pub fn between<T>(least: T, most: T) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Copy + Send + Sync + 'static,
{
    move |text| match text.parse::<T>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("it must be a whole number between {least} and {most}")),
    }
}
