//! The loss on pictures that are not trained on, by level: the training loss hides where a model is weak.

use crate::objective::noise_for;
use crate::{Accuracy, DrawnTime, Error, HeldOut, HeldOutBin, Learner, Trainer, TrainingBatch};
use tch::{Kind, Tensor};
use tweedie_data::Dataset;
use tweedie_math::random::{Key, Purpose, Stream};

/// Bins of levels, each of as many trained levels.
const BINS: usize = 8;

/// What stands for an infinite log-SNR, that of pure noise, in a log of numbers.
const EXTREME: f64 = 100.0;

/// Pictures computed at once.
const AT_ONCE: usize = 64;

/// Measures the weights and their moving average on the first `n` held-out pictures (at least one per bin), with the same
/// noise and levels every time: picture i at a level of bin i mod 8, every trained level being equally likely.
///
/// # Errors
/// What the data or the network reports.
pub(crate) fn held_out_loss<L: Learner>(
    trainer: &mut Trainer<L>,
    data: &dyn Dataset,
    n: usize,
) -> Result<HeldOut, Error> {
    let steps = trainer.model().process().steps();
    let n_bins = BINS.min(steps);
    let n = n.max(n_bins);
    // From the noisiest: bin b holds the times between two of these.
    let edge = |b: usize| steps - b * steps / n_bins;
    let seed = trainer.config().seed;
    let time = |i: usize| {
        let (high, low) = (edge(i % n_bins), edge(i % n_bins + 1));
        let key = Key { seed, image: i as u64, purpose: Purpose::EVALUATE, visit: 1, draw: 0 };
        low + 1 + Stream::new(key).below((high - low) as u64) as usize
    };
    let times: Vec<usize> = (0..n).map(time).collect();
    let raw = measure(trainer, data, &times)?;
    let averaged = trainer.averaged(|trainer| measure(trainer, data, &times))?;

    let mean_of = |values: &[f64], bin: Option<usize>| {
        let chosen: Vec<f64> = values
            .iter()
            .enumerate()
            .filter(|(i, _)| bin.is_none_or(|b| i % n_bins == b))
            .map(|(_, value)| *value)
            .collect();
        chosen.iter().sum::<f64>() / chosen.len() as f64
    };
    let accuracy = |bin: Option<usize>| {
        let (raw, averaged) = (raw.right.as_deref()?, averaged.right.as_deref()?);
        Some(Accuracy { raw: mean_of(raw, bin), averaged: mean_of(averaged, bin) })
    };
    let process = trainer.model().process();
    let log_snr = |time| process.level(time).log_snr().clamp(-EXTREME, EXTREME);
    let bins = (0..n_bins).map(|b| HeldOutBin {
        log_snr: [log_snr(edge(b)), log_snr(edge(b + 1) + 1)],
        raw: mean_of(&raw.losses, Some(b)),
        averaged: mean_of(&averaged.losses, Some(b)),
        accuracy: accuracy(Some(b)),
    });
    Ok(HeldOut {
        raw: mean_of(&raw.losses, None),
        averaged: mean_of(&averaged.losses, None),
        accuracy: accuracy(None),
        bins: bins.collect(),
    })
}

/// What was measured of each example.
struct Measured {
    losses: Vec<f64>,
    /// 1 where a classifier was right, 0 where it was not.
    right: Option<Vec<f64>>,
}

/// Of each example, with the weights that the model has now.
fn measure<L: Learner>(trainer: &Trainer<L>, data: &dyn Dataset, times: &[usize]) -> Result<Measured, Error> {
    let _no_gradient = tch::no_grad_guard();
    let shape = data.shape().as_array().map(|side| side as i64);
    let (model, seed) = (trainer.model(), trainer.config().seed);
    let mut all = Measured { losses: Vec::new(), right: None };
    for first in (0..times.len()).step_by(AT_ONCE) {
        let n = AT_ONCE.min(times.len() - first);
        let index = |i: usize| data.len().map_or((first + i) as u64, |len| (first + i) as u64 % len);
        let examples = (0..n).map(|i| data.get(index(i))).collect::<Result<Vec<_>, _>>()?;
        let labels: Option<Vec<u32>> = examples.iter().map(|example| example.label).collect();
        let class = trainer.condition(labels.as_deref(), None)?;
        let pictures = examples.into_iter().map(|example| trainer.clean(&example.values, 0, 1, shape));
        let x0 = Tensor::f_cat(&pictures.collect::<Result<Vec<_>, _>>()?, 0)?;
        let eps = noise_for(Purpose::EVALUATE, seed, first as u64, n, shape, trainer.device())?;
        let times = times[first..first + n].iter().copied().map(DrawnTime::from).collect();
        let batch = TrainingBatch { x0, eps, times, class };
        let found = model.examine(&batch, &trainer.config().objective, &model.pass())?;
        let numbers = |of: &Tensor| -> Result<Vec<f64>, Error> {
            Ok(Vec::<f64>::try_from(of.f_to_kind(Kind::Double)?)?)
        };
        all.losses.extend(numbers(&found.losses)?);
        if let Some(right) = &found.right {
            all.right.get_or_insert_default().extend(numbers(right)?);
        }
    }
    Ok(all)
}
