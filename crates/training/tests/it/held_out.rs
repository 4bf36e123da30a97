//! The loss on images that are not trained on.

use crate::common::{config, data, description, environment, go_on_with, model, network, trainer, weights};
use std::sync::Arc;
use tweedie_data::{Dataset, Shapes};
use tweedie_math::{DiscreteVp, Parameterization};
use tweedie_models::Model;
use tweedie_torch::Precision;
use tweedie_training::{HeldOut, OptimizerConfig, ReportConfig, Run, Tick, Trainer, TrainingConfig};

fn measured_every(images: u64, n: usize) -> TrainingConfig {
    let report = ReportConfig {
        tick: 8,
        sheet: 0,
        checkpoint: 0,
        held_out: images,
        held_out_images: n,
        ..ReportConfig::default()
    };
    TrainingConfig { report, images: 32, ..config() }
}

/// Weights that stay where they are.
fn still(config: TrainingConfig) -> TrainingConfig {
    let optimizer = OptimizerConfig { learning_rate: 0.0, ..config.optimizer };
    TrainingConfig { optimizer, ..config }
}

fn other_images() -> Arc<dyn Dataset> {
    Arc::new(Shapes::new(16, 16, 77).unwrap())
}

/// The ticks of a whole run.
fn ticks(trainer: &mut Trainer, held_out: bool) -> Vec<Tick> {
    let place = tempfile::tempdir().unwrap();
    let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
    let mut seen = crate::common::StopAfter::never();
    go_on_with(trainer, &mut run, Default::default(), &mut seen, held_out.then(other_images));
    seen.ticks
}

fn measured(trainer: &mut Trainer) -> Vec<HeldOut> {
    ticks(trainer, true).into_iter().filter_map(|tick| tick.held_out).collect()
}

#[test]
fn weights_that_stay_have_one_loss() {
    let all = measured(&mut trainer(still(measured_every(8, 24))));
    assert_eq!(all.len(), 4);
    assert!(all.iter().all(|it| *it == all[0]));
    // Then the average is the weights themselves, and another seed draws other noise.
    assert_eq!(all[0].raw, all[0].averaged);
    let other = measured(&mut trainer(TrainingConfig { seed: 1, ..still(measured_every(8, 24)) }));
    assert_ne!(other[0].raw, all[0].raw);
}

#[test]
fn it_is_measured_when_it_is_due_and_at_the_end() {
    let at = |every: u64| -> Vec<u64> {
        let ticks = ticks(&mut trainer(still(measured_every(every, 8))), true);
        ticks.iter().filter(|tick| tick.held_out.is_some()).map(|tick| tick.images).collect()
    };
    assert_eq!(at(16), [16, 32]);
    assert_eq!(at(24), [24, 32]);
    assert_eq!(at(1000), [32]);
    assert!(at(0).is_empty());
    assert!(ticks(&mut trainer(still(measured_every(8, 8))), false).iter().all(|it| it.held_out.is_none()));
}

/// A training that is measured is the training that is not, dropout included.
#[test]
fn measuring_changes_nothing() {
    let run = |every: u64| {
        let mut network = network();
        network.dropout = 0.3;
        let model =
            Model::new(&network, description(Parameterization::Epsilon), tch::Device::Cpu, 0).unwrap();
        let mut trainer = Trainer::new(model, measured_every(every, 16), Precision::F32).unwrap();
        let losses: Vec<f64> = ticks(&mut trainer, true).iter().map(|tick| tick.loss).collect();
        let average = trainer.with_ema(|model| Ok(weights(model))).unwrap();
        (losses, weights(trainer.model()), average)
    };
    let (plain, measured) = (run(0), run(8));
    assert!(plain == measured);
    assert_ne!(plain.1, weights(&model(Parameterization::Epsilon)), "it trained");
}

/// Every trained level lies in exactly one bin; bins go from noise to data and hold as many levels, but for one.
#[test]
fn bins_hold_every_level_once() {
    for (steps, expected) in [(100, 8), (64, 8), (1000, 8), (9, 8), (8, 8), (5, 5), (1, 1)] {
        let mut description = description(Parameterization::Epsilon);
        description.about.steps = steps;
        description.sampling.steps = 1;
        let model = Model::new(&network(), description, tch::Device::Cpu, 0).unwrap();
        let config = still(TrainingConfig { images: 8, ..measured_every(8, 1) });
        let mut trainer = Trainer::new(model, config, Precision::F32).unwrap();
        let bins = measured(&mut trainer).remove(0).bins;
        assert_eq!(bins.len(), expected, "{steps} levels");
        let process = DiscreteVp::cosine(steps).unwrap();
        let mut counts = vec![0; bins.len()];
        for time in 1..=steps {
            let log_snr = process.level(time).log_snr();
            let holds = |b: &usize| bins[*b].log_snr[0] <= log_snr && log_snr <= bins[*b].log_snr[1];
            let found: Vec<usize> = (0..bins.len()).filter(holds).collect();
            assert_eq!(found.len(), 1, "time {time} of {steps} is in the bins {found:?}");
            counts[found[0]] += 1;
        }
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(most - least <= 1, "{counts:?}");
        assert_eq!(bins[0].log_snr[0], process.level(steps).log_snr());
        assert!(bins.iter().all(|bin| bin.raw.is_finite() && bin.averaged.is_finite()), "{bins:?}");
    }
}

