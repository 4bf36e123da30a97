//! Batches from the loader's thread are those computed directly, from any start.

use crate::shapes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tweedie_data::{Batch, Dataset, Error, Loader, Order, Values};
use tweedie_math::DataShape;

/// Images that tell their index by their first byte and are not their own mirror images.
pub struct Numbers {
    len: Option<u64>,
    may_flip: bool,
    labelled: bool,
    /// The index that cannot be read.
    broken: Option<u64>,
    asked: AtomicUsize,
    threads: usize,
}

impl Numbers {
    pub fn new(len: Option<u64>) -> Self {
        Self { len, may_flip: true, labelled: true, broken: None, asked: AtomicUsize::new(0), threads: 1 }
    }

    pub fn on(threads: usize, len: u64) -> Self {
        Self { threads, ..Self::new(Some(len)) }
    }
}

impl Dataset for Numbers {
    fn name(&self) -> String {
        "numbers".into()
    }

    fn shape(&self) -> DataShape {
        DataShape::image(2, 2, 3)
    }

    fn len(&self) -> Option<u64> {
        self.len
    }

    fn class_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn may_flip(&self) -> bool {
        self.may_flip
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.broken == Some(index) {
            let found = index.to_string();
            return Err(Error::Parameter { name: "the broken image", found, allowed: "another".into() });
        }
        Ok(Values::Bytes((0..12).map(|at| (index % 10 * 12 + at) as u8).collect()))
    }

    fn label(&self, index: u64) -> Option<u32> {
        self.labelled.then_some(index as u32)
    }

    fn caption(&self, _index: u64) -> String {
        String::new()
    }

    fn loaders(&self) -> usize {
        self.threads
    }
}

fn bytes(batch: &Batch) -> &[u8] {
    match &batch.values {
        Values::Bytes(bytes) => bytes,
        Values::Floats(_) => panic!("pixels were put in"),
    }
}

#[test]
fn batches_do_not_depend_on_the_number_of_threads() {
    for threads in 1..=5 {
        let data = Arc::new(Numbers::on(threads, 9));
        let mut loader = Loader::new(Arc::clone(&data) as Arc<dyn Dataset>, 3, 4, 8, true).unwrap();
        for first in (8..80).step_by(4) {
            assert_eq!(
                loader.next_batch().unwrap(),
                expected(data.as_ref(), 3, 4, first, true),
                "{threads} threads"
            );
        }
    }
}

/// The batch that starts at `first`, pixel by pixel.
fn expected(data: &dyn Dataset, seed: u64, n: usize, first: u64, flip: bool) -> Batch {
    let shape = data.shape();
    let [_, _, width] = shape.as_image().unwrap();
    let mut order = Order::new(seed, data.len());
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for shown in first..first + n as u64 {
        let example = data.get(order.index(shown)).unwrap();
        let mirrored = flip && order.flips(shown);
        for at in 0..shape.n_values() {
            let (row, column) = (at / width, at % width);
            let from = if mirrored { width - 1 - column } else { column };
            images.push(example.image()[row * width + from]);
        }
        labels.push(example.label);
    }
    Batch { values: Values::Bytes(images), labels: labels.into_iter().collect(), n, shape, first }
}

/// Compares the first batches with direct computation.
#[track_caller]
fn check(data: Arc<dyn Dataset>, n: usize, first: u64, flip: bool) {
    let mut loader = Loader::new(data.clone(), 11, n, first, flip).unwrap();
    let mirrors = flip && data.may_flip();
    for i in 0..8 {
        let start = first + (i * n) as u64;
        assert_eq!(loader.next_batch().unwrap(), expected(data.as_ref(), 11, n, start, mirrors), "batch {i}");
    }
}

#[test]
fn batches_are_those_computed_directly() {
    for flip in [false, true] {
        // More than a pass in a batch, passes that end within one, one image, no end.
        for (len, n) in [(Some(3), 7), (Some(10), 4), (Some(1), 2), (Some(1000), 1), (None, 5)] {
            check(Arc::new(Numbers::new(len)), n, 0, flip);
        }
        check(Arc::new(shapes(12, 16)), 6, 0, flip);
    }
}

