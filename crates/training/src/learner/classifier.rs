//! Training of a classifier of noisy images with the cross entropy (Dhariwal & Nichol 2021, section 4.1 and appendix H).

use super::{Examination, Labels, Learner, Preparation};
use crate::{
    Error, Importance, LevelSampling, Loss, NoisedBatch, Noising, Objective, ObjectiveKind, TrainingBatch,
    TrainingConfig, draw_levels,
};
use std::ops::Range;
use std::sync::Arc;
use tch::{Kind, Tensor};
use tweedie_data::Batch;
use tweedie_models::{Backbone, Classifier, Snapshot};
use tweedie_networks::{Pass, Registry};
use tweedie_samplers::Levels;

impl Learner for Classifier {
    type Batch = NoisedBatch;
    type State = Option<Importance>;

    fn backbone(&self) -> &Backbone {
        Self::backbone(self)
    }

    fn backbone_mut(&mut self) -> &mut Backbone {
        Self::backbone_mut(self)
    }

    fn check(&self, config: &TrainingConfig) -> Result<(), Error> {
        let wrong = |key, found: &str, allowed: &str| {
            Err(Error::Config { key, found: found.into(), allowed: allowed.into() })
        };
        let objective = &config.objective;
        if objective.kind != ObjectiveKind::Classifier {
            return wrong("training.objective.kind", "denoiser", "classifier to train a classifier");
        }
        if self.process().is_continuous() && matches!(objective.levels, LevelSampling::Importance { .. }) {
            let allowed = "another kind if model.schedule is continuous, because importance is estimated for each discrete level";
            return wrong("training.objective.levels", "importance", allowed);
        }
        if objective.measured.is_some() {
            return wrong("training.objective.measured", "given", WITHOUT_LOSS);
        }
        if objective.weighting.is_some() {
            return wrong("training.objective.weighting", "given", WITHOUT_LOSS);
        }
        match objective.loss {
            Loss::Squared => Ok(()),
            Loss::Vlb => wrong("training.objective.loss", "vlb", WITHOUT_LOSS),
            Loss::Hybrid => wrong("training.objective.loss", "hybrid", WITHOUT_LOSS),
        }
    }

    fn state(&self, config: &TrainingConfig) -> Self::State {
        Importance::wanted_by(config.objective.levels, self.process())
    }

    fn preparation(&self, config: &TrainingConfig) -> Preparation<NoisedBatch> {
        let labels = Labels::Target { n_classes: self.n_classes() };
        let noising = Noising::new(Self::backbone(self), labels, config);
        Arc::new(move |batch| noising.prepare(batch))
    }

    fn n_examples(batch: &NoisedBatch) -> usize {
        batch.n()
    }

    fn examine(
        &self,
        batch: &NoisedBatch,
        part: Range<usize>,
        state: &Self::State,
        objective: &Objective,
        pass: &Pass,
    ) -> Result<Examination, Error> {
        let seed = batch.seed();
        let draw = |first, n| draw_levels(self.process(), objective.levels, state.as_ref(), seed, first, n);
        examined(self, &batch.part(Self::backbone(self), part, draw)?, *pass)
    }

    fn examine_held_out(
        &self,
        examples: &Batch,
        times: &[usize],
        config: &TrainingConfig,
    ) -> Result<Examination, Error> {
        let labels = Labels::Target { n_classes: self.n_classes() };
        let batch = NoisedBatch::held_out(Self::backbone(self), labels, examples, times, config.seed)?;
        examined(self, &batch, self.pass())
    }

    fn remember(&self, state: &mut Self::State, seen: &[super::Seen]) {
        if let Some(importance) = state {
            importance.remember(seen);
        }
    }

    fn replica(&self, registry: &Registry) -> Result<Option<Self>, Error> {
        Ok(Classifier::replica(self, registry)?)
    }

    fn snapshot(&self) -> Result<Snapshot, Error> {
        Ok(Self::snapshot(self)?)
    }
}

/// The losses −ln p(y | x_t) with x_t = signal·x_0 + noise·ε.
fn examined(classifier: &Classifier, batch: &TrainingBatch, pass: Pass) -> Result<Examination, Error> {
    let Some(classes) = &batch.condition.classes else { return Err(Error::Unlabelled) };
    let labels = Tensor::f_from_slice(classes)?.f_to_device(classifier.device())?;
    let levels = batch.noise_levels();
    let log_probabilities =
        classifier.log_probabilities_in(pass, &batch.noisy()?, Levels::Each(&levels), 0)?;
    let of_label = log_probabilities.f_gather(1, &labels.f_unsqueeze(1)?, false)?.f_squeeze_dim(1)?;
    let right = log_probabilities.detach().f_argmax(1, false)?.f_eq_tensor(&labels)?;
    Ok(Examination {
        losses: of_label.f_to_kind(Kind::Float)?.f_neg()?,
        weights: batch.levels.iter().map(|drawn| drawn.weight).collect(),
        times: batch.levels.iter().map(|drawn| drawn.time).collect(),
        right: Some(right),
    })
}

const WITHOUT_LOSS: &str =
    "absent if training.objective.kind is classifier, because its loss is the cross entropy";
