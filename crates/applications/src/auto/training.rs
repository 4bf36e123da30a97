//! The mode of a training.

use super::{Auto, Case, Chosen, fastest, named, numbers_of_replicas, unmeasured};
use crate::Error;
use std::path::Path;
use tweedie_data::{Batch, Dataset, Example, Values};
use tweedie_networks::Registry;
use tweedie_torch::{Precision, PrecisionChoice};
use tweedie_training::{Environment, Layout, Learner, Mode, Replicas, Trainer, TrainingConfig};

/// A trainer and the reason for its mode. What the configuration leaves open is that of the resumed run `before`, or is chosen as `auto`
/// demands.
///
/// # Errors
/// Errors of the configuration, of the data and of the computation of a step.
pub(crate) fn trainer_of<L: Learner>(
    learner: L,
    config: TrainingConfig,
    data: &dyn Dataset,
    before: Option<&Environment>,
    auto: &Auto,
) -> Result<(Trainer<L>, String), Error> {
    let device = learner.backbone().device();
    let (requested, replicas): (PrecisionChoice, _) = (config.precision.parse()?, config.replicas);
    let (precision, reason) = requested.resolve(device);
    let is_open = Open {
        precision: requested == PrecisionChoice::Auto,
        layout: config.layout == Layout::Auto && data.shape().as_image().is_some(),
    };
    let mut trainer = Trainer::new(learner, config, precision)?;
    if let Some(before) = before {
        let reason = if is_open.precision { "as before".into() } else { reason };
        continue_as(before, &mut trainer, &is_open)?;
        return Ok((trainer, reason));
    }
    let Auto::Measured { file } = auto else {
        trainer.set_replicas(&Registry::default(), replicas.number())?;
        return Ok((trainer, reason));
    };
    let reason = choose_mode(&mut trainer, data, file, &is_open)?.unwrap_or(reason);
    let of_replicas = choose_replicas(&mut trainer, data, file)?;
    let reasons = std::iter::once(reason).chain(of_replicas).collect::<Vec<_>>();
    Ok((trainer, reasons.join("; ")))
}

/// Sets what is open to that of the run that is resumed.
fn continue_as<L: Learner>(
    before: &Environment,
    trainer: &mut Trainer<L>,
    is_open: &Open,
) -> Result<(), Error> {
    let mut mode = trainer.mode();
    if is_open.precision {
        let before: PrecisionChoice = before.precision.parse()?;
        mode.precision = before.resolve(trainer.model().backbone().device()).0;
    }
    if is_open.layout {
        mode.channels_last = before.memory_layout == "NHWC";
    }
    trainer.set_mode(mode);
    let replicas = match trainer.config().replicas {
        Replicas::Auto => before.replicas,
        Replicas::Number(n) => n,
    };
    Ok(trainer.set_replicas(&Registry::default(), replicas)?)
}

/// Sets the fastest mode and returns the reason, if there is a choice.
fn choose_mode<L: Learner>(
    trainer: &mut Trainer<L>,
    data: &dyn Dataset,
    file: &Path,
    is_open: &Open,
) -> Result<Option<String>, Error> {
    let rule = trainer.mode();
    let modes = is_open.modes(rule);
    if modes.len() == 1 {
        return Ok(None);
    }
    let names = modes.iter().map(ToString::to_string).collect();
    let chosen = measured(trainer, data, file, "training", names, &|trainer, i| {
        trainer.set_mode(modes[i]);
        Ok(())
    })?;
    trainer.set_mode(chosen.as_ref().map_or(rule, |chosen| modes[chosen.index]));
    Ok(Some(chosen.map_or_else(unmeasured, |chosen| chosen.reason)))
}

