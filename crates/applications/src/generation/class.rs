//! The classes requested for samples.

use crate::Error;
use tweedie_models::{Condition, Model};

/// The classes requested for samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// No class, for an unconditional model.
    Unconditional,
    /// The same row of the class table for all samples: a class, or the row for no class.
    Row(i64),
    /// All classes in turn: sample i has the class i modulo the number of classes, which is the field.
    All(i64),
}

impl Class {
    /// Parses a class as [`Class::among`] does, or `none`. `None` requests samples without a class if the model supports them.
    ///
    /// # Errors
    /// [`Error::Unconditional`], [`Error::NoNullClass`], and the errors of [`Class::among`].
    pub fn of(model: &Model, requested: Option<&str>) -> Result<Self, Error> {
        let Some(n_classes) = model.n_classes() else {
            return requested.map_or(Ok(Self::Unconditional), |_| Err(Error::Unconditional));
        };
        match (requested, model.about().null_class) {
            (None | Some("none"), Some(row)) => Ok(Self::Row(row)),
            (Some("none"), None) => Err(Error::NoNullClass),
            (requested, _) => Self::among(&model.about().class_names, n_classes, requested),
        }
    }

    /// Parses a class, given the names and the number of the classes:
    ///
    /// - `all`: all classes in turn;
    /// - `row:N`: row N of the class table, counted from 0;
    /// - `name:TEXT`: the class of this name, whatever the name is (`name:all`, `name:none`, `name:row:0`);
    /// - any other text: the class of this name; if the classes have no names, the number of a row.
    ///
    /// # Errors
    /// [`Error::ClassNeeded`] for `None`; [`Error::UnknownClass`] for a name that does not exist; [`tweedie_models::Error::Class`] for a
    /// row out of range.
    pub fn among(names: &[String], n_classes: i64, requested: Option<&str>) -> Result<Self, Error> {
        let unknown =
            |found: &str| Error::UnknownClass { found: found.to_string(), n_classes, names: names.to_vec() };
        let row = |text: &str| {
            let class = text.parse().map_err(|_| unknown(text))?;
            if (0..n_classes).contains(&class) {
                return Ok(Self::Row(class));
            }
            Err(tweedie_models::Error::Class { class, n_classes, names: names.to_vec() }.into())
        };
        let named = |text: &str| match names.iter().position(|name| name == text) {
            Some(row) => Ok(Self::Row(row as i64)),
            None => Err(unknown(text)),
        };
        match requested {
            Some("all") => Ok(Self::All(n_classes)),
            None => Err(Error::ClassNeeded { n_classes, names: names.to_vec() }),
            Some(text) => match text.split_once(':') {
                Some(("row", number)) => row(number),
                Some(("name", name)) => named(name),
                _ if names.is_empty() => row(text),
                _ => named(text),
            },
        }
    }

    /// All classes in turn, or [`Class::Unconditional`] for a model without classes.
    pub fn all(model: &Model) -> Self {
        model.n_classes().map_or(Self::Unconditional, Self::All)
    }

    /// The class row of the i-th sample.
    pub fn row(self, i: usize) -> Option<i64> {
        match self {
            Self::Unconditional => None,
            Self::Row(row) => Some(row),
            Self::All(n) => Some(i as i64 % n),
        }
    }

    /// The condition of `n` samples, starting with the sample of index `first`.
    pub fn condition(self, first: usize, n: usize) -> Condition {
        let classes = (first..first + n).map(|i| self.row(i)).collect();
        Condition { classes, ..Condition::none() }
    }
}
