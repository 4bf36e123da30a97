//! Which losses go with which models.

use crate::{Error, Loss, TrainingConfig};
use tweedie_math::{FirstVariance, ReverseStep};
use tweedie_models::sampling::Variance;
use tweedie_models::{LearnedVariance, Model};

/// A variational loss needs a variance: the network's, or a fixed one; a learned one needs a loss that it enters.
pub(super) fn check_variance(model: &Model, config: &TrainingConfig) -> Result<(), Error> {
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