/// A fresh network predicts 0, so the loss is the mean of ε² over n·768 values: 1 ± √(2/(768·n)), in every bin and at all levels.
#[test]
fn a_fresh_network_pays_one() {
    let found =
        measured(&mut trainer(still(TrainingConfig { images: 8, ..measured_every(8, 160) }))).remove(0);
    let error = |n: f64| (2.0 / (768.0 * n)).sqrt();
    assert!((found.raw - 1.0).abs() < 4.0 * error(160.0), "{found:?}");
    for bin in &found.bins {
        assert!((bin.raw - 1.0).abs() < 4.5 * error(20.0), "{bin:?}");
    }
    let mean = found.bins.iter().map(|bin| bin.raw).sum::<f64>() / 8.0;
    assert!((mean - found.raw).abs() < 1e-12, "bins of 20 images each");
}

/// A small set is gone around, and one that has labels is measured by a model without classes.
#[test]
fn few_images_are_enough() {
    let (_, few) = tweedie_data::split(Arc::new(Few(data())), 0.3).unwrap();
    assert_eq!(few.len(), Some(3));
    let place = tempfile::tempdir().unwrap();
    let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
    let mut seen = crate::common::StopAfter::never();
    let mut trainer = trainer(still(measured_every(8, 20)));
    go_on_with(&mut trainer, &mut run, Default::default(), &mut seen, Some(Arc::new(few)));
    assert!(seen.ticks.iter().all(|tick| tick.held_out.as_ref().unwrap().raw.is_finite()));
}

/// Ten images of a set without end.
struct Few(Arc<dyn Dataset>);

impl Dataset for Few {
    fn name(&self) -> String {
        "few".into()
    }
    fn shape(&self) -> tweedie_math::DataShape {
        self.0.shape()
    }
    fn len(&self) -> Option<u64> {
        Some(10)
    }
    fn class_names(&self) -> Vec<String> {
        self.0.class_names()
    }
    fn may_flip(&self) -> bool {
        false
    }
    fn values(&self, index: u64) -> Result<tweedie_data::Values, tweedie_data::Error> {
        self.0.values(index)
    }
    fn label(&self, index: u64) -> Option<u32> {
        self.0.label(index)
    }
    fn caption(&self, index: u64) -> String {
        self.0.caption(index)
    }
}

/// Images of numbers that are not finite.
struct Nothing;

impl Dataset for Nothing {
    fn name(&self) -> String {
        "nothing".into()
    }
    fn shape(&self) -> tweedie_math::DataShape {
        data().shape()
    }
    fn len(&self) -> Option<u64> {
        Some(3)
    }
    fn class_names(&self) -> Vec<String> {
        Vec::new()
    }
    fn may_flip(&self) -> bool {
        false
    }
    fn values(&self, _index: u64) -> Result<tweedie_data::Values, tweedie_data::Error> {
        Ok(tweedie_data::Values::Floats(vec![f32::NAN; self.shape().n_values()]))
    }
    fn label(&self, _index: u64) -> Option<u32> {
        None
    }
    fn caption(&self, _index: u64) -> String {
        String::new()
    }
}

/// A loss that is none would make a log that cannot be read again.
#[test]
fn a_loss_that_is_no_number_ends_training() {
    let place = tempfile::tempdir().unwrap();
    let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
    let mut trainer = trainer(measured_every(16, 8));
    let how = tweedie_models::Standardization { mean: vec![0.0; 3], scale: vec![1.0; 3] };
    trainer.model_mut().about_mut().standardization = Some(how);
    let shown = tweedie_training::TrainingData { shown: data(), held_out: Some(Arc::new(Nothing)) };
    let ended = tweedie_training::train(&mut trainer, shown, &mut run, Default::default(), None, &mut ());
    let error = ended.unwrap_err().to_string();
    assert!(error.contains("became NaN at step 2 (16 images)") && error.contains("held-out"), "{error}");
    assert_eq!(tweedie_training::read_metrics(&run.folder().join("metrics.jsonl")).unwrap().ticks.len(), 1);
}
