//! The loss of a classifier is the cross entropy of its logits at the levels of a batch.

use crate::classifier::{classifier, config};
use crate::common::batches;
use tch::{Device, Tensor};
use tweedie_data::Values;
use tweedie_math::random::Purpose;
use tweedie_models::{Classifier, Condition, from_pixels};
use tweedie_networks::Input;
use tweedie_torch::Precision;
use tweedie_training::{DrawnLevel, Examination, Learner, Trainer, TrainingBatch, noise_tensor};

/// What a classifier finds must be the cross entropy of its logits at the levels of a batch, example by example.
fn assert_cross_entropy(classifier: &Classifier, found: &Examination, batch: &TrainingBatch) {
    let pass = classifier.pass();
    let right = Vec::<bool>::try_from(found.right.as_ref().unwrap()).unwrap();
    let labels = batch.condition.classes.as_ref().unwrap();
    assert_eq!(found.losses.size(), [labels.len() as i64]);
    for (i, (drawn, &label)) in batch.levels.iter().zip(labels).enumerate() {
        let (level, row) = (drawn.level, i as i64);
        let x_t = batch.x0.narrow(0, row, 1) * level.signal_rate()
            + batch.eps.narrow(0, row, 1) * level.noise_rate();
        let number = Tensor::from_slice(&[drawn.time.unwrap() as f32 - 1.0]);
        let nothing = tweedie_networks::Condition::default();
        let logits = classifier.network().forward(&Input::new(&x_t, &number, &nothing), &pass).unwrap();
        let expected = logits.cross_entropy_for_logits(&Tensor::from_slice(&[label]));
        assert!((found.losses.double_value(&[row]) - expected.double_value(&[])).abs() < 1e-5);
        assert_eq!(right[i], logits.argmax(1, false).int64_value(&[0]) == label);
    }
}

#[test]
fn the_loss_is_the_cross_entropy_at_the_drawn_levels() {
    let trainer = Trainer::new(classifier(0.0), config(), Precision::F32).unwrap();
    let classifier = trainer.model();
    let noised = trainer.prepare(batches(16, 1).remove(0)).unwrap();
    let batch = noised.part(classifier.backbone(), 0..16, |_, _| panic!("levels were drawn")).unwrap();
    let found = classifier.examine(&noised, 0..16, &None, &config().objective, &classifier.pass()).unwrap();
    assert_cross_entropy(classifier, &found, &batch);
}

/// Held-out examples are examined at the given times, both ends of the process among them.
#[test]
fn the_held_out_loss_is_the_cross_entropy_at_the_given_times() {
    let (classifier, times) = (classifier(0.0), [1, 20, 60, 100]);
    let mut examples = batches(4, 1).remove(0);
    let (range, size) = (classifier.about().range, [4, 3, 16, 16]);
    let Values::Bytes(bytes) = &examples.values else { panic!("they are images") };
    let labels = examples.labels.as_ref().unwrap().iter().map(|&label| i64::from(label)).collect();
    let batch = TrainingBatch {
        x0: from_pixels(bytes, &size, range, Device::Cpu).unwrap(),
        eps: noise_tensor(Purpose::EVALUATE, 0, 0, &size, Device::Cpu).unwrap(),
        levels: times.map(|time| DrawnLevel::trained(classifier.process(), time)).to_vec(),
        condition: Condition::classes(labels),
    };
    let found = classifier.examine_held_out(&examples, &times, &config()).unwrap();
    assert_cross_entropy(&classifier, &found, &batch);
    examples.labels = None;
    let refused = classifier.examine_held_out(&examples, &times, &config()).unwrap_err().to_string();
    assert!(refused.contains("no classes"), "{refused}");
}
