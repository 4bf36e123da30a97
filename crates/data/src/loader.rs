//! Batches made beside training, on threads of their own.

use crate::{Dataset, Error, Order, Shape, Values};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

/// Pictures in a row, with what is known of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// N × channels × height × width values.
    pub values: Values,
    /// One per picture, where the set has classes.
    pub labels: Option<Vec<u32>>,
    /// How many.
    pub n: usize,
    /// The shape of each.
    pub shape: Shape,
    /// The count of pictures shown before these.
    pub first: u64,
}

/// How many batches may wait; a thread sleeps when it has made its share.
const AHEAD: usize = 4;

/// Threads that make batches ahead of their use: of w threads, the k-th makes every w-th batch from the k-th on, so that the
/// batches do not depend on how many there are. They end when this value is dropped.
#[derive(Debug)]
pub struct Loader {
    batches: Vec<Receiver<Result<Batch, Error>>>,
    threads: Vec<JoinHandle<()>>,
    turn: usize,
}

impl Loader {
    /// Batches of `n` pictures from the `first`-th shown on, by as many threads as the set needs.
    ///
    /// # Errors
    /// [`Error::Loader`] when no thread can be started; [`Error::Parameter`] for an empty set or batch.
    pub fn new(data: Arc<dyn Dataset>, seed: u64, n: usize, first: u64, flip: bool) -> Result<Self, Error> {
        if n == 0 || data.is_empty() {
            let (name, found) =
                if n == 0 { ("the batch", "0".to_string()) } else { ("the data set", data.name()) };
            return Err(Error::Parameter { name, found, allowed: "at least one picture".into() });
        }
        let workers = data.loaders().max(1);
        let mut loader = Self { batches: Vec::new(), threads: Vec::new(), turn: 0 };
        for worker in 0..workers {
            let (sender, batches) = sync_channel(AHEAD.div_ceil(workers));
            let data = Arc::clone(&data);
            let work = move || {
                let mut order = Order::new(seed, data.len());
                let mut first = first + (worker * n) as u64;
                loop {
                    let batch = make(data.as_ref(), &mut order, n, first, flip);
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

    /// The next batch; waits for it.
    ///
    /// # Errors
    /// What was wrong with a picture.
    pub fn next_batch(&mut self) -> Result<Batch, Error> {
        let batch = self.batches[self.turn].recv().map_err(|error| Error::Loader(error.to_string()))?;
        self.turn = (self.turn + 1) % self.batches.len();
        batch
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // The threads' next sends fail, and they end.
        self.batches.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn make(data: &dyn Dataset, order: &mut Order, n: usize, first: u64, flip: bool) -> Result<Batch, Error> {
    let shape = data.shape();
    let mut values: Option<Values> = None;
    let mut labels = Vec::with_capacity(n);
    for shown in first..first + n as u64 {
        let index = order.index(shown);
        let mut picture = data.values(index)?;
        if flip && data.may_flip() && order.flips(shown) {
            picture.mirror(shape.width);
        }
        let alike = match &mut values {
            None => {
                values = Some(picture);
                true
            }
            Some(values) => values.append(picture),
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
