//! A denoiser learns by a squared error, by the variational bound, or by both.

use super::{Examination, Labels, Learner};
use crate::{Error, Loss, Objective, ObjectiveKind, TrainingBatch, TrainingConfig, example_losses};
use tweedie_math::{DiscreteProcess, FirstVariance, ReverseStep};
use tweedie_models::sampling::Variance;
use tweedie_models::{DataRange, LearnedVariance, Model, Snapshot, Standardization, TrainingSummary};
use tweedie_networks::{Parameters, Pass};

impl Learner for Model {
    fn parameters(&self) -> &Parameters {
        self.network().parameters()
    }

    fn dropout(&self) -> f64 {
        self.network().config().dropout
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
        match self.network().config().num_class_embeds {
            Some(_) => Labels::Told { null_class: self.description().null_class },
            None => Labels::Unused,
        }
    }

    fn check(&self, config: &TrainingConfig) -> Result<(), Error> {
        if config.objective.kind != ObjectiveKind::Denoiser {
            let (found, allowed) = ("classifier".into(), "denoiser where a denoiser is trained".into());
            return Err(Error::Config { key: "training.objective.kind", found, allowed });
        }
        check_variance(self, config)
    }

    fn examine(
        &self,
        batch: &TrainingBatch,
        objective: &Objective,
        pass: &Pass,
    ) -> Result<Examination, Error> {
        Ok(Examination { losses: example_losses(self, batch, objective, pass)?, right: None })
    }

    fn set_summary(&mut self, summary: TrainingSummary) {
        self.description_mut().training = Some(summary);
    }

    fn snapshot(&self) -> Result<Snapshot, Error> {
        Ok(Self::snapshot(self)?)
    }

    fn denoiser(&self) -> Option<&Model> {
        Some(self)
    }
}

/// A variational loss needs a variance: the network's, or a fixed one; a learned one needs a loss that it enters.
fn check_variance(model: &Model, config: &TrainingConfig) -> Result<(), Error> {
    let learns = model.description().variance != LearnedVariance::None;
    let takes_fixed =
        matches!(model.description().sampling.variance, Variance::FixedSmall | Variance::FixedLarge);
    let wrong = |found: &str, allowed: &str| {
        let (found, allowed) = (found.into(), allowed.into());
        Err(Error::Config { key: "training.objective.loss", found, allowed })
    };
    match (config.objective.loss, learns) {
        (Loss::Squared, true) => wrong(
            "squared",
            "hybrid or vlb where model.variance is learned: the squared error says nothing of a variance",
        ),
        (Loss::Hybrid, false) => wrong(
            "hybrid",
            "squared or vlb unless model.variance is \"range\" or \"log\", which hybrid teaches",
        ),
        (Loss::Vlb, false) if !takes_fixed => {
            wrong("vlb", "squared, or sampling.variance fixed_small or fixed_large: no variance is learned")
        }
        (Loss::Squared, _) => Ok(()),
        _ => check_levels(model),
    }
}

/// The bound asks for x̂_0 and a reverse step at every level: those at both ends say whether there is one.
fn check_levels(model: &Model) -> Result<(), Error> {
    let process = model.process();
    for time in [1, process.steps()] {
        let said = model.check_reading(process.level(time)).map_err(|error| error.to_string());
        let step =
            ReverseStep::trained(process, time, FirstVariance::default()).map_err(|error| error.to_string());
        if let Err(reason) = said.and(step.map(|_| ())) {
            return Err(Error::Config {
                key: "training.objective.loss",
                found: "a part of the bound".into(),
                allowed: format!("squared with this model: at its level t = {time} {reason}"),
            });
        }
    }
    Ok(())
}
