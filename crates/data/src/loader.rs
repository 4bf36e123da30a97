//! Batches made beside training, on a thread of their own.

use crate::{Dataset, Error, Order, Shape};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

/// Pictures in a row, with what is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// N × channels × height × width bytes.
    pub pictures: Vec<u8>,
    /// One per picture, where the set has classes.
    pub labels: Option<Vec<u32>>,
    /// How many.
    pub n: usize,
    /// The shape of each.
    pub shape: Shape,
    /// The count of pictures shown before these.
    pub first: u64,
}

/// How many batches may wait; the thread sleeps when so many do.
const AHEAD: usize = 4;

/// A thread that makes batches ahead of their use. It ends when this value is dropped.
#[derive(Debug)]
pub struct Loader {
    batches: Option<Receiver<Result<Batch, Error>>>,
    thread: Option<JoinHandle<()>>,
}

impl Loader {
    /// Batches of `n` pictures from the `first`-th shown on.
    ///
    /// # Errors
    /// [`Error::Loader`] when no thread can be started; [`Error::Parameter`] for an empty set or batch.
    pub fn new(data: Arc<dyn Dataset>, seed: u64, n: usize, first: u64, flip: bool) -> Result<Self, Error> {
        if n == 0 || data.is_empty() {
            let (name, found) =
                if n == 0 { ("the batch", "0".to_string()) } else { ("the data set", data.name()) };
            return Err(Error::Parameter { name, found, allowed: "at least one picture" });
        }
        let (sender, batches) = sync_channel(AHEAD);
        let work = move || {
            let mut order = Order::new(seed, data.len());
            let mut first = first;
            loop {
                let batch = make(data.as_ref(), &mut order, n, first, flip);
                let failed = batch.is_err();
                if sender.send(batch).is_err() || failed {
                    return;
                }
                first += n as u64;
            }
        };
        let thread = std::thread::Builder::new().name("loader".into()).spawn(work);
        let thread = thread.map_err(|error| Error::Loader(error.to_string()))?;
        Ok(Self { batches: Some(batches), thread: Some(thread) })
    }

    /// The next batch; waits for it.
    ///
    /// # Errors
    /// What was wrong with a picture.
    pub fn next_batch(&mut self) -> Result<Batch, Error> {
        match &self.batches {
            Some(batches) => batches.recv().map_err(|error| Error::Loader(error.to_string()))?,
            None => Err(Error::Loader("it was closed".into())),
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        // The thread's next send fails, and it ends.
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn make(data: &dyn Dataset, order: &mut Order, n: usize, first: u64, flip: bool) -> Result<Batch, Error> {
    let shape = data.shape();
    let mut pictures = Vec::with_capacity(n * shape.n_values());
    let mut labels = Vec::with_capacity(n);
    for shown in first..first + n as u64 {
        let mut example = data.get(order.index(shown))?;
        if flip && data.may_flip() && order.flips(shown) {
            for row in example.picture.chunks_exact_mut(shape.width) {
                row.reverse();
            }
        }
        pictures.extend(example.picture);
        labels.extend(example.label);
    }
    let labels = (labels.len() == n).then_some(labels);
    Ok(Batch { pictures, labels, n, shape, first })
}
