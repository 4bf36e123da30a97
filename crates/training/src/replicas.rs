//! Replicas of a learner, which compute gradients of parts of a batch at the same time.

use crate::objective::weighted_mean;
use crate::{Error, FlatParameters, Learner, Objective};
use std::ops::Range;
use tch::Tensor;
use tweedie_networks::Pass;
use tweedie_torch::{guard, limit_threads, share_of_threads};

/// A learner with gradients of its own for the shared parameters.
#[derive(Debug)]
pub(crate) struct Replica<L> {
    pub(crate) learner: L,
    pub(crate) parameters: FlatParameters,
}

/// What the computation of a gradient needs apart from the learner.
pub(crate) struct Work<'a, L: Learner> {
    pub(crate) batch: &'a L::Batch,
    pub(crate) state: &'a L::State,
    pub(crate) objective: &'a Objective,
    pub(crate) pass: Pass,
    /// The number of examples of the whole batch.
    pub(crate) n: usize,
}

/// The loss of a part of a batch.
pub(crate) struct PartLoss {
    /// The part's share of the loss of the whole batch.
    pub(crate) loss: Tensor,
    /// The loss of each example, without its weight.
    pub(crate) losses: Tensor,
    /// The trained time of each example.
    pub(crate) times: Vec<Option<usize>>,
}

impl<L: Learner> Work<'_, L> {
    /// Adds the gradient of a part of the batch to the gradients of the learner's parameters.
    pub(crate) fn backward(&self, learner: &L, part: Range<usize>) -> Result<PartLoss, Error> {
        let share = part.len() as f64 / self.n as f64;
        let found = learner.examine(self.batch, part, self.state, self.objective, &self.pass)?;
        let loss = weighted_mean(&found.losses, &found.weights)? * share;
        guard(|| loss.backward())?;
        Ok(PartLoss { loss: loss.detach(), losses: found.losses.detach(), times: found.times })
    }

    /// Divides a part of the batch among a learner and its replicas, which compute at the same time, and adds all gradients to `parameters`,
    /// those of the learner, in a fixed order. The results are those of the parts in their order.
    pub(crate) fn divided(
        &self,
        learner: &L,
        parameters: &mut FlatParameters,
        replicas: &mut [Replica<L>],
        part: Range<usize>,
    ) -> Result<Vec<PartLoss>, Error> {
        let k = (replicas.len() + 1).min(part.len());
        let begin = |i: usize| part.start + i * part.len() / k;
        let (all, threads) = (share_of_threads(1), share_of_threads(k));
        let used = &mut replicas[..k - 1];
        let found = std::thread::scope(|scope| {
            let mut threads_of_replicas = Vec::with_capacity(k - 1);
            for (i, replica) in used.iter_mut().enumerate() {
                let part = begin(i + 1)..begin(i + 2);
                // A learner can be used in another thread by one reference that excludes others.
                let learner = &mut replica.learner;
                let work = move || {
                    limit_threads(threads)?;
                    self.backward(learner, part)
                };
                let builder = std::thread::Builder::new().name("replica".into());
                threads_of_replicas.push(builder.spawn_scoped(scope, work));
            }
            limit_threads(threads)?;
            let own = self.backward(learner, begin(0)..begin(1));
            limit_threads(all)?;
            let others = threads_of_replicas.into_iter().map(|thread| {
                let thread = thread.map_err(|error| Error::Replica(error.to_string()))?;
                thread.join().map_err(|_| Error::Replica("its thread panicked".into()))?
            });
            std::iter::once(own).chain(others).collect::<Result<Vec<_>, Error>>()
        });
        for replica in used {
            if found.is_ok() {
                let _ = parameters.gradients.f_add_(&replica.parameters.gradients)?;
            }
            replica.parameters.zero_gradients();
        }
        found
    }
}
