//! Replicas of a network, which evaluate parts of a batch at the same time.

use crate::Error;
use std::fmt;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use tch::Tensor;
use tweedie_networks::{Condition, Network, Pass, Registry};
use tweedie_torch::{guard, limit_threads, share_of_threads};

/// The inputs of one evaluation.
pub(super) struct Part {
    pub(super) x: Tensor,
    pub(super) time: Tensor,
    pub(super) condition: Condition,
}

/// Replicas of a network, each in a thread of its own. They share the parameters of the network, keep packed weights of their own, and make
/// no gradients.
///
/// The operations of a small network are too short for many threads. With replicas, an operation has fewer threads, and several run at
/// the same time.
pub struct Replicas {
    workers: Vec<Worker>,
}

type Job = Box<dyn FnOnce(&dyn Network) + Send>;

struct Worker {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Replicas {
    /// Starts `n` replicas of a network that the registry builds. The threads per operation are divided among them. `None` for fewer than
    /// two replicas.
    ///
    /// # Errors
    /// [`Error::Network`] if the registry does not have the class of the network; [`Error::Replica`] if a thread cannot be started.
    pub fn new(registry: &Registry, network: &dyn Network, n: usize) -> Result<Option<Self>, Error> {
        if n < 2 {
            return Ok(None);
        }
        let threads = share_of_threads(n);
        let workers = (0..n).map(|_| Worker::new(registry.replica(network)?, threads));
        Ok(Some(Self { workers: workers.collect::<Result<_, _>>()? }))
    }

    /// The number of replicas.
    #[expect(clippy::len_without_is_empty, reason = "there are at least two")]
    pub fn len(&self) -> usize {
        self.workers.len()
    }

    /// The outputs for several parts, in their order. Part i is computed by replica i modulo their number.
    pub(super) fn evaluate(&self, parts: Vec<Part>, pass: Pass) -> Result<Vec<Tensor>, Error> {
        let mut results = Vec::with_capacity(parts.len());
        for (part, worker) in parts.into_iter().zip(self.workers.iter().cycle()) {
            let (sender, receiver) = channel();
            let job: Job = Box::new(move |network| {
                let output = || super::evaluate(network, &part, &pass);
                // A receiver that is gone belongs to an evaluation that failed in another part.
                let _ = sender.send(guard(|| tch::no_grad(output)));
            });
            let jobs = worker.jobs.as_ref().ok_or_else(|| failed("it has ended"))?;
            jobs.send(job).map_err(|_| failed("its thread has ended"))?;
            results.push(receiver);
        }
        let outputs = results.into_iter().map(|result| {
            let output = result.recv().map_err(|_| failed("its thread has ended"))?;
            output.map_err(Error::Torch)?
        });
        outputs.collect()
    }
}

impl Worker {
    fn new(network: Box<dyn Network>, threads: u16) -> Result<Self, Error> {
        let (jobs, queue) = channel::<Job>();
        let (ready, started) = channel();
        let work = move || {
            if ready.send(limit_threads(threads)).is_ok() {
                queue.into_iter().for_each(|job| job(network.as_ref()));
            }
        };
        let thread = std::thread::Builder::new().name("replica".into()).spawn(work);
        let thread = thread.map_err(|error| failed(&format!("its thread cannot be started: {error}")))?;
        started.recv().map_err(|_| failed("its thread has ended"))??;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }
}

impl Drop for Worker {
    /// Ends the thread after its present job.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} replicas", self.len())
    }
}

fn failed(reason: &str) -> Error {
    Error::Replica(reason.to_string())
}
