//! Label dropout, measured by gradients: only the rows of the class table that a batch is conditioned on receive one.

use crate::common::{config, description, network, step};
use tch::{Device, Kind, Tensor};
use tweedie_data::{Batch, Shape, Values};
use tweedie_math::Parameterization;
use tweedie_models::Model;
use tweedie_torch::Precision;
use tweedie_training::{OptimizerConfig, Trainer, TrainingConfig};

/// Classes, each of one image; the row behind them means none.
const CLASSES: i64 = 400;

const SHAPE: Shape = Shape { channels: 3, height: 4, width: 4 };

fn model(null_class: Option<i64>) -> Model {
    let mut network = network();
    network.num_class_embeds = Some(CLASSES + 1);
    let mut description = description(Parameterization::Epsilon);
    description.about.null_class = null_class;
    let model = Model::new(&network, description, Device::Cpu, 0).unwrap();
    // Fresh networks begin with zeros, through which no gradient would reach the table.
    tch::no_grad(|| {
        for parameter in model.network().parameters().iter() {
            let mut tensor = parameter.tensor.shallow_clone();
            if tensor.abs().max().double_value(&[]) == 0.0 {
                let wave =
                    (Tensor::arange(tensor.numel() as i64, (Kind::Float, Device::Cpu)) * 0.7).sin() * 0.1;
                tensor.copy_(&wave.reshape(tensor.size()));
            }
        }
    });
    model
}

/// Images `first ..` of classes of the same numbers.
fn batch(first: u64, n: usize) -> Batch {
    let values = (0..n * SHAPE.n_values()).map(|at| (at * 37 % 256) as u8).collect();
    let labels = (first..first + n as u64).map(|image| image as u32).collect();
    Batch { values: Values::Bytes(values), labels: Some(labels), n, shape: SHAPE.into(), first }
}

fn with(label_dropout: f64) -> TrainingConfig {
    let optimizer = OptimizerConfig { learning_rate: 1e-2, warmup: 0, ..OptimizerConfig::default() };
    TrainingConfig { label_dropout, optimizer, batch: CLASSES as usize, ..config() }
}

/// The images of a batch whose label was dropped, and whether the network was conditioned on "no class".
fn dropped(config: TrainingConfig, null_class: Option<i64>, first: u64, n: usize) -> (Vec<u64>, bool) {
    let mut trainer = Trainer::new(model(null_class), config, Precision::F32).unwrap();
    let table = |trainer: &Trainer| {
        let parameters = trainer.model().network().parameters();
        parameters.get("class_embedding.weight").unwrap().detach().copy()
    };
    let before = table(&trainer);
    step(&mut trainer, &batch(first, n)).unwrap();
    let moved = (table(&trainer) - before).abs().amax(&[1i64][..], false);
    let moved = Vec::<f32>::try_from(moved).unwrap();
    let images = first..first + n as u64;
    (images.filter(|image| moved[*image as usize] == 0.0).collect(), moved[CLASSES as usize] != 0.0)
}

const ALL: usize = CLASSES as usize;

#[test]
fn about_the_asked_share_is_dropped() {
    for share in [0.1, 0.5] {
        let (found, none) = dropped(with(share), Some(CLASSES), 0, ALL);
        // Five standard errors of a binomial count.
        let (n, bound) = (CLASSES as f64, 5.0 * (CLASSES as f64 * share * (1.0 - share)).sqrt());
        assert!((found.len() as f64 - n * share).abs() < bound, "{} of {n} at {share}", found.len());
        assert!(none);
    }
}

#[test]
fn without_a_share_or_a_row_for_it_none_is_dropped() {
    assert_eq!(dropped(with(0.0), Some(CLASSES), 0, ALL), (vec![], false));
    assert_eq!(dropped(with(0.5), None, 0, ALL), (vec![], false));
}

/// Which labels are dropped follows from the seed and the image's number: not from the batch, its parts or its size.
#[test]
fn it_is_keyed_by_the_image() {
    let (whole, _) = dropped(with(0.3), Some(CLASSES), 0, ALL);
    let in_parts = TrainingConfig { accumulate: 4, ..with(0.3) };
    assert_eq!(dropped(in_parts, Some(CLASSES), 0, ALL).0, whole);
    for (first, n) in [(0, 100), (100, 33), (133, 200), (399, 1)] {
        let within: Vec<u64> =
            whole.iter().copied().filter(|image| (first..first + n as u64).contains(image)).collect();
        assert_eq!(dropped(with(0.3), Some(CLASSES), first, n).0, within, "from {first}");
    }
    let other = TrainingConfig { seed: 1, ..with(0.3) };
    assert_ne!(dropped(other, Some(CLASSES), 0, ALL).0, whole);
}
