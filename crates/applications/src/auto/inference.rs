//! The precision and the replicas of sampling and evaluation.

use super::{Auto, Case, Chosen, fastest, named, numbers_of_replicas, unmeasured};
use crate::Error;
use std::path::Path;
use std::time::Instant;
use tch::{Kind, Tensor};
use tweedie_models::{Call, Condition, Model};
use tweedie_networks::{Pass, Registry};
use tweedie_samplers::Levels;
use tweedie_torch::{Precision, PrecisionChoice, synchronize};
use tweedie_training::Replicas;

/// Sets the pass and the replicas of a model for batches of `batch` examples, and returns the precision and the reasons for what was chosen. A
/// model without a fixed size is not measured.
///
/// # Errors
/// Errors of the network and of its replicas.
pub(crate) fn prepare(
    model: &mut Model,
    requested: PrecisionChoice,
    replicas: Replicas,
    batch: usize,
    auto: &Auto,
) -> Result<(Precision, String), Error> {
    let (mut precision, mut reason) = requested.resolve(model.device());
    let is_measured = batch > 0 && !model.about().data.sides().contains(&0);
    let file = match auto {
        Auto::Measured { file } if is_measured => Some(file),
        _ => None,
    };
    if let (Some(file), PrecisionChoice::Auto) = (file, requested) {
        let all = [Precision::F32, Precision::Bf16];
        let names = all.iter().map(|precision| precision.name().to_string()).collect();
        let chosen = measured(model, file, "evaluation", batch, names, &mut |model, i| {
            model.set_pass(Pass::inference(all[i]));
        })?;
        (precision, reason) = match chosen {
            Some(chosen) => (all[chosen.index], chosen.reason),
            None => (precision, unmeasured()),
        };
    }
    model.set_pass(Pass::inference(precision));
    let numbers = match (replicas, file) {
        (Replicas::Auto, Some(_)) => numbers_of_replicas(batch),
        _ => vec![replicas.number()],
    };
    let new = |&n| tweedie_models::Replicas::new(&Registry::default(), model.network(), n);
    let mut all = numbers.iter().map(new).collect::<Result<Vec<_>, _>>()?;
    let (mut present, mut fastest) = (0, 0);
    model.set_replicas(all[0].take());
    let mut put = |model: &mut Model, i: usize| {
        if i != present {
            all[present] = model.set_replicas(all[i].take());
            present = i;
        }
    };
    if let (Some(file), [_, _, ..]) = (file, numbers.as_slice()) {
        let names = numbers.iter().map(|&n| named(n)).collect();
        let work = format!("evaluation in {} by replicas", precision.name());
        if let Some(chosen) = measured(model, file, &work, batch, names, &mut put)? {
            fastest = chosen.index;
            reason = format!("{reason}; {}", chosen.reason);
        }
    }
    put(model, fastest);
    Ok((precision, reason))
}

/// The fastest of several ways to evaluate a model. `prepare` sets one of them.
fn measured(
    model: &mut Model,
    file: &Path,
    work: &str,
    batch: usize,
    names: Vec<String>,
    prepare: &mut dyn FnMut(&mut Model, usize),
) -> Result<Option<Chosen>, Error> {
    let sides = model.about().data.sides().to_vec();
    let case = Case::of(work, model.network(), &sides, batch, names);
    let _no_gradient = tch::no_grad_guard();
    fastest(file, &case, |i, n| {
        prepare(model, i);
        seconds(model, n)
    })
}

/// The seconds for one evaluation of a model with `n` examples.
fn seconds(model: &Model, n: usize) -> Result<f64, Error> {
    let (accepts, device, about) = (model.network().accepts(), model.device(), model.about());
    let zeros = |channels: i64| {
        let sides = about.data.sides()[1..].iter().map(|&side| side as i64);
        let size: Vec<i64> = [n as i64, channels].into_iter().chain(sides).collect();
        Tensor::f_zeros(size, (Kind::Float, device)).map_err(tweedie_models::Error::from)
    };
    let level = model.process().level(model.process().steps().div_ceil(2));
    let of_image = accepts.channels - about.data.channels() as i64;
    let condition = Condition {
        classes: accepts.class_rows.map(|_| vec![0; n]),
        image: (of_image > 0).then(|| zeros(of_image)).transpose()?,
        image_levels: accepts.number.then(|| vec![level; n]),
    };
    let x = zeros(about.data.channels() as i64)?;
    let began = Instant::now();
    let call = Call { condition: &condition, first: 0, pass: model.pass(), network_levels: None };
    let _output = model.output(&x, Levels::Same(level), &call)?;
    synchronize(device);
    Ok(began.elapsed().as_secs_f64())
}
