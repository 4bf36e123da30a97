//! The mode of a training.

use super::{Auto, Case, Chosen, fastest, unmeasured};
use crate::Error;
use std::path::Path;
use tweedie_data::{Batch, Dataset, Example, Values};
use tweedie_torch::{Precision, PrecisionChoice};
use tweedie_training::{Environment, Layout, Learner, Mode, Trainer, TrainingConfig};

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
    let requested: PrecisionChoice = config.precision.parse()?;
    let is_open = Open {
        precision: requested == PrecisionChoice::Auto,
        layout: config.layout == Layout::Auto && data.shape().as_image().is_some(),
    };
    let (precision, mut reason) = requested.resolve(device);
    let mut trainer = Trainer::new(learner, config, precision)?;
    if let Some(before) = before {
        let mut mode = trainer.mode();
        if is_open.precision {
            mode.precision = before.precision.parse::<PrecisionChoice>()?.resolve(device).0;
            reason = "as before".into();
        }
        if is_open.layout {
            mode.channels_last = before.memory_layout == "NHWC";
        }
        trainer.set_mode(mode);
        return Ok((trainer, reason));
    }
    let rule = trainer.mode();
    let modes = is_open.modes(rule);
    if let (Auto::Measured { file }, [_, _, ..]) = (auto, modes.as_slice()) {
        let chosen = measured(&mut trainer, data, &modes, file)?;
        trainer.set_mode(chosen.as_ref().map_or(rule, |chosen| modes[chosen.index]));
        reason = chosen.map_or_else(|| unmeasured(&reason), |chosen| chosen.reason);
    }
    Ok((trainer, reason))
}

/// The fastest mode of a trainer.
fn measured<L: Learner>(
    trainer: &mut Trainer<L>,
    data: &dyn Dataset,
    modes: &[Mode],
    file: &Path,
) -> Result<Option<Chosen>, Error> {
    let config = trainer.config();
    let work = if config.gradient_checkpointing { "training with recomputed layers" } else { "training" };
    let micro = config.batch / config.accumulate.max(1);
    let names = modes.iter().map(ToString::to_string).collect();
    let case = Case::of(work, trainer.model().backbone().network(), data.shape().sides(), micro, names);
    let example = data.get(0)?;
    fastest(file, &case, |mode, n| {
        trainer.set_mode(modes[mode]);
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
