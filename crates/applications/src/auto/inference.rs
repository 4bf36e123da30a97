//! The precision of sampling and evaluation.

use super::{Auto, Case, fastest, unmeasured};
use crate::Error;
use std::time::Instant;
use tch::{Kind, Tensor};
use tweedie_models::Model;
use tweedie_networks::{Condition, Input, Network, Pass};
use tweedie_torch::{Precision, PrecisionChoice, synchronize};

/// The precision for evaluations of a model with batches of `batch` examples, and the reason for it. A model without a fixed size is not
/// measured.
///
/// # Errors
/// Errors of the network.
pub(crate) fn choose(
    model: &Model,
    requested: PrecisionChoice,
    batch: usize,
    auto: &Auto,
) -> Result<(Precision, String), Error> {
    let (precision, reason) = requested.resolve(model.device());
    let backbone = model.backbone();
    let sides = backbone.about().data.sides();
    let (Auto::Measured { file }, PrecisionChoice::Auto) = (auto, requested) else {
        return Ok((precision, reason));
    };
    if sides.contains(&0) || batch == 0 {
        return Ok((precision, reason));
    }
    let precisions = [Precision::F32, Precision::Bf16];
    let names = precisions.iter().map(|precision| precision.name().to_string()).collect();
    let case = Case::of("evaluation", backbone.network(), sides, batch, names);
    let _no_gradient = tch::no_grad_guard();
    let chosen = fastest(file, &case, |mode, n| seconds(backbone.network(), sides, n, precisions[mode]))?;
    Ok(match chosen {
        Some(chosen) => (precisions[chosen.index], chosen.reason),
        None => (precision, unmeasured(&reason)),
    })
}

/// The seconds for one evaluation of a network with `n` examples.
fn seconds(network: &dyn Network, sides: &[usize], n: usize, precision: Precision) -> Result<f64, Error> {
    let accepts = network.accepts();
    let device = network.parameters().device();
    let n = n as i64;
    let zeros =
        |size: &[i64], kind: Kind| Tensor::f_zeros(size, (kind, device)).map_err(tweedie_models::Error::from);
    let mut size = vec![n, accepts.channels];
    size.extend(sides[1..].iter().map(|&side| side as i64));
    let x = zeros(&size, Kind::Float)?;
    let time = zeros(&[1], Kind::Float)?.expand([n], false);
    let condition = Condition {
        class: accepts.class_rows.map(|_| zeros(&[n], Kind::Int64)).transpose()?,
        number: accepts.number.then(|| zeros(&[n], Kind::Float)).transpose()?,
        vector: accepts.vector.map(|width| zeros(&[n, width], Kind::Float)).transpose()?,
        image: None,
    };
    let began = Instant::now();
    let pass = Pass::inference(precision);
    let _output =
        network.forward(&Input::new(&x, &time, &condition), &pass).map_err(tweedie_models::Error::from)?;
    synchronize(device);
    Ok(began.elapsed().as_secs_f64())
}
