//! Evaluation of points by a kernel.

use super::real::{SEARCHED, SEED, of_classes};
use super::samples::Judged;
use super::subject::{Subject, of_set};
use crate::Error;
use tch::Tensor;
use tweedie_data::Dataset;
use tweedie_evaluation::judge_points;
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_report::Progress;

/// The number of pairs of real point sets whose discrepancies form the floor.
const FLOOR_PAIRS: usize = 40;

/// The number of points in the plot.
const SHOWN: usize = 5000;

/// Compares the points of a subject with data.
pub(super) fn points(
    subject: &Subject<'_>,
    data: &dyn Dataset,
    progress: &mut dyn Progress,
) -> Result<Judged, Error> {
    let n = subject.n();
    let classes = subject.labels(data);
    let sets = Sets { data, n, classes: classes.as_deref() };
    // The classes are kept only if every set has enough points of them.
    let matched = classes.is_some() && sets.indices(1).is_some();
    let sets = Sets { classes: sets.classes.filter(|_| matched), ..sets };
    let drawn = subject.draw(progress)?;
    let samples = drawn.points.ok_or(Error::NotFinite)?;
    let mut real = |k: usize| sets.read(k);
    let report = judge_points(&samples, FLOOR_PAIRS, sets.with_replacement(), matched, &mut real)?;
    let shown = crate::recipes::first_points(data, n.min(SHOWN));
    let flat = Vec::<f32>::try_from(samples.f_contiguous()?.f_flatten(0, -1)?)?;
    let rows: Vec<Vec<f32>> =
        flat.chunks_exact(samples.size()[1] as usize).take(SHOWN).map(<[f32]>::to_vec).collect();
    Ok(Judged::Points { report, scatter: crate::recipes::scatter_of(&shown, &rows) })
}

/// Numbered sets of `n` real points. With classes, the sets of an odd number have as many points of each class as the samples.
struct Sets<'a> {
    data: &'a dyn Dataset,
    n: usize,
    classes: Option<&'a [i64]>,
}

impl Sets<'_> {
    /// Whether the sets are drawn with replacement, because a finite set may be too small for disjoint subsets.
    fn with_replacement(&self) -> bool {
        let sets = 1 + 2 * FLOOR_PAIRS;
        let needed = sets * self.n * if self.classes.is_some() { SEARCHED as usize } else { 1 };
        self.data.len().is_some_and(|len| len < needed as u64)
    }

    /// The indices of set k, or `None` if there are too few points of a class.
    fn indices(&self, k: usize) -> Option<Vec<u64>> {
        let (n, k) = (self.n as u64, k as u64);
        let room = if self.classes.is_some() { SEARCHED * n } else { n };
        // Indices of an endless set are far from those of the points that training uses first.
        let first = if self.data.len().is_none() { 1 << 40 } else { 0 };
        let mut numbers =
            Stream::new(Key { seed: SEED, image: k, purpose: Purpose::EVALUATE, visit: 2, draw: 0 });
        let places: Vec<u64> = match self.data.len().filter(|_| self.with_replacement()) {
            Some(len) => (0..room).map(|_| numbers.below(len)).collect(),
            None => (0..room).map(|i| first + k * room + i).collect(),
        };
        match self.classes.filter(|_| k % 2 == 1) {
            Some(classes) => of_classes(classes, self.data, places.into_iter(), |place| place),
            None => Some(places.into_iter().take(self.n).collect()),
        }
    }

    /// The points of set k, (N, D).
    fn read(&self, k: usize) -> Result<Tensor, tweedie_evaluation::Error> {
        let read = |indices: Vec<u64>| of_set(self.data, &indices).ok()?.points;
        self.indices(k).and_then(read).ok_or(tweedie_evaluation::Error::TooFew {
            what: "points of the data",
            found: 0,
            needed: self.n as i64,
        })
    }
}
