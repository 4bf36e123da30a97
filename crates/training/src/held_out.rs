//! The loss on held-out examples, in total and by noise level.

use crate::{Accuracy, Error, HeldOut, HeldOutBin, Learner, Trainer};
use tch::{Kind, Tensor};
use tweedie_data::{Batch, Dataset, Values};
use tweedie_math::random::{Key, Purpose, Stream};

/// Number of bins into which the T levels are divided evenly.
const BINS: usize = 8;

/// The greatest absolute log-SNR that is written to a log, because the log-SNR of pure noise is infinite.
const EXTREME: f64 = 100.0;

/// Number of examples per evaluation of the network.
const AT_ONCE: usize = 64;

/// Measures the loss of the raw and of the averaged weights on the first `n` held-out examples, at least one per bin.
///
/// Noise and levels are the same in every call. Example i has a level of bin i mod 8, and each of the T levels is equally likely.
///
/// # Errors
/// Errors returned by the data set or the network.
pub(crate) fn held_out_loss<L: Learner>(
    trainer: &mut Trainer<L>,
    data: &dyn Dataset,
    n: usize,
) -> Result<HeldOut, Error> {
    let steps = trainer.model().backbone().process().steps();
    let n_bins = BINS.min(steps);
    let n = n.max(n_bins);
    // Bins start with the noisiest: bin b holds the times edge(b + 1) + 1 ..= edge(b).
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
    let process = trainer.model().backbone().process();
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

/// The measurements of each example.
struct Measured {
    losses: Vec<f64>,
    /// For a classifier, 1 for a correct prediction and 0 for a wrong one.
    right: Option<Vec<f64>>,
}

/// Measures each example with the model's current weights.
fn measure<L: Learner>(trainer: &Trainer<L>, data: &dyn Dataset, times: &[usize]) -> Result<Measured, Error> {
    let _no_gradient = tch::no_grad_guard();
    let numbers =
        |of: &Tensor| -> Result<Vec<f64>, Error> { Ok(Vec::<f64>::try_from(of.f_to_kind(Kind::Double)?)?) };
    let mut all = Measured { losses: Vec::new(), right: None };
    for first in (0..times.len()).step_by(AT_ONCE) {
        let times = &times[first..times.len().min(first + AT_ONCE)];
        let examples = batch_of(data, first as u64, times.len())?;
        let found = trainer.model().examine_held_out(&examples, times, trainer.config())?;
        all.losses.extend(numbers(&found.losses)?);
        if let Some(right) = &found.right {
            all.right.get_or_insert_default().extend(numbers(right)?);
        }
    }
    Ok(all)
}

/// The `n` examples from number `first` on. After the last example of the set, the first one follows.
fn batch_of(data: &dyn Dataset, first: u64, n: usize) -> Result<Batch, Error> {
    let index = |i: u64| data.len().map_or(first + i, |len| (first + i) % len);
    let examples = (0..n as u64).map(|i| data.get(index(i))).collect::<Result<Vec<_>, _>>()?;
    let labels = examples.iter().map(|example| example.label).collect();
    let (mut bytes, mut floats) = (Vec::new(), Vec::new());
    for example in examples {
        match example.values {
            Values::Bytes(values) => bytes.extend(values),
            Values::Floats(values) => floats.extend(values),
        }
    }
    let values = if floats.is_empty() { Values::Bytes(bytes) } else { Values::Floats(floats) };
    Ok(Batch { values, labels, n, shape: data.shape(), first })
}
