//! A classifier at any level, its gradient, and its folder.

use crate::{STEPS, description, images, model, near, random_weights, refusal, tiny};
use std::path::Path;
use tch::{Device, Kind, Tensor};
use tweedie_math::{NoiseLevel, Parameterization, Schedule};
use tweedie_models::{About, Classifier, Error, Kind as Holds, Model, TrainingSummary};
use tweedie_networks::{Condition, Input, NoisyClassifierConfig, UNetConfig};
use tweedie_samplers::{Guide, Levels};

fn names() -> Vec<String> {
    ["circle", "square", "triangle"].map(String::from).to_vec()
}

fn with(schedule: Schedule, encoder: UNetConfig) -> Classifier {
    let network = NoisyClassifierConfig { n_classes: 3, encoder };
    let about = About { class_names: names(), ..About::new(schedule, STEPS) };
    let classifier = Classifier::new(&network, about, Device::Cpu, 1).unwrap();
    random_weights(classifier.network().parameters(), 1);
    classifier
}

fn classifier() -> Classifier {
    with(description(Parameterization::Epsilon).about.schedule, tiny())
}

fn log_probabilities(classifier: &Classifier, x: &Tensor, at: Levels<'_>) -> Tensor {
    tch::no_grad(|| classifier.log_probabilities(x, at)).unwrap()
}

#[test]
fn probabilities_sum_to_one_and_are_the_networks() {
    let (classifier, x) = (classifier(), images(3, 3));
    for time in [1, 7, STEPS] {
        let level = classifier.process().level(time);
        let found = log_probabilities(&classifier, &x, level.into());
        assert_eq!((found.size(), found.kind()), (vec![3, 3], Kind::Float));
        near(
            &found.exp().sum_dim_intlist(&[1i64][..], false, Kind::Double),
            &Tensor::ones([3], (Kind::Double, Device::Cpu)),
            1e-6,
        );
        // The network is conditioned on the 0-based index.
        let number = crate::shared(time as f64 - 1.0, 3);
        let nothing = Condition::default();
        let input = Input::new(&x, &number, &nothing);
        let logits = tch::no_grad(|| classifier.network().forward(&input, &classifier.pass())).unwrap();
        assert!(found.equal(&logits.log_softmax(1, Kind::Float)));
    }
    let levels = [1, 9, STEPS].map(|time| classifier.process().level(time));
    let mixed = log_probabilities(&classifier, &x, Levels::Each(&levels));
    for (i, level) in levels.into_iter().enumerate() {
        near(&mixed.get(i as i64), &log_probabilities(&classifier, &x, level.into()).get(i as i64), 1e-5);
    }
}

/// A level of another process is the own one of the same log-SNR once x is rescaled, and the gradient follows the chain rule: of x
/// times k it is the gradient divided by k.
#[test]
fn another_scale_of_x_divides_the_gradient_by_as_much() {
    let (classifier, x) = (classifier(), images(2, 3));
    for time in [1, 5, 12, STEPS] {
        let own = classifier.process().level(time);
        // Variance exploding: signal 1.
        let exploding = NoiseLevel::new(1.0, own.sigma()).unwrap();
        let k = 1.0 / own.signal_rate();
        let scaled = &x * k;
        near(
            &log_probabilities(&classifier, &scaled, exploding.into()),
            &log_probabilities(&classifier, &x, own.into()),
            1e-5,
        );
        let guide = classifier.of(vec![2, 0]).unwrap();
        let gradient = guide.log_density_gradient(&x, own.into()).unwrap();
        let found = guide.log_density_gradient(&scaled, Levels::Each(&[exploding; 2])).unwrap();
        assert!(gradient.abs().max().double_value(&[]) > 1e-3, "there is no gradient");
        near(&(found * k), &gradient, 1e-5);
        assert!(!gradient.requires_grad());
    }
}

/// The gradient along a direction is a difference quotient of the logarithm (of fourth order, of f32 values of a few units).
#[test]
fn the_gradient_is_the_slope_of_the_logarithm() {
    for classifier in [classifier(), with(Schedule::RectifiedFlow { shift: 1.0 }, tiny())] {
        let x = images(2, 3);
        let between = classifier.process().at_time(11.3).unwrap();
        for levels in [[classifier.process().level(5), classifier.process().level(STEPS)], [between; 2]] {
            let guide = classifier.of(vec![1, 2]).unwrap();
            let gradient = guide.log_density_gradient(&x, Levels::Each(&levels)).unwrap();
            assert_eq!((gradient.size(), gradient.kind()), (x.size(), Kind::Float));
            for phase in [0.0, 1.0, 2.0] {
                let wave = (Tensor::arange(x.numel() as i64, (Kind::Float, Device::Cpu)) * 0.7 + phase).sin();
                let direction = wave.reshape(x.size());
                let at = |by: f64| {
                    tch::no_grad(|| guide.log_density(&(&x + &direction * by), Levels::Each(&levels)))
                        .unwrap()
                };
                let h = 0.02;
                let slope = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
                let sum = (gradient.to_kind(Kind::Double) * &direction).sum_dim_intlist(
                    &[1i64, 2, 3][..],
                    false,
                    Kind::Double,
                );
                // Rounding: 1e-6 over .02, with weights that sum to 18/12.
                near(&sum, &slope, 5e-4);
            }
        }
    }
}

