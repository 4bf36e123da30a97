//! A classifier learns by the cross entropy of its answer at noisy pictures (Dhariwal & Nichol 2021, section 4.1 and appendix H).

use super::{Examination, Labels, Learner};
use crate::{Error, Loss, Objective, ObjectiveKind, TrainingBatch, TrainingConfig};
use tch::{Kind, Tensor};
use tweedie_math::{DiscreteProcess, NoiseLevel};
use tweedie_models::{Classifier, DataRange, Snapshot, Standardization, TrainingSummary};
use tweedie_networks::{ClassCondition, Parameters, Pass};

impl Learner for Classifier {
    fn parameters(&self) -> &Parameters {
        self.network().parameters()
    }

    fn dropout(&self) -> f64 {
        self.network().config().encoder.dropout
    }

    fn process(&self) -> &dyn DiscreteProcess {
        Self::process(self)
    }

    fn pass(&self) -> Pass {
        Self::pass(self)
    }

    fn set_pass(&mut self, pass: Pass) {
        Self::set_pass(self, pass);
    }

    fn clean_data(&self) -> (DataRange, Option<&Standardization>) {
        (self.description().range, self.description().standardization.as_ref())
    }

    fn class_names(&self) -> &[String] {
        &self.description().class_names
    }

    fn labels(&self) -> Labels {
        Labels::Asked { n_classes: self.network().config().n_classes }
    }

    fn check(&self, config: &TrainingConfig) -> Result<(), Error> {
        let wrong = |key, found: &str, allowed: &str| {
            Err(Error::Config { key, found: found.into(), allowed: allowed.into() })
        };
        let objective = &config.objective;
        if objective.kind != ObjectiveKind::Classifier {
            return wrong("training.objective.kind", "denoiser", "classifier where a classifier is trained");
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

    /// −ln p(y | x_t) with x_t = signal·x_0 + noise·ε.
    fn examine(&self, batch: &TrainingBatch, _: &Objective, pass: &Pass) -> Result<Examination, Error> {
        let Some(ClassCondition::Labels(labels)) = &batch.class else { return Err(Error::Unlabelled) };
        let process = Self::process(self);
        let levels: Vec<NoiseLevel> = batch.times.iter().map(|drawn| process.level(drawn.time)).collect();
        let rates = |of: &dyn Fn(&NoiseLevel) -> f64| -> Result<Tensor, Error> {
            let rates: Vec<f32> = levels.iter().map(|level| of(level) as f32).collect();
            Ok(Tensor::f_from_slice(&rates)?.f_reshape([-1, 1, 1, 1])?.f_to_device(batch.x0.device())?)
        };
        let (signal, noise) = (rates(&NoiseLevel::signal_rate)?, rates(&NoiseLevel::noise_rate)?);
        let x_t = signal * &batch.x0 + noise * &batch.eps;
        let log_probabilities = self.log_probabilities_in(pass, &x_t, &levels)?;
        let of_label = log_probabilities.f_gather(1, &labels.f_unsqueeze(1)?, false)?.f_squeeze_dim(1)?;
        let right = log_probabilities.detach().f_argmax(1, false)?.f_eq_tensor(labels)?;
        Ok(Examination { losses: of_label.f_to_kind(Kind::Float)?.f_neg()?, right: Some(right) })
    }

    fn set_summary(&mut self, summary: TrainingSummary) {
        self.description_mut().training = Some(summary);
    }

    fn snapshot(&self) -> Result<Snapshot, Error> {
        Ok(Self::snapshot(self)?)
    }
}

const WITHOUT_LOSS: &str =
    "left out where training.objective.kind is classifier: its loss is the cross entropy";
