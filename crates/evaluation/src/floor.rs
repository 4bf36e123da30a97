//! The floor: the figures of real images against other real images, over several splits of the same images.

use crate::Error;
use crate::samples::Distances;
use serde::Serialize;
use std::fmt;
use tweedie_math::random::{Key, Purpose, Stream};

/// The number of splits, for up to [`MOST_IMAGES`] images.
const SPLITS: usize = 8;

/// The least number of splits, for any number of images.
const FEWEST_SPLITS: usize = 3;

/// The number of images up to which there are [`SPLITS`] splits. The time of a split grows with the square of their number.
const MOST_IMAGES: usize = 12_000;

/// The seed of the splits.
const SEED: u64 = 0x5eed;

/// A mean and a standard deviation over splits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Scatter {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of one split.
    pub deviation: f64,
}

impl Scatter {
    /// The mean and the sample standard deviation of values; the deviation of a single value is 0.
    pub fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        Self { mean, deviation: (squares / (n - 1.0).max(1.0)).sqrt() }
    }

    /// The text `mean ± deviation` with a number of decimals.
    pub(crate) fn text(self, decimals: usize) -> String {
        format!("{:.decimals$} ± {:.decimals$}", self.mean, self.deviation)
    }
}

impl fmt::Display for Scatter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(3))
    }
}

/// The figures that as many real images as samples reach: the mean and the standard deviation over splits.
///
/// A model that samples the distribution of the data has the same mean. A single set of samples, of a model or of real images, may be
/// below it by chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Floor {
    /// The number of splits.
    pub splits: usize,
    /// Whether the real images of each split have the classes of the samples.
    pub matched: bool,
    /// Fréchet distance.
    pub frechet: Scatter,
    /// Kernel distance.
    pub kernel: Scatter,
    /// Precision.
    pub precision: Scatter,
    /// Recall.
    pub recall: Scatter,
    /// The median distance to the nearest reference image.
    pub nearest: Scatter,
}

impl Floor {
    /// The floor of the figures of splits.
    pub(crate) fn of(splits: &[Distances], matched: bool) -> Self {
        let over = |of: fn(&Distances) -> f64| Scatter::of(&splits.iter().map(of).collect::<Vec<_>>());
        Self {
            splits: splits.len(),
            matched,
            frechet: over(|it| it.frechet),
            kernel: over(|it| it.kernel.value),
            precision: over(|it| it.manifold.precision),
            recall: over(|it| it.manifold.recall),
            nearest: over(|it| it.nearest),
        }
    }
}

/// The number of splits of `n` images.
pub(crate) fn splits_of(n: usize) -> usize {
    let share = (MOST_IMAGES as f64 / n.max(1) as f64).powi(2).min(1.0);
    ((SPLITS as f64 * share) as usize).max(FEWEST_SPLITS)
}

/// Divides all images anew into `n_real` real ones and a reference, both in random order, as lists of indices.
///
/// `classes` holds the class of each image, or is `None`. The images up to `n_real` are the real ones of the samples' classes. With
/// classes, images are exchanged only within a class, so that both parts keep their numbers of images per class.
///
/// # Errors
/// [`Error::TooFew`] for fewer images than real ones.
pub(crate) fn split(
    number: usize,
    n_real: usize,
    n_all: usize,
    classes: Option<&[i64]>,
) -> Result<[Vec<i64>; 2], Error> {
    if n_all < n_real || classes.is_some_and(|classes| classes.len() != n_all) {
        let found = classes.map_or(n_all, <[i64]>::len) as i64;
        return Err(Error::TooFew { what: "images to split", found, needed: n_real.max(n_all) as i64 });
    }
    let key = |draw| Key { seed: SEED, image: number as u64, purpose: Purpose::EVALUATE, visit: 3, draw };
    let mut order: Vec<usize> = (0..n_all).collect();
    shuffle(&mut order, &mut Stream::new(key(0)));
    let class_of = |index: usize| classes.map_or(0, |classes| classes[index]);
    let mut wanted = std::collections::BTreeMap::new();
    (0..n_real).for_each(|index| *wanted.entry(class_of(index)).or_insert(0usize) += 1);
    let (mut real, mut reference) = (Vec::new(), Vec::new());
    for index in order {
        match wanted.get_mut(&class_of(index)).filter(|left| **left > 0) {
            Some(left) => {
                *left -= 1;
                real.push(index as i64);
            }
            None => reference.push(index as i64),
        }
    }
    // The reference of a class that is exhausted late would otherwise begin with the other classes.
    shuffle(&mut reference, &mut Stream::new(key(1)));
    Ok([real, reference])
}

/// Shuffles a list (Fisher–Yates).
fn shuffle<T>(list: &mut [T], numbers: &mut Stream) {
    for i in (1..list.len()).rev() {
        list.swap(i, numbers.below(i as u64 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::{Scatter, split, splits_of};

    fn count(indices: &[i64], classes: &[i64], class: i64) -> usize {
        indices.iter().filter(|&&index| classes[index as usize] == class).count()
    }

    /// Every image is in one part, and the parts keep their sizes and, if classes are given, their numbers per class.
    #[test]
    fn a_split_exchanges_images() {
        let (n_real, n_all) = (30, 130);
        // The real images have the classes 0 and 1; the reference has three classes.
        let classes: Vec<i64> = (0..n_all as i64).map(|i| if i < 30 { i % 2 } else { i % 3 }).collect();
        let mut first = Vec::new();
        for number in 0..5 {
            for given in [None, Some(&classes[..])] {
                let [real, reference] = split(number, n_real, n_all, given).unwrap();
                assert_eq!((real.len(), reference.len()), (n_real, n_all - n_real));
                let mut all = [&real[..], &reference].concat();
                all.sort_unstable();
                assert_eq!(all, (0..n_all as i64).collect::<Vec<_>>());
                if given.is_some() {
                    assert_eq!([0, 1, 2].map(|class| count(&real, &classes, class)), [15, 15, 0]);
                    first.push(real[0]);
                }
                assert!(real.iter().any(|&index| index >= 30), "nothing was exchanged");
            }
        }
        assert!(first.iter().any(|it| *it != first[0]), "all splits are the same");
        // Both parts are in random order: the mean index of the first half of the reference is that of all within five deviations.
        let [_, reference] = split(0, 100, 4100, None).unwrap();
        let mean = reference[..2000].iter().sum::<i64>() as f64 / 2000.0;
        assert!((mean - 2049.5).abs() < 5.0 * 4100.0 / (12.0f64 * 2000.0).sqrt(), "{mean}");
        assert!(split(0, 10, 9, None).is_err() && split(0, 1, 3, Some(&[0])).is_err());
    }

    #[test]
    fn fewer_splits_of_many_images() {
        assert_eq!([2, 11_000, 12_000, 17_000, 20_000, 1 << 20].map(splits_of), [8, 8, 8, 3, 3, 3]);
    }

    #[test]
    fn a_scatter_is_a_mean_and_a_deviation() {
        let found = Scatter::of(&[1.0, 2.0, 3.0]);
        assert_eq!((found.mean, found.deviation), (2.0, 1.0));
        assert_eq!((Scatter::of(&[4.0]).deviation, found.to_string().as_str()), (0.0, "2.000 ± 1.000"));
    }
}