#[test]
fn the_last_level_stands_for_what_is_noisier() {
    let (classifier, x) = (classifier(), images(2, 3));
    let last = classifier.process().level(STEPS);
    let guide = classifier.of(vec![1]).unwrap();
    for noise in [1.0, 3.0] {
        let pure = NoiseLevel::new(0.0, noise).unwrap();
        let factor = last.noise_rate() / noise;
        near(
            &log_probabilities(&classifier, &x, pure.into()),
            &log_probabilities(&classifier, &(&x * factor), last.into()),
            1e-6,
        );
        let found = guide.log_density_gradient(&x, pure.into()).unwrap();
        near(&found, &(guide.log_density_gradient(&(&x * factor), last.into()).unwrap() * factor), 1e-6);
    }
    // Where a trained level has no signal, it is that one.
    let ends = Schedule::ZeroTerminalSnr { of: Box::new(description(Parameterization::V).about.schedule) };
    let classifier = with(ends, tiny());
    let level = classifier.process().level(STEPS);
    assert_eq!(level.signal_rate(), 0.0);
    assert!(log_probabilities(&classifier, &x, level.into()).equal(&log_probabilities(
        &classifier,
        &x,
        NoiseLevel::new(0.0, 1.0).unwrap().into()
    )));
    assert!(
        log_probabilities(&classifier, &x, NoiseLevel::CLEAN.into()).isfinite().all().int64_value(&[]) == 1
    );
}

#[test]
fn one_class_for_all_is_that_class_for_each() {
    let (classifier, x) = (classifier(), images(2, 3));
    let level = Levels::Same(classifier.process().level(6));
    let of = |classes: Vec<i64>| classifier.of(classes).unwrap().log_density_gradient(&x, level).unwrap();
    assert!(of(vec![2]).equal(&of(vec![2, 2])));
    assert!(of(vec![2, 0]).get(0).equal(&of(vec![2]).get(0)));
    assert!(!of(vec![2, 0]).get(1).equal(&of(vec![2]).get(1)));
    // Kind of number and gradient mode are the caller's.
    let guide = classifier.of(vec![1]).unwrap();
    let wide = tch::no_grad(|| guide.log_density_gradient(&x.to_kind(Kind::Double), level)).unwrap();
    assert_eq!(wide.kind(), Kind::Double);
    near(&wide, &of(vec![1]), 1e-6);
}

#[test]
fn what_it_cannot_be_asked_is_a_sentence() {
    let (classifier, x) = (classifier(), images(2, 3));
    let level = classifier.process().level(6);
    let message = refusal(classifier.of(vec![0, 3]));
    assert!(message.contains("class 3") && message.contains("0 … 2 (circle, square, triangle)"), "{message}");
    assert!(refusal(classifier.of(vec![])).contains("needs one class for the batch or one per example"));
    let message = refusal(classifier.of(vec![0, 1, 2]).unwrap().log_density_gradient(&x, level.into()));
    assert!(message.contains("classes of a batch: found 3, expected 1 or 2"), "{message}");
    let message =
        refusal(classifier.of(vec![0]).unwrap().log_density_gradient(&x, Levels::Each(&[level; 3])));
    assert!(message.contains("noise levels of a batch: found 3, expected 1 or 2"), "{message}");
    let large = Tensor::zeros([2, 2, 16, 16], (Kind::Float, Device::Cpu));
    let message = refusal(classifier.of(vec![0]).unwrap().log_density_gradient(&large, level.into()));
    assert!(message.contains("[16, 16]") && message.contains("8×8"), "{message}");
    let table = UNetConfig {
        time_embedding_type: "learned".into(),
        num_train_timesteps: Some(STEPS as i64),
        ..tiny()
    };
    let learned = with(description(Parameterization::X0).about.schedule, table);
    assert!(learned.log_probabilities(&x, learned.process().level(STEPS).into()).is_ok());
    let between = learned.process().at_time(7.5).unwrap();
    assert!(refusal(learned.log_probabilities(&x, between.into())).contains("time 7.500 is between"));

    let network = NoisyClassifierConfig { n_classes: 4, encoder: tiny() };
    let about = About { class_names: names(), ..About::new(Schedule::COSINE, STEPS) };
    let message = refusal(Classifier::new(&network, about, Device::Cpu, 0));
    assert!(message.contains("4 classes") && message.contains("3 names"), "{message}");
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().to_string()).collect();
    names.sort();
    names
}

