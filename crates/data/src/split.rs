//! Setting images apart: by the hash of their name, so that an image stays on its side when others are added.

use crate::dataset::{as_whole, check_index};
use crate::{Dataset, Error, Values};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Some images of a set, as a set.
pub struct Part {
    whole: Arc<dyn Dataset>,
    indices: Vec<u64>,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} images of {}", self.indices.len(), self.whole.name())
    }
}

/// The images to train on, and about a share of them held out: those whose name's hash falls below it.
///
/// # Errors
/// [`Error::Parameter`] for a share outside [0, 1), for a set without end, and where nothing is left to train on.
pub fn split(whole: Arc<dyn Dataset>, share: f64) -> Result<(Part, Part), Error> {
    let wrong = |found: String, allowed: &str| Error::Parameter {
        name: "the held-out share",
        found,
        allowed: allowed.into(),
    };
    if !(0.0..1.0).contains(&share) {
        return Err(wrong(share.to_string(), "at least 0 and below 1"));
    }
    let Some(len) = whole.len() else {
        return Err(Error::Parameter {
            name: "the set to hold images out of",
            found: whole.name(),
            allowed: "one with an end".into(),
        });
    };
    let (held, trained): (Vec<u64>, Vec<u64>) =
        (0..len).partition(|&index| fraction(&whole.key(index)) < share);
    if trained.is_empty() {
        return Err(wrong(
            format!("{share}, all {len} images"),
            "smaller: nothing would be left to train on",
        ));
    }
    let part = |indices| Part { whole: Arc::clone(&whole), indices };
    Ok((part(trained), part(held)))
}

/// A name's place in [0, 1).
fn fraction(key: &str) -> f64 {
    let digest = Sha256::digest(key.as_bytes());
    let top = digest.iter().take(6).fold(0u64, |sum, &byte| sum << 8 | u64::from(byte));
    top as f64 / (1u64 << 48) as f64
}

impl Part {
    fn of(&self, index: u64) -> Result<u64, Error> {
        Ok(self.indices[check_index(index, self.indices.len() as u64)?])
    }

    fn ask<T>(&self, index: u64, question: impl FnOnce(u64) -> T) -> Option<T> {
        self.of(index).ok().map(question)
    }
}

impl Dataset for Part {
    as_whole!();

    fn len(&self) -> Option<u64> {
        Some(self.indices.len() as u64)
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        self.whole.values(self.of(index)?)
    }

    fn label(&self, index: u64) -> Option<u32> {
        self.ask(index, |at| self.whole.label(at)).flatten()
    }

    fn caption(&self, index: u64) -> String {
        self.ask(index, |at| self.whole.caption(at)).unwrap_or_default()
    }

    fn key(&self, index: u64) -> String {
        self.ask(index, |at| self.whole.key(at)).unwrap_or_default()
    }
}
