//! Replicas compute the gradient of the whole batch.

use crate::classifier::classifier;
use crate::common::{batches, config, description, model, network, step, trainer, weights};
use tch::Device;
use tweedie_math::Parameterization;
use tweedie_models::Model;
use tweedie_networks::Registry;
use tweedie_torch::Precision;
use tweedie_training::{Environment, Learner, Objective, ObjectiveKind, Trainer, TrainingConfig};

fn replicate<L: Learner>(trainer: &mut Trainer<L>, n: usize) {
    trainer.set_replicas(&Registry::default(), n).unwrap();
    assert_eq!(trainer.replicas(), n);
}

/// The weights and the losses after steps with some number of replicas.
fn trained<L: Learner>(mut trainer: Trainer<L>, n: usize, batch: usize) -> (Vec<f32>, Vec<f64>) {
    replicate(&mut trainer, n);
    let losses = batches(batch, 3).into_iter().map(|examples| step(&mut trainer, &examples).unwrap().loss);
    let losses = losses.collect();
    (weights(trainer.model()), losses)
}

/// The greatest difference of two lists, relative to the root mean square of the first.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    let square: f32 = a.iter().map(|value| value * value).sum::<f32>() / a.len() as f32;
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / square.sqrt()
}

/// SGD without momentum would show the gradient itself; AdamW divides it by its root mean square, and ε of about the size of the gradients keeps
/// rounding errors of tiny gradients from being magnified.
fn smooth() -> TrainingConfig {
    let mut config = config();
    config.optimizer.eps = 1e-2;
    config
}

#[test]
fn the_sum_of_the_parts_is_the_whole() {
    for (batch, accumulate) in [(8, 1), (8, 2), (7, 1), (2, 1), (1, 1)] {
        let config = || TrainingConfig { batch, accumulate, ..smooth() };
        let (alone, losses) = trained(trainer(config()), 1, batch);
        for n in [2, 3] {
            let (divided, of_parts) = trained(trainer(config()), n, batch);
            // The order of sums differs, by about the precision of f32.
            assert!(
                distance(&alone, &divided) < 1e-5,
                "{n} replicas, batch {batch}: {}",
                distance(&alone, &divided)
            );
            for (loss, of_parts) in losses.iter().zip(of_parts) {
                assert!((loss - of_parts).abs() < 1e-5 * loss.abs(), "{loss} and {of_parts}");
            }
        }
    }
}

/// The order in which threads finish changes no bit.
#[test]
fn the_result_is_the_same_each_time() {
    let first = trained(trainer(config()), 3, 8);
    for _ in 0..3 {
        assert!(trained(trainer(config()), 3, 8) == first);
    }
    assert!(
        first.0 != trained(trainer(config()), 1, 8).0,
        "the weights do not depend on the replicas at all"
    );
}

#[test]
fn classifiers_have_replicas() {
    let objective = Objective { kind: ObjectiveKind::Classifier, ..Objective::default() };
    let of = |n| {
        let config = TrainingConfig { objective: objective.clone(), ..smooth() };
        trained(Trainer::new(classifier(0.0), config, Precision::F32).unwrap(), n, 8).0
    };
    assert!(distance(&of(1), &of(2)) < 1e-5);
}

/// After a failed step the gradients of a replica do not remain for the next step.
#[test]
fn a_failed_step_leaves_nothing_behind() {
    let mut subject = trainer(smooth());
    replicate(&mut subject, 2);
    let examples = batches(8, 2);
    let mut broken = trainer(smooth());
    replicate(&mut broken, 2);
    let mut wrong = examples[0].clone();
    wrong.shape = tweedie_math::DataShape::image(3, 1, 256);
    assert!(step(&mut broken, &wrong).is_err());
    for trainer in [&mut subject, &mut broken] {
        step(trainer, &examples[1]).unwrap();
    }
    assert!(weights(subject.model()) == weights(broken.model()));
}

#[test]
fn what_cannot_be_replicated_is_refused() {
    let mut dropout = network();
    dropout.dropout = 0.1;
    let dropout = Model::new(&dropout, description(Parameterization::Epsilon), Device::Cpu, 0).unwrap();
    let mut recomputed = config();
    recomputed.gradient_checkpointing = true;
    for (learner, config, reason) in [
        (dropout, config(), "for a network with dropout"),
        (model(Parameterization::Epsilon), recomputed, "with training.gradient_checkpointing"),
    ] {
        let mut trainer = Trainer::new(learner, config, Precision::F32).unwrap();
        replicate(&mut trainer, 1);
        let error = trainer.set_replicas(&Registry::default(), 2).unwrap_err().to_string();
        assert_eq!(error, format!("training configuration: training.replicas is 2; it must be 1 {reason}"));
        assert_eq!(trainer.replicas(), 1);
    }
}

/// The number of replicas is a condition of a run.
#[test]
fn a_changed_number_is_named() {
    let mut trainer = trainer(config());
    let before = Environment::of(&trainer);
    replicate(&mut trainer, 2);
    let found = before.differences(&Environment::of(&trainer));
    assert_eq!(found, ["number of replicas was 1 and is 2"]);
}