#[test]
fn a_classifier_comes_back_bit_for_bit() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("not/there/yet");
    let mut classifier = classifier();
    classifier.about_mut().training = Some(TrainingSummary {
        data: "shapes".into(),
        images: 64,
        steps: 4,
        seed: 0,
        loss: 0.5,
        precision: "f32".into(),
    });
    for _ in 0..2 {
        assert_eq!(classifier.save(&folder, |_| Ok(())).unwrap(), folder);
    }
    assert_eq!(names_in(folder.parent().unwrap()), ["yet"]);
    // No model_index.json: to diffusers it is no pipeline.
    assert_eq!(names_in(&folder), ["README.md", "classifier", "tweedie.json"]);
    assert_eq!(names_in(&folder.join("classifier")), ["config.json", "diffusion_pytorch_model.safetensors"]);
    let back = Classifier::load(&folder, Device::Cpu).unwrap();
    assert_eq!(back.network().config(), classifier.network().config());
    assert_eq!(back.about(), classifier.about());
    for parameter in classifier.network().parameters().iter() {
        assert!(back.network().parameters().get(&parameter.name).unwrap().equal(&parameter.tensor));
    }
    let (x, level) = (images(2, 3), classifier.process().level(7));
    assert!(log_probabilities(&back, &x, level.into()).equal(&log_probabilities(
        &classifier,
        &x,
        level.into()
    )));
    let card = std::fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(
        card.contains("A classifier of noisy shapes") && card.contains("circle, square, triangle"),
        "{card}"
    );
}

#[test]
fn each_kind_of_folder_is_known_from_the_other() {
    let place = tempfile::tempdir().unwrap();
    let [denoiser, other] = ["denoiser", "classifier"].map(|name| place.path().join(name));
    model(Parameterization::Epsilon).save(&denoiser, |_| Ok(())).unwrap();
    classifier().save(&other, |_| Ok(())).unwrap();
    assert_eq!(
        (Holds::of(&denoiser).unwrap(), Holds::of(&other).unwrap()),
        (Holds::Denoiser, Holds::Classifier)
    );
    let message = refusal(Model::load(&other, Device::Cpu));
    assert!(
        message.contains("classifier contains a classifier of noisy images, but a denoiser is needed"),
        "{message}"
    );
    let message = refusal(Classifier::load(&denoiser, Device::Cpu));
    assert!(message.contains("contains a denoiser, but a classifier of noisy images is needed"), "{message}");
    // The same of a run's newest checkpoint.
    let run = place.path().join("run");
    classifier().save(&run.join("checkpoints/0000000064"), |_| Ok(())).unwrap();
    assert!(matches!(Model::load(&run, Device::Cpu), Err(Error::OtherKind { .. })));
    assert!(Classifier::load(&run, Device::Cpu).is_ok());
    assert!(refusal(Classifier::load(place.path(), Device::Cpu)).contains("is not a checkpoint"));
    // The folder inside, opened as a network by itself.
    let inside = Model::load(&other.join("classifier"), Device::Cpu);
    assert!(matches!(inside, Err(Error::NoProcess { .. })), "{inside:?}");
}

#[test]
fn a_spoiled_folder_is_a_sentence() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("it");
    let spoil = |file: &str, change: &dyn Fn(String) -> String| {
        classifier().save(&folder, |_| Ok(())).unwrap();
        let path = folder.join(file);
        std::fs::write(&path, change(std::fs::read_to_string(&path).unwrap())).unwrap();
        refusal(Classifier::load(&folder, Device::Cpu))
    };
    let message = spoil("tweedie.json", &|text| text.replace("\"classifier\"", "\"painter\""));
    assert!(message.contains("painter"), "{message}");
    assert!(
        spoil("tweedie.json", &|text| text.replace("\"format\": 3", "\"format\": 9")).contains("format 9")
    );
    assert!(spoil("tweedie.json", &|text| text.replace("\"circle\",", "")).contains("2 names"));
    let message = spoil("classifier/config.json", &|text| text.replace("NoisyClassifier", "ResNet"));
    assert!(message.contains("ResNet"), "{message}");
    let message =
        spoil("classifier/config.json", &|text| text.replace("\"n_classes\": 3", "\"n_classes\": 2"));
    assert!(message.contains("pool.to_out"), "{message}");
    classifier().save(&folder, |_| Ok(())).unwrap();
    std::fs::remove_file(folder.join("classifier/diffusion_pytorch_model.safetensors")).unwrap();
    assert!(refusal(Classifier::load(&folder, Device::Cpu)).contains("diffusion_pytorch_model.safetensors"));
}
