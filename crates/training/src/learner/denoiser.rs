//! Training of a denoiser with a squared error, the variational bound or both.

use super::{Examination, Labels, Learner, Preparation, Seen};
use crate::{
    Error, Importance, LevelSampling, Loss, NoisedBatch, Noising, Objective, ObjectiveKind, TrainingBatch,
    TrainingConfig, draw_levels, example_losses,
};
use std::ops::Range;
use std::sync::Arc;
use tweedie_data::Batch;
use tweedie_math::{FirstVariance, ReverseStep};
use tweedie_models::{Backbone, Model, Snapshot, VariancePrediction};
use tweedie_networks::{Pass, Registry};
use tweedie_samplers::ReverseVariance;

impl Learner for Model {
    type Batch = NoisedBatch;
    type State = Option<Importance>;

    fn backbone(&self) -> &Backbone {
        Self::backbone(self)
    }

    fn backbone_mut(&mut self) -> &mut Backbone {
        Self::backbone_mut(self)
    }

    fn check(&self, config: &TrainingConfig) -> Result<(), Error> {
        if config.objective.kind != ObjectiveKind::Denoiser {
            let (found, allowed) = ("classifier".into(), "denoiser to train a denoiser".into());
            return Err(Error::Config { key: "training.objective.kind", found, allowed });
        }
        check_continuous(self, config)?;
        check_variance(self, config)
    }

    fn state(&self, config: &TrainingConfig) -> Option<Importance> {
        Importance::wanted_by(config.objective.levels, self.process())
    }

    fn preparation(&self, config: &TrainingConfig) -> Preparation<NoisedBatch> {
        let noising = Noising::new(Self::backbone(self), labels(self), config);
        Arc::new(move |batch| noising.prepare(batch))
    }

    fn n_examples(batch: &NoisedBatch) -> usize {
        batch.n()
    }

    fn examine(
        &self,
        batch: &NoisedBatch,
        part: Range<usize>,
        state: &Option<Importance>,
        objective: &Objective,
        pass: &Pass,
    ) -> Result<Examination, Error> {
        let seed = batch.seed();
        let draw = |first, n| draw_levels(self.process(), objective.levels, state.as_ref(), seed, first, n);
        examined(self, &batch.part(Self::backbone(self), part, draw)?, objective, pass)
    }

    fn examine_held_out(
        &self,
        examples: &Batch,
        times: &[usize],
        config: &TrainingConfig,
    ) -> Result<Examination, Error> {
        let backbone = Self::backbone(self);
        let batch = NoisedBatch::held_out(backbone, labels(self), examples, times, config.seed)?;
        examined(self, &batch, &config.objective, &self.pass())
    }

    fn remember(&self, state: &mut Option<Importance>, seen: &[Seen]) {
        if let Some(importance) = state {
            importance.remember(seen);
        }
    }

    fn replica(&self, registry: &Registry) -> Result<Option<Self>, Error> {
        Ok(Model::replica(self, registry)?)
    }

    fn snapshot(&self) -> Result<Snapshot, Error> {
        Ok(Self::snapshot(self)?)
    }
}

fn examined(
    model: &Model,
    batch: &TrainingBatch,
    objective: &Objective,
    pass: &Pass,
) -> Result<Examination, Error> {
    Ok(Examination {
        losses: example_losses(model, batch, objective, pass)?,
        weights: batch.levels.iter().map(|drawn| drawn.weight).collect(),
        times: batch.levels.iter().map(|drawn| drawn.time).collect(),
        right: None,
    })
}

/// Labels are a condition for a network with a class table; other networks do not use them.
fn labels(model: &Model) -> Labels {
    match model.class_rows() {
        Some(_) => Labels::Condition { null_class: model.about().null_class },
        None => Labels::Unused,
    }
}

/// Checks the objective for a continuous process, which has no discrete levels for importance sampling or for the terms of the bound.
fn check_continuous(model: &Model, config: &TrainingConfig) -> Result<(), Error> {
    let wrong = |key, found: &str, allowed: &str| {
        Err(Error::Config { key, found: found.into(), allowed: allowed.into() })
    };
    if !model.process().is_continuous() {
        return Ok(());
    }
    if matches!(config.objective.levels, LevelSampling::Importance { .. }) {
        let allowed = "another kind if model.schedule is continuous, because importance is estimated for each discrete level";
        return wrong("training.objective.levels", "importance", allowed);
    }
    match config.objective.loss {
        Loss::Squared => Ok(()),
        Loss::Vlb | Loss::Hybrid => wrong(
            "training.objective.loss",
            "a part of the bound",
            "squared if model.schedule is continuous, because the bound is a sum over the levels of a discrete process",
        ),
    }
}

/// Checks that the loss fits the variance: a variational loss needs a predicted or fixed variance, and a predicted variance needs a loss
/// that depends on it.
fn check_variance(model: &Model, config: &TrainingConfig) -> Result<(), Error> {
    let learns = model.variance() != VariancePrediction::None;
    let takes_fixed =
        matches!(model.sampling().variance, ReverseVariance::FixedSmall | ReverseVariance::FixedLarge);
    let wrong = |found: &str, allowed: &str| {
        let (found, allowed) = (found.into(), allowed.into());
        Err(Error::Config { key: "training.objective.loss", found, allowed })
    };
    match (config.objective.loss, learns) {
        (Loss::Squared, true) => wrong(
            "squared",
            "hybrid or vlb if model.variance is \"range\" or \"log\", because the squared error does not depend on the variance",
        ),
        (Loss::Hybrid, false) => wrong(
            "hybrid",
            "squared or vlb unless model.variance is \"range\" or \"log\", because hybrid trains the predicted variance",
        ),
        (Loss::Vlb, false) if !takes_fixed => wrong(
            "vlb",
            "squared unless sampling.variance is fixed_small or fixed_large, because the model predicts no variance",
        ),
        (Loss::Squared, _) => Ok(()),
        _ => check_levels(model),
    }
}

/// Checks that x̂_0 and a reverse step, which the bound needs, exist at every level. It suffices to check the first and the last level.
fn check_levels(model: &Model) -> Result<(), Error> {
    let process = model.process();
    for time in [1, process.steps()] {
        let reading = model.check_reading(process.level(time)).map_err(|error| error.to_string());
        let step =
            ReverseStep::trained(process, time, FirstVariance::default()).map_err(|error| error.to_string());
        if let Err(reason) = reading.and(step.map(|_| ())) {
            return Err(Error::Config {
                key: "training.objective.loss",
                found: "a part of the bound".into(),
                allowed: format!("squared for this model, because at the level t = {time} {reason}"),
            });
        }
    }
    Ok(())
}
