//! Batches, made on threads of their own.

use crate::{Dataset, Error, Order, Values};
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;
use tweedie_math::DataShape;

/// A batch of consecutive examples in the order of training.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The values of `n` examples, concatenated.
    pub values: Values,
    /// The class of each example, if the set has classes.
    pub labels: Option<Vec<u32>>,
    /// The number of examples.
    pub n: usize,
    /// The shape of each example.
    pub shape: DataShape,
    /// The number of examples shown before this batch.
    pub first: u64,
}

/// The number of finished batches that are kept ready. A thread with its share of them waits.
const AHEAD: usize = 4;

/// Threads that make batches ahead of time.
///
/// Of w threads, thread k makes the batches k, k + w, k + 2w, …, so the batches do not depend on the number of threads. The threads end
/// when this value is dropped.
///
/// [`Loader::new`] returns unchanged batches; [`Loader::with`] applies a function to each batch on the same threads.
pub struct Loader<T = Batch> {
    batches: Vec<Receiver<Result<T, Error>>>,
    threads: Vec<JoinHandle<()>>,
    turn: usize,
}

impl<T> fmt::Debug for Loader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

impl Loader {
    /// Starts [`Dataset::loaders`] threads that make batches of `n` examples; `first` is the number of examples shown before. With `flip`,
    /// half of the images are mirrored if the set allows it.
    ///
    /// # Errors
    /// [`Error::Loader`] if a thread cannot be started; [`Error::Parameter`] for an empty set or an empty batch.
    pub fn new(data: Arc<dyn Dataset>, seed: u64, n: usize, first: u64, flip: bool) -> Result<Self, Error> {
        Self::with(data, seed, n, first, flip, Ok)
    }
}

impl<T: Send + 'static> Loader<T> {
    /// Does the same as [`Loader::new`] and applies `map` to each batch, on the thread that made it.
    ///
    /// An error of `map` is returned by [`next_batch`](Self::next_batch) in place of the batch, and ends the thread. Errors of other crates
    /// are passed as [`Error::Prepare`].
    ///
    /// # Errors
    /// Those of [`Loader::new`].
    pub fn with(
        data: Arc<dyn Dataset>,
        seed: u64,
        n: usize,
        first: u64,
        flip: bool,
        map: impl Fn(Batch) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        if n == 0 || data.is_empty() {
            let (name, found) =
                if n == 0 { ("the batch", "0".to_string()) } else { ("the data set", data.name()) };
            return Err(Error::Parameter { name, found, allowed: "at least one example".into() });
        }
        let workers = data.loaders().max(1);
        let map = Arc::new(map);
        let mut loader = Self { batches: Vec::new(), threads: Vec::new(), turn: 0 };
        for worker in 0..workers {
            let (sender, batches) = sync_channel(AHEAD.div_ceil(workers));
            let (data, map) = (Arc::clone(&data), Arc::clone(&map));
            let work = move || {
                let mut order = Order::new(seed, data.len());
                let mut first = first + (worker * n) as u64;
                loop {
                    let batch = make(data.as_ref(), &mut order, n, first, flip).and_then(&*map);
                    let failed = batch.is_err();
                    if sender.send(batch).is_err() || failed {
                        return;
                    }
                    first += (workers * n) as u64;
                }
            };
            let thread = std::thread::Builder::new().name("loader".into()).spawn(work);
            loader.threads.push(thread.map_err(|error| Error::Loader(error.to_string()))?);
            loader.batches.push(batches);
        }
        Ok(loader)
    }

    /// Waits for the next batch.
    ///
    /// # Errors
    /// The error of an example that cannot be read or of the function given to [`Loader::with`]; after that, [`Error::Loader`].
    pub fn next_batch(&mut self) -> Result<T, Error> {
        let batch = self.batches[self.turn].recv().map_err(|error| Error::Loader(error.to_string()))?;
        self.turn = (self.turn + 1) % self.batches.len();
        batch
    }
}

impl<T> Drop for Loader<T> {
    fn drop(&mut self) {
        // The next send of each thread fails, which ends the thread.
        self.batches.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn make(data: &dyn Dataset, order: &mut Order, n: usize, first: u64, flip: bool) -> Result<Batch, Error> {
    let shape = data.shape();
    // Only images can be mirrored.
    let width = shape.as_image().map(|[_, _, width]| width).filter(|_| flip && data.may_flip());
    let mut values: Option<Values> = None;
    let mut labels = Vec::with_capacity(n);
    for shown in first..first + n as u64 {
        let index = order.index(shown);
        let mut example = data.values(index)?;
        if let Some(width) = width
            && order.flips(shown)
        {
            example.mirror(width);
        }
        let alike = match &mut values {
            None => {
                values = Some(example);
                true
            }
            Some(values) => values.append(example),
        };
        if !alike {
            return Err(Error::Loader("the set mixes pixels and numbers".into()));
        }
        labels.extend(data.label(index));
    }
    let labels = (labels.len() == n).then_some(labels);
    let values = values.unwrap_or(Values::Bytes(Vec::new()));
    Ok(Batch { values, labels, n, shape, first })
}
