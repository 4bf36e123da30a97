//! The noise levels of a batch.

use crate::{Coefficient, Error};
use tweedie_math::NoiseLevel;

/// The noise levels of a batch: one level for all samples, or one level per sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Levels<'a> {
    /// One level for every sample.
    Same(NoiseLevel),
    /// One level per sample, in the order of the batch.
    Each(&'a [NoiseLevel]),
}

impl<'a> Levels<'a> {
    /// The levels of a batch of n samples. A single level applies to every sample.
    ///
    /// # Errors
    /// [`Error::Mismatch`] unless there is one level or n of them.
    pub fn of(levels: &'a [NoiseLevel], n: usize) -> Result<Self, Error> {
        match levels {
            [same] => Ok(Self::Same(*same)),
            each => {
                Self::Each(each).check(n)?;
                Ok(Self::Each(each))
            }
        }
    }

    /// The level of sample i.
    ///
    /// # Panics
    /// If there is one level per sample and the batch has no sample i; [`Self::check`] excludes this.
    pub fn get(self, i: usize) -> NoiseLevel {
        match self {
            Self::Same(level) => level,
            Self::Each(levels) => levels[i],
        }
    }

    /// The levels as a slice, which has a single element for [`Self::Same`].
    pub fn as_slice(&self) -> &[NoiseLevel] {
        match self {
            Self::Same(level) => std::slice::from_ref(level),
            Self::Each(levels) => levels,
        }
    }

    /// Checks that the levels fit a batch of n samples. Every denoiser and every guide calls this first.
    ///
    /// # Errors
    /// [`Error::Mismatch`] unless there is one level for all samples or exactly n of them.
    pub fn check(self, n: usize) -> Result<(), Error> {
        match self {
            Self::Each(levels) if levels.len() != n => Err(Error::Mismatch {
                what: "noise levels of a batch",
                found: levels.len().to_string(),
                expected: format!("1 or {n}"),
            }),
            _ => Ok(()),
        }
    }

    /// A number for each level of a batch of n samples: a single number for [`Self::Same`], n numbers for [`Self::Each`].
    ///
    /// # Errors
    /// Errors returned by [`Self::check`] or `f`.
    pub fn map<E: Into<Error>>(
        self,
        n: usize,
        f: impl FnMut(NoiseLevel) -> Result<f64, E>,
    ) -> Result<Vec<f64>, Error> {
        self.check(n)?;
        self.as_slice().iter().copied().map(f).map(|value| value.map_err(Into::into)).collect()
    }

    /// The coefficient with the numbers of [`Self::map`].
    pub(crate) fn coefficient<'b>(&self, numbers: &'b [f64]) -> Coefficient<'b> {
        match (self, numbers) {
            (Self::Same(_), [same]) => Coefficient::Same(*same),
            (_, each) => Coefficient::PerSample(each),
        }
    }

    /// Whether the predicate holds for at least one of the levels.
    pub fn any(self, predicate: impl FnMut(NoiseLevel) -> bool) -> bool {
        self.as_slice().iter().copied().any(predicate)
    }

    /// Whether every sample of a batch of n has the same level here and in `other`.
    ///
    /// # Errors
    /// Errors returned by [`Self::check`] for either of the two.
    pub(crate) fn agree_with(self, other: Levels<'_>, n: usize) -> Result<bool, Error> {
        self.check(n)?;
        other.check(n)?;
        Ok((0..n).all(|i| self.get(i) == other.get(i)))
    }
}

impl From<NoiseLevel> for Levels<'_> {
    fn from(level: NoiseLevel) -> Self {
        Self::Same(level)
    }
}