#[test]
fn a_run_goes_on_anywhere() {
    for first in [1, 4, 25, 1 << 40] {
        check(Arc::new(Numbers::new(Some(10))), 4, first, true);
        check(Arc::new(shapes(12, 16)), 3, first, true);
    }
    let data: Arc<dyn Dataset> = Arc::new(Numbers::new(Some(10)));
    let mut whole = Loader::new(data.clone(), 1, 4, 0, true).unwrap();
    let tail: Vec<Batch> = (0..8).map(|_| whole.next_batch().unwrap()).skip(5).collect();
    let mut rest = Loader::new(data, 1, 4, 20, true).unwrap();
    for batch in tail {
        assert_eq!(rest.next_batch().unwrap(), batch);
    }
}

/// Mirrored rows, and only where it was asked for and the set allows it.
#[test]
fn rows_are_mirrored_where_they_may() {
    let mirrored = |may_flip: bool, flip: bool| -> usize {
        let data = Numbers { may_flip, ..Numbers::new(None) };
        let mut loader = Loader::new(Arc::new(data), 11, 64, 0, flip).unwrap();
        let batch = loader.next_batch().unwrap();
        let of = |i: usize, image: &[u8]| {
            let base = (i % 10 * 12) as u8;
            let forwards: Vec<u8> = (base..base + 12).collect();
            let backwards: Vec<u8> = [2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9].map(|at| base + at).to_vec();
            assert!(image == forwards || image == backwards, "{image:?}");
            image == backwards
        };
        bytes(&batch).chunks_exact(12).enumerate().filter(|(i, image)| of(*i, image)).count()
    };
    assert_eq!((mirrored(false, true), mirrored(true, false), mirrored(false, false)), (0, 0, 0));
    crate::likely(mirrored(true, true), 64, 0.5);
}

#[test]
fn sets_without_classes_have_no_labels() {
    let data = Numbers { labelled: false, ..Numbers::new(Some(5)) };
    let mut loader = Loader::new(Arc::new(data), 0, 3, 0, false).unwrap();
    assert_eq!(loader.next_batch().unwrap().labels, None);
}

/// Dropping waits for the thread, which otherwise would never end: the set is free again at once.
#[test]
fn dropping_it_ends_the_thread() {
    for taken in [0, 1, 7] {
        let data = Arc::new(Numbers::new(None));
        let mut loader = Loader::new(data.clone(), 0, 2, 0, false).unwrap();
        (0..taken).for_each(|_| drop(loader.next_batch().unwrap()));
        drop(loader);
        assert_eq!(Arc::strong_count(&data), 1);
        // A few batches ahead at most, each of two images.
        let asked = data.asked.load(Ordering::SeqCst);
        assert!((2 * taken..=2 * (taken + 6)).contains(&asked), "{asked} images for {taken} batches");
    }
}

#[test]
fn what_is_wrong_with_a_image_is_told() {
    let data = Arc::new(Numbers { broken: Some(7), ..Numbers::new(None) });
    let mut loader = Loader::new(data.clone(), 0, 3, 0, false).unwrap();
    // What was whole before still comes.
    for first in [0, 3] {
        assert_eq!(loader.next_batch().unwrap().first, first);
    }
    let text = loader.next_batch().unwrap_err().to_string();
    assert_eq!(text, "the broken image is 7; it must be another");
    assert!(matches!(loader.next_batch(), Err(Error::Loader(_))));
    assert!(matches!(loader.next_batch(), Err(Error::Loader(_))));
    drop(loader);
    assert_eq!(data.asked.load(Ordering::SeqCst), 8);
}

#[test]
fn empty_batches_and_sets_are_refused() {
    let text = Loader::new(Arc::new(Numbers::new(None)), 0, 0, 0, false).unwrap_err().to_string();
    assert_eq!(text, "the batch is 0; it must be at least one example");
    let text = Loader::new(Arc::new(Numbers::new(Some(0))), 0, 4, 0, false).unwrap_err().to_string();
    assert_eq!(text, "the data set is numbers; it must be at least one example");
}
