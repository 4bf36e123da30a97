//! Random models survive their folder: the same function, the same description, the same files.

use crate::random_weights;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use tweedie_math::{Conditioning, Parameterization, Schedule};
use tweedie_models::{Condition, Description, Model};
use tweedie_networks::{Network, PointMlp, PointMlpConfig, UNet, UNetConfig};
use tweedie_samplers::{Denoiser, Draw, NoiseSource, StreamNoise};

fn schedules() -> impl Strategy<Value = Schedule> {
    prop_oneof![
        (1e-4..1e-2f64, 0.02..0.3f64)
            .prop_map(|(beta_start, beta_end)| Schedule::Linear { beta_start, beta_end }),
        (0.001..0.1f64).prop_map(|offset| Schedule::Cosine { offset, max_beta: 0.999 }),
        (0.5..4.0f64).prop_map(|shift| Schedule::RectifiedFlow { shift }),
        (0.05..0.2f64).prop_map(|beta_min| Schedule::Vp { beta_min, beta_max: 20.0 }),
        (10.0..20.0f64).prop_map(|beta_max| Schedule::SubVp { beta_min: 0.1, beta_max }),
        (1e-3..0.1f64).prop_map(|sigma_min| Schedule::Ve { sigma_min, sigma_max: 50.0 }),
        (20.0..90.0f64).prop_map(|sigma_max| Schedule::Edm { sigma_min: 0.002, sigma_max }),
        (0.001..0.1f64).prop_map(|offset| Schedule::ContinuousCosine { offset }),
    ]
}

fn parameterizations() -> impl Strategy<Value = Parameterization> {
    let edm = (0.1..2.0f64).prop_map(|sigma_data| Parameterization::Edm { sigma_data });
    prop_oneof![6 => prop::sample::select(crate::ALL[..6].to_vec()), 1 => edm]
}

fn conditionings() -> impl Strategy<Value = Option<Conditioning>> {
    prop_oneof![
        Just(None),
        Just(Some(Conditioning::Index)),
        Just(Some(Conditioning::Sigma)),
        Just(Some(Conditioning::LogSigma)),
        (1.0..1000.0f64).prop_map(|scale| Some(Conditioning::NoiseRate { scale })),
        (1.0..1000.0f64).prop_map(|scale| Some(Conditioning::Time { scale })),
    ]
}

fn network(is_image: bool, has_classes: bool) -> Box<dyn Network> {
    let num_class_embeds = has_classes.then_some(3);
    let network: Box<dyn Network> = if is_image {
        Box::new(UNet::new(&UNetConfig { num_class_embeds, ..crate::tiny() }, Device::Cpu, 1).unwrap())
    } else {
        let config = PointMlpConfig {
            dimensions: 3,
            outputs: 3,
            width: 8,
            blocks: 1,
            num_class_embeds,
            ..PointMlpConfig::default()
        };
        Box::new(PointMlp::new(&config, Device::Cpu, 1).unwrap())
    };
    random_weights(network.parameters(), 2);
    network
}

/// The files of a folder, by their names in it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        if path.is_dir() {
            found.extend(files(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
    found
}

/// The estimate at a level, or the sentence of its refusal.
fn estimate(model: &Model, x: &Tensor, time: usize, has_classes: bool) -> Result<[Tensor; 2], String> {
    let given = if has_classes { Condition::classes(vec![2, 0]) } else { Condition::none() };
    let level = model.process().level(time);
    let estimate = tch::no_grad(|| model.given(given).denoise(x, level.into()));
    estimate.map(|estimate| [estimate.x0, estimate.eps]).map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_random_model_survives_its_folder(
        schedule in schedules(),
        parameterization in parameterizations(),
        conditioning in conditionings(),
        is_image in any::<bool>(),
        has_classes in any::<bool>(),
        steps in 5..40usize,
    ) {
        let mut description = Description::new(schedule, steps, parameterization);
        if let Some(conditioning) = conditioning {
            description.about.conditioning = conditioning;
        }
        if has_classes {
            description.about.class_names = ["one", "two"].map(String::from).to_vec();
            description.about.null_class = Some(2);
        }
        let model = Model::of_network(network(is_image, has_classes), description).unwrap();
        prop_assert_eq!(model.about().is_points(), !is_image);
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        model.save(first.path(), |_| Ok(())).unwrap();
        let back = Model::load(first.path(), Device::Cpu).unwrap();
        prop_assert_eq!(back.description(), model.description());
        prop_assert_eq!(back.network().config(), model.network().config());
        // Everything that is written, the card and the weights too, is a fixed point.
        back.save(second.path(), |_| Ok(())).unwrap();
        prop_assert_eq!(files(first.path()), files(second.path()));
        let shape: &[i64] = if is_image { &[2, 2, 8, 8] } else { &[2, 3] };
        let draw = Draw { purpose: tweedie_math::random::Purpose::EVALUATE, visit: 0, draw: 0 };
        let like = Tensor::zeros(shape, (Kind::Float, Device::Cpu));
        let x = StreamNoise::new(3, 0).normal(&like, draw).unwrap();
        for time in [1, steps / 2, steps] {
            let [before, after] = [&model, &back].map(|model| estimate(model, &x, time, has_classes));
            match (before, after) {
                (Ok(before), Ok(after)) => prop_assert!(before[0].equal(&after[0]) && before[1].equal(&after[1])),
                (before, after) => prop_assert_eq!(before.map(|_| ()), after.map(|_| ())),
            }
        }
    }
}
