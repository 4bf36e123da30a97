//! The split into examples to train on and held-out examples. It depends on the hash of each name, so that an example keeps its side when
//! others are added.

use crate::dataset::{as_whole, check_index};
use crate::names::short_list;
use crate::{Dataset, Error, Values};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The side of the split that an example is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The example is trained on.
    Trained,
    /// The example is held out.
    HeldOut,
}

/// A subset of a data set.
pub struct Part {
    whole: Arc<dyn Dataset>,
    indices: Vec<u64>,
    /// Lines about the split.
    notices: Vec<String>,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} images of {}", self.indices.len(), self.whole.name())
    }
}

/// Splits a set into the examples to train on and the held-out examples, in this order.
///
/// If the set itself determines the sides of its examples ([`Dataset::side`]), the share is not used. Otherwise an example is held out if
/// the hash of its name, as a number in [0, 1), is below the share. If this holds out all examples of a class, the one with the greatest
/// hash is trained on instead. An example therefore keeps its side when others are added, with one exception: the example that was kept for
/// its class is held out as soon as another example of the class is trained on.
///
/// # Errors
/// [`Error::Parameter`] for a share outside [0, 1), for an endless set, and if nothing is left to train on.
pub fn split(whole: Arc<dyn Dataset>, share: f64) -> Result<(Part, Part), Error> {
    let wrong = |found: String, allowed: &str| Error::Parameter {
        name: "the held-out share",
        found,
        allowed: allowed.into(),
    };
    if !(0.0..1.0).contains(&share) {
        return Err(wrong(tweedie_math::Short(share).to_string(), "at least 0 and below 1"));
    }
    let Some(len) = whole.len() else {
        return Err(Error::Parameter {
            name: "the set to hold images out of",
            found: whole.name(),
            allowed: "one with an end".into(),
        });
    };
    let is_held = |index: u64| match whole.side(index) {
        Some(side) => side == Side::HeldOut,
        None => fraction(&whole.key(index)) < share,
    };
    let (mut held, mut trained): (Vec<u64>, Vec<u64>) = (0..len).partition(|&index| is_held(index));
    let mut notices = whole.notices();
    if share > 0.0 && (0..len).all(|index| whole.side(index).is_none()) {
        notices.extend(keep_classes(whole.as_ref(), &mut trained, &mut held));
    }
    if trained.is_empty() {
        return Err(wrong(
            format!("{share}, all {len} images"),
            "smaller: nothing would be left to train on",
        ));
    }
    let part = |indices, notices| Part { whole: Arc::clone(&whole), indices, notices };
    Ok((part(trained, notices), part(held, Vec::new())))
}

/// Moves one example back to training for each class that has none there. Returns a line that names the classes with a single example, which
/// cannot be shared.
fn keep_classes(whole: &dyn Dataset, trained: &mut Vec<u64>, held: &mut Vec<u64>) -> Option<String> {
    let names = whole.class_names();
    let mut sizes = vec![[0u64; 2]; names.len()];
    for (side, indices) in [&*trained, &*held].into_iter().enumerate() {
        for label in indices.iter().filter_map(|&index| whole.label(index)) {
            if let Some(size) = sizes.get_mut(label as usize) {
                size[side] += 1;
            }
        }
    }
    let mut kept = vec![None; names.len()];
    for &index in held.iter() {
        let Some(label) = whole.label(index).map(|label| label as usize) else { continue };
        if sizes.get(label).is_some_and(|size| size[0] == 0) {
            let place = (fraction(&whole.key(index)), index);
            if kept[label].is_none_or(|(least, _)| place.0 > least) {
                kept[label] = Some(place);
            }
        }
    }
    let moved: BTreeSet<u64> = kept.into_iter().flatten().map(|(_, index)| index).collect();
    held.retain(|index| !moved.contains(index));
    trained.extend(moved);
    trained.sort_unstable();
    let single: Vec<&String> = names
        .iter()
        .zip(&sizes)
        .filter(|(_, size)| size.iter().sum::<u64>() == 1)
        .map(|(name, _)| name)
        .collect();
    match single.as_slice() {
        [] => None,
        [name] => Some(format!("held out: none of the class {name}, whose only example is trained on")),
        names => Some(format!(
            "held out: none of {} classes whose only example is trained on: {}",
            names.len(),
            short_list(names)
        )),
    }
}

/// The hash of a name as a number in [0, 1).
fn fraction(key: &str) -> f64 {
    let digest = Sha256::digest(key.as_bytes());
    let top = digest.iter().take(6).fold(0u64, |sum, &byte| sum << 8 | u64::from(byte));
    top as f64 / (1u64 << 48) as f64
}

impl Part {
    fn of(&self, index: u64) -> Result<u64, Error> {
        Ok(self.indices[check_index(index, self.indices.len() as u64)?])
    }

    fn at<T>(&self, index: u64, get: impl FnOnce(u64) -> T) -> Option<T> {
        self.of(index).ok().map(get)
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
        self.at(index, |at| self.whole.label(at)).flatten()
    }

    fn caption(&self, index: u64) -> String {
        self.at(index, |at| self.whole.caption(at)).unwrap_or_default()
    }

    fn key(&self, index: u64) -> String {
        self.at(index, |at| self.whole.key(at)).unwrap_or_default()
    }

    fn notices(&self) -> Vec<String> {
        self.notices.clone()
    }
}
