//! The class that each sample is to have.

use crate::Error;
use tweedie_models::{Condition, Model};

/// The classes of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Samples of an unconditional model.
    Unconditional,
    /// One row of the class table for all: a class, or the row of no class.
    Row(i64),
    /// Sample i has class i, and so on from the first class again.
    All(i64),
}

impl Class {
    /// From a class' name or number, `none` or `all`. `None` draws without a class where the model can.
    ///
    /// # Errors
    /// [`Error::Unconditional`], [`Error::NoNullClass`], and those of [`Class::among`].
    pub fn of(model: &Model, asked: Option<&str>) -> Result<Self, Error> {
        let Some(n_classes) = model.n_classes() else {
            return asked.map_or(Ok(Self::Unconditional), |_| Err(Error::Unconditional));
        };
        match (asked, model.about().null_class) {
            (None | Some("none"), Some(row)) => Ok(Self::Row(row)),
            (Some("none"), None) => Err(Error::NoNullClass),
            (asked, _) => Self::among(&model.about().class_names, n_classes, asked),
        }
    }

    /// From a class' name or number, or `all`, of so many classes.
    ///
    /// # Errors
    /// [`Error::ClassNeeded`] for `None`; [`Error::UnknownClass`]; [`tweedie_models::Error::Class`] for a number out of range.
    pub fn among(names: &[String], n_classes: i64, asked: Option<&str>) -> Result<Self, Error> {
        let class = match asked {
            Some("all") => return Ok(Self::All(n_classes)),
            None => return Err(Error::ClassNeeded { n_classes, names: names.to_vec() }),
            Some(class) => match names.iter().position(|name| name == class) {
                Some(row) => row as i64,
                None => class
                    .parse()
                    .map_err(|_| Error::UnknownClass { found: class.to_string(), names: names.to_vec() })?,
            },
        };
        if !(0..n_classes).contains(&class) {
            let names = names.to_vec();
            return Err(tweedie_models::Error::Class { class, n_classes, names }.into());
        }
        Ok(Self::Row(class))
    }

    /// Every class in turn, where the model has classes.
    pub fn all(model: &Model) -> Self {
        model.n_classes().map_or(Self::Unconditional, Self::All)
    }

    /// The row of the i-th sample.
    pub fn row(self, i: usize) -> Option<i64> {
        match self {
            Self::Unconditional => None,
            Self::Row(row) => Some(row),
            Self::All(n) => Some(i as i64 % n),
        }
    }

    /// The condition of `n` samples from the `first`-th on.
    pub fn condition(self, first: usize, n: usize) -> Condition {
        let classes = (first..first + n).map(|i| self.row(i)).collect();
        Condition { classes, ..Condition::none() }
    }
}
