//! The real examples that samples are compared with.

use super::subject::label_of;
use crate::Error;
use std::collections::BTreeMap;
use tweedie_data::{Dataset, Order};

/// The seed of the order in which real examples are chosen.
pub(super) const SEED: u64 = 0x5eed;

/// The greatest number of examples of an endless set that are searched for classes, for each wanted example.
pub(super) const SEARCHED: u64 = 100;

/// The indices of real examples.
pub(super) struct Real {
    /// As many examples as samples.
    pub(super) own: Vec<u64>,
    /// The examples that both are compared with, in the proportions of the data.
    pub(super) reference: Vec<u64>,
    /// Whether `own` has the classes of the samples.
    pub(super) matched: bool,
}

impl Real {
    /// Chooses `n` examples and at most `most` others as the reference, all different, in an order that depends only on the data.
    ///
    /// The reference is taken from the beginning of the order, so that it has the proportions of the data. The `n` examples are taken from
    /// the end, with the labels `classes` if these are given and if there are enough of them.
    ///
    /// # Errors
    /// [`Error::TooFew`] for a set of fewer than 2·n examples.
    pub(super) fn choose(
        data: &dyn Dataset,
        n: usize,
        most: usize,
        classes: Option<&[i64]>,
    ) -> Result<Self, Error> {
        let (count, most) = (n as u64, most.max(n) as u64);
        let end = data.len().unwrap_or(most + SEARCHED * count);
        if end < 2 * count {
            return Err(Error::TooFew {
                set: data.name(),
                available: end,
                needed: 2 * count,
                needed_twice: true,
            });
        }
        let mut order = Order::new(SEED, data.len());
        let mut index = |place: u64| order.index(place);
        // At least n examples are left for the reference.
        let places = |from: u64| (from..end).rev();
        let matched = classes.and_then(|classes| of_classes(classes, data, places(count), &mut index));
        let is_matched = matched.is_some();
        let chosen = matched.unwrap_or_else(|| places(end - count).collect());
        let first = chosen.iter().copied().min().unwrap_or(end);
        Ok(Self {
            own: chosen.into_iter().map(&mut index).collect(),
            reference: (0..most.min(first)).map(&mut index).collect(),
            matched: is_matched,
        })
    }
}

/// The first places whose examples have the labels `classes`, in any order: as many of each label. The result is `None` if there are too
/// few places.
pub(super) fn of_classes(
    classes: &[i64],
    data: &dyn Dataset,
    places: impl Iterator<Item = u64>,
    mut index: impl FnMut(u64) -> u64,
) -> Option<Vec<u64>> {
    let mut wanted: BTreeMap<i64, usize> = BTreeMap::new();
    classes.iter().for_each(|class| *wanted.entry(*class).or_default() += 1);
    let mut chosen = Vec::new();
    for place in places {
        if chosen.len() == classes.len() {
            break;
        }
        if let Some(left) = wanted.get_mut(&label_of(data, index(place))?).filter(|left| **left > 0) {
            *left -= 1;
            chosen.push(place);
        }
    }
    (chosen.len() == classes.len()).then_some(chosen)
}

#[cfg(test)]
mod tests {
    use super::Real;
    use crate::Error;
    use tweedie_data::{Dataset, Shapes, Values};
    use tweedie_math::DataShape;

    /// Examples of four classes, in unequal shares: an example of index i has the class min(i mod 5, 3).
    #[derive(Debug)]
    struct Labelled(u64);

    fn class(index: u64) -> i64 {
        (index % 5).min(3) as i64
    }

    impl Dataset for Labelled {
        fn name(&self) -> String {
            "labelled".into()
        }
        fn shape(&self) -> DataShape {
            DataShape::image(1, 1, 1)
        }
        fn len(&self) -> Option<u64> {
            Some(self.0)
        }
        fn class_names(&self) -> Vec<String> {
            ["a", "b", "c", "d"].map(String::from).to_vec()
        }
        fn may_flip(&self) -> bool {
            false
        }
        fn values(&self, index: u64) -> Result<Values, tweedie_data::Error> {
            Ok(Values::Bytes(vec![index as u8]))
        }
        fn label(&self, index: u64) -> Option<u32> {
            Some(class(index) as u32)
        }
        fn caption(&self, _index: u64) -> String {
            String::new()
        }
    }

    fn count(indices: &[u64], wanted: i64) -> usize {
        indices.iter().filter(|&&index| class(index) == wanted).count()
    }

    /// No example is chosen twice, and the chosen ones have the wanted classes.
    #[test]
    fn examples_have_the_classes_of_the_samples() {
        let in_turn: Vec<i64> = (0..200).map(|i| i % 4).collect();
        for classes in [None, Some(&in_turn[..]), Some(&[2; 200])] {
            let chosen = Real::choose(&Labelled(3000), 200, 900, classes).unwrap();
            let mut all = [&chosen.own[..], &chosen.reference].concat();
            all.sort_unstable();
            all.dedup();
            assert_eq!((chosen.own.len(), all.len(), chosen.matched), (200, 1100, classes.is_some()));
            if let Some(classes) = classes {
                for wanted in 0..4 {
                    let n = classes.iter().filter(|class| **class == wanted).count();
                    assert_eq!(count(&chosen.own, wanted), n);
                }
            }
            // The reference has the shares of the data: 2/5 of class 3, within five standard errors.
            let share = count(&chosen.reference, 3) as f64 / 900.0;
            assert!((share - 0.4).abs() < 5.0 * (0.24f64 / 900.0).sqrt(), "{share}");
        }
    }

    /// A small set gives a smaller reference, and at least as many examples as samples. If a class has too few examples, the classes are
    /// not matched.
    #[test]
    fn a_small_set_is_divided() {
        let in_turn: Vec<i64> = (0..200).map(|i| i % 4).collect();
        let chosen = Real::choose(&Labelled(600), 200, 10_000, Some(&in_turn)).unwrap();
        assert!(chosen.matched && (200..400).contains(&chosen.reference.len()), "{}", chosen.reference.len());
        let chosen = Real::choose(&Labelled(600), 200, 10_000, Some(&[2; 200])).unwrap();
        assert_eq!((chosen.matched, chosen.own.len(), chosen.reference.len()), (false, 200, 400));
        let error = Real::choose(&Labelled(399), 200, 10_000, None).err();
        assert!(matches!(error, Some(Error::TooFew { available: 399, needed: 400, .. })), "{error:?}");
    }

    /// An endless set is searched only so far.
    #[test]
    fn an_endless_set_has_enough() {
        let shapes = Shapes::new(16, 16, 0).unwrap();
        let chosen = Real::choose(&shapes, 50, 100, Some(&[1; 50])).unwrap();
        assert!(chosen.matched && chosen.own.iter().all(|&index| shapes.label(index) == Some(1)));
        assert!(chosen.own.iter().all(|index| !chosen.reference.contains(index)));
        assert_eq!((chosen.own.len(), chosen.reference.len()), (50, 100));
        assert!(!Real::choose(&shapes, 50, 100, Some(&[9; 50])).unwrap().matched);
    }
}
