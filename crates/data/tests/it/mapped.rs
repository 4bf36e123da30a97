//! A loader with a function: what it makes of batches comes in their order, and its errors in their turn.

use crate::loader::Numbers;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use tweedie_data::{Batch, Dataset, Error, Loader, PointKind, Points, Values};

#[derive(Debug, thiserror::Error)]
#[error("the batch from {0} on is unlucky")]
struct Unlucky(u64);

fn data(threads: usize) -> Arc<dyn Dataset> {
    Arc::new(Numbers::on(threads, 9))
}

#[test]
fn what_is_made_of_batches_does_not_depend_on_the_number_of_threads() {
    let mut plain = Loader::new(data(1), 3, 4, 8, true).unwrap();
    let batches: Vec<Batch> = (0..12).map(|_| plain.next_batch().unwrap()).collect();
    for threads in 1..=5 {
        let map = |batch: Batch| Ok((batch.first, batch.values.len(), batch));
        let mut mapped = Loader::with(data(threads), 3, 4, 8, true, map).unwrap();
        for batch in &batches {
            assert_eq!(mapped.next_batch().unwrap(), (batch.first, batch.values.len(), batch.clone()));
        }
    }
}

/// The function runs on the loader's threads, not on the one that waits for batches.
#[test]
fn the_function_runs_on_the_loaders_threads() {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let log = Arc::clone(&seen);
    let map = move |_: Batch| {
        log.lock().unwrap().insert(format!("{:?}", std::thread::current().id()));
        Ok(())
    };
    let mut loader = Loader::with(data(3), 0, 2, 0, false, map).unwrap();
    (0..9).for_each(|_| loader.next_batch().unwrap());
    drop(loader);
    let seen = seen.lock().unwrap();
    assert!(seen.len() == 3 && !seen.contains(&format!("{:?}", std::thread::current().id())), "{seen:?}");
}

#[test]
fn an_error_comes_in_its_batchs_turn() {
    for threads in [1, 2, 3] {
        let map = |batch: Batch| match batch.first {
            8 => Err(Error::Prepare(Unlucky(8).into())),
            first => Ok(first),
        };
        let mut loader = Loader::with(data(threads), 0, 4, 0, false, map).unwrap();
        assert_eq!((loader.next_batch().unwrap(), loader.next_batch().unwrap()), (0, 4));
        let error = loader.next_batch().unwrap_err();
        assert_eq!(error.to_string(), "the batch from 8 on is unlucky");
        assert!(
            matches!(&error, Error::Prepare(inner) if inner.downcast_ref::<Unlucky>().is_some()),
            "{error:?}"
        );
    }
}

#[test]
fn a_function_that_panics_ends_the_loader() {
    let map = |batch: Batch| if batch.first < 4 { Ok(()) } else { panic!("a planted panic") };
    let mut loader = Loader::with(data(1), 0, 4, 0, false, map).unwrap();
    loader.next_batch().unwrap();
    assert!(matches!(loader.next_batch(), Err(Error::Loader(_))));
}

/// Points have no left and right: flipping leaves them alone, even where a set says that it may be flipped.
#[test]
fn points_are_never_mirrored() {
    struct Careless(Points);
    impl Dataset for Careless {
        fn name(&self) -> String {
            self.0.name()
        }
        fn shape(&self) -> tweedie_math::DataShape {
            self.0.shape()
        }
        fn len(&self) -> Option<u64> {
            None
        }
        fn class_names(&self) -> Vec<String> {
            self.0.class_names()
        }
        fn may_flip(&self) -> bool {
            true
        }
        fn values(&self, index: u64) -> Result<Values, Error> {
            self.0.values(index)
        }
        fn label(&self, index: u64) -> Option<u32> {
            self.0.label(index)
        }
        fn caption(&self, index: u64) -> String {
            self.0.caption(index)
        }
    }
    let points = Points::new(PointKind::Moons, 1);
    let mut flipped = Loader::new(Arc::new(Careless(points)), 5, 64, 0, true).unwrap();
    let mut plain = Loader::new(Arc::new(points), 5, 64, 0, false).unwrap();
    let batch = plain.next_batch().unwrap();
    assert_eq!(flipped.next_batch().unwrap(), batch);
    assert_eq!((batch.values.len(), batch.shape.sides(), batch.labels.unwrap().len()), (128, &[2][..], 64));
}
