//! One step of training.

use crate::common::{batches, config, model, step, trainer, weights};
use tch::Device;
use tweedie_math::Parameterization;
use tweedie_math::random::Purpose;
use tweedie_models::{Condition, Model};
use tweedie_samplers::{Denoiser, Levels};
use tweedie_torch::Precision;
use tweedie_training::{Error, OptimizerConfig, Trainer, TrainingConfig, noise_tensor};

#[test]
fn equal_seeds_train_equally_and_others_do_not() {
    let run = |seed: u64| {
        let mut trainer = trainer(TrainingConfig { seed, ..config() });
        let losses: Vec<f64> =
            batches(8, 4).iter().map(|batch| step(&mut trainer, batch).unwrap().loss).collect();
        (losses, weights(trainer.model()))
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1).0, run(2).0);
}

/// A batch in parts is the same batch: same noise, same levels, gradients added. f32 sums in another order.
#[test]
fn accumulation_changes_only_rounding() {
    let run = |accumulate: usize| {
        let mut trainer = trainer(TrainingConfig { accumulate, ..config() });
        let reports: Vec<_> = batches(8, 3).iter().map(|batch| step(&mut trainer, batch).unwrap()).collect();
        reports
    };
    for (whole, parts) in run(1).iter().zip(run(4)) {
        assert!((whole.loss - parts.loss).abs() < 1e-5 * whole.loss);
        assert!((whole.gradient_norm - parts.gradient_norm).abs() < 1e-4 * whole.gradient_norm);
    }
}

#[test]
fn dropout_is_the_same_for_the_same_seed() {
    let run = || {
        let mut network = crate::common::network();
        network.dropout = 0.3;
        let description = crate::common::description(Parameterization::Epsilon);
        let model = Model::new(&network, description, Device::Cpu, 0).unwrap();
        let mut trainer = Trainer::new(model, config(), Precision::F32).unwrap();
        batches(8, 3).iter().map(|batch| step(&mut trainer, batch).unwrap().loss).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}

#[test]
fn training_learns() {
    for precision in [Precision::F32, Precision::Bf16] {
        let fast = OptimizerConfig { learning_rate: 3e-3, warmup: 0, ..OptimizerConfig::default() };
        let wide = TrainingConfig { images: 1 << 20, optimizer: fast, ..config() };
        let mut trainer = Trainer::new(model(Parameterization::Epsilon), wide, precision).unwrap();
        let losses: Vec<f64> =
            batches(8, 120).iter().map(|batch| step(&mut trainer, batch).unwrap().loss).collect();
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        let (first, last) = (mean(&losses[..10]), mean(&losses[110..]));
        assert!(last < 0.7 * first, "{precision:?}: {first} to {last}");
    }
}

/// Neither weights nor counts change, and the next good step continues from them.
#[test]
fn a_step_that_is_no_number_changes_nothing() {
    let mut trainer = trainer(config());
    let batch = &batches(8, 1)[0];
    step(&mut trainer, batch).unwrap();
    let parameter = trainer.model().network().parameters().get("conv_in.bias").unwrap().shallow_clone();
    let old = tch::no_grad(|| parameter.detach().copy());
    let _ = tch::no_grad(|| parameter.get(0).fill_(f64::NAN));
    let before = weights(trainer.model());
    let report = step(&mut trainer, batch).unwrap();
    assert!(report.loss.is_nan());
    let after = weights(trainer.model());
    assert!(before.iter().zip(&after).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())));
    assert_eq!(trainer.images(), 8);
    tch::no_grad(|| parameter.shallow_clone().copy_(&old));
    assert!(step(&mut trainer, batch).unwrap().loss.is_finite());
}

#[test]
fn wrong_numbers_are_named() {
    let refused = |change: &dyn Fn(&mut TrainingConfig)| {
        let mut config = config();
        change(&mut config);
        match Trainer::new(model(Parameterization::Epsilon), config, Precision::F32) {
            Err(Error::Config { key, .. }) => key,
            other => panic!("not refused: {:?}", other.map(|_| ())),
        }
    };
    assert_eq!(refused(&|c| c.batch = 0), "training.batch");
    assert_eq!(refused(&|c| c.accumulate = 3), "training.accumulate");
    assert_eq!(refused(&|c| c.report.tick = 0), "training.report.tick");
    assert_eq!(refused(&|c| c.optimizer.learning_rate = f64::NAN), "training.optimizer.learning_rate");
    assert_eq!(refused(&|c| c.optimizer.beta2 = 1.0), "training.optimizer.beta2");
    assert_eq!(refused(&|c| c.ema_half_life = -1.0), "training.ema_half_life");
    assert_eq!(refused(&|c| c.objective.max_weight = 0.0), "training.objective.max_weight");
}

/// Weights are packed for inference once, and training changes them behind the tensors of the network: by updates of the flat tensor and
/// by the exchange with the average.
#[test]
fn samples_between_updates_are_of_the_present_weights() {
    let mut trainer = trainer(TrainingConfig { ema_half_life: 1e5, ema_ramp: 1e5, ..config() });
    let x = noise_tensor(Purpose::START, 0, 0, &[2, 3, 16, 16], Device::Cpu).unwrap();
    let level = trainer.model().process().level(50);
    let estimate = |model: &Model| {
        let _no_gradient = tch::no_grad_guard();
        model.given(Condition::none()).denoise(&x, Levels::Same(level)).unwrap().x0
    };
    let fresh = |model: &Model| {
        let copy = crate::common::model(Parameterization::Epsilon);
        let _no_gradient = tch::no_grad_guard();
        for (to, from) in copy.parameters().zip(model.parameters()) {
            to.tensor.shallow_clone().copy_(&from.tensor);
        }
        estimate(&copy)
    };
    let mut seen = vec![estimate(trainer.model())];
    for examples in batches(8, 2) {
        step(&mut trainer, &examples).unwrap();
        seen.push(estimate(trainer.model()));
        assert!(seen[seen.len() - 1].equal(&fresh(trainer.model())), "raw weights");
        let (average, expected) = trainer.with_ema(|model| Ok((estimate(model), fresh(model)))).unwrap();
        assert!(average.equal(&expected), "averaged weights");
        seen.push(average);
        assert!(estimate(trainer.model()).equal(&seen[seen.len() - 2]), "raw weights again");
    }
    // The half-life is so long that the average stays near the start; no two of the weights are the same.
    for (i, one) in seen.iter().enumerate() {
        assert!(seen[..i].iter().all(|other| !other.equal(one)), "estimate {i} is that of other weights");
    }
}