/// Sets the fastest number of replicas and returns the reason, if there is a choice.
fn choose_replicas<L: Learner>(
    trainer: &mut Trainer<L>,
    data: &dyn Dataset,
    file: &Path,
) -> Result<Option<String>, Error> {
    let registry = Registry::default();
    let numbers = match trainer.config().replicas {
        Replicas::Auto if trainer.obstacle_to_replicas().is_none() => {
            numbers_of_replicas(micro_batch(trainer))
        }
        replicas => vec![replicas.number()],
    };
    let mut chosen = None;
    if numbers.len() > 1 {
        let names = numbers.iter().map(|&n| named(n)).collect();
        let work = format!("training in {} by replicas", trainer.mode());
        chosen = measured(trainer, data, file, &work, names, &|trainer, i| {
            if trainer.replicas() != numbers[i] {
                trainer.set_replicas(&registry, numbers[i])?;
            }
            Ok(())
        })?;
    }
    trainer.set_replicas(&registry, numbers[chosen.as_ref().map_or(0, |chosen| chosen.index)])?;
    Ok(chosen.map(|chosen| chosen.reason))
}

/// The number of examples that are computed at once.
fn micro_batch<L: Learner>(trainer: &Trainer<L>) -> usize {
    trainer.config().batch / trainer.config().accumulate.max(1)
}

/// A function that sets one of several ways to compute the steps of a trainer.
type Prepare<'a, L> = dyn Fn(&mut Trainer<L>, usize) -> Result<(), Error> + 'a;

/// The fastest of several ways to compute the steps of a trainer. `prepare` sets one of them.
fn measured<L: Learner>(
    trainer: &mut Trainer<L>,
    data: &dyn Dataset,
    file: &Path,
    work: &str,
    names: Vec<String>,
    prepare: &Prepare<'_, L>,
) -> Result<Option<Chosen>, Error> {
    let recomputed = if trainer.config().gradient_checkpointing { " with recomputed layers" } else { "" };
    let work = format!("{work}{recomputed}");
    let network = trainer.model().backbone().network();
    let case = Case::of(&work, network, data.shape().sides(), micro_batch(trainer), names);
    let example = data.get(0)?;
    fastest(file, &case, |i, n| {
        prepare(trainer, i)?;
        let batch = trainer.prepare(repeated(&example, n, data))?;
        Ok(trainer.rehearse(&batch)?)
    })
}

/// What a configuration leaves open.
struct Open {
    precision: bool,
    layout: bool,
}

impl Open {
    /// The modes to choose from. More exact ones come first, and then the memory order of the rule.
    fn modes(&self, rule: Mode) -> Vec<Mode> {
        let precisions =
            if self.precision { vec![Precision::F32, Precision::Bf16] } else { vec![rule.precision] };
        let orders = if self.layout {
            vec![rule.channels_last, !rule.channels_last]
        } else {
            vec![rule.channels_last]
        };
        let modes = |precision| orders.iter().map(move |&channels_last| Mode { precision, channels_last });
        precisions.into_iter().flat_map(modes).collect()
    }
}

/// A batch of copies of an example.
fn repeated(example: &Example, n: usize, data: &dyn Dataset) -> Batch {
    let values = match &example.values {
        Values::Bytes(values) => Values::Bytes(values.repeat(n)),
        Values::Floats(values) => Values::Floats(values.repeat(n)),
    };
    Batch { values, labels: example.label.map(|label| vec![label; n]), n, shape: data.shape(), first: 0 }
}

#[cfg(test)]
mod tests {
    use super::Open;
    use tweedie_torch::Precision::{Bf16, F32};
    use tweedie_training::Mode;

    #[test]
    fn only_what_is_open_is_chosen() {
        let rule = Mode { precision: Bf16, channels_last: true };
        let names = |precision, layout| {
            Open { precision, layout }.modes(rule).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(names(false, false), ["bf16 NHWC"]);
        assert_eq!(names(true, false), ["f32 NHWC", "bf16 NHWC"]);
        assert_eq!(names(false, true), ["bf16 NHWC", "bf16 NCHW"]);
        assert_eq!(names(true, true), ["f32 NHWC", "f32 NCHW", "bf16 NHWC", "bf16 NCHW"]);
        assert_eq!(
            Open { precision: true, layout: true }.modes(rule)[0],
            Mode { precision: F32, channels_last: true }
        );
    }
}
