//! A folder that `diffusers` saved.

use tch::{Device, Kind};
use tweedie_math::{Conditioning, DataShape, Parameterization, Schedule, Spacing};
use tweedie_models::sampling::{Sampler, SamplingConfig};
use tweedie_models::{Condition, DataRange, Model, VariancePrediction, to_pixels};
use tweedie_samplers::{ReverseVariance, StreamNoise};

fn load() -> Option<Model> {
    let folder = tweedie_testing::shared("reference/unet/unet_tiny")?;
    Some(Model::load(&folder, Device::Cpu).unwrap())
}

#[test]
fn its_scheduler_is_understood() {
    let Some(model) = load() else { return };
    let about = model.about();
    assert_eq!(about.schedule, Schedule::Linear { beta_start: 1e-4, beta_end: 0.02 });
    assert_eq!((about.steps, model.parameterization()), (1000, Parameterization::Epsilon));
    assert_eq!((about.conditioning, model.variance()), (Conditioning::Index, VariancePrediction::None));
    assert_eq!((about.range, about.training.as_ref()), (DataRange::default(), None));
    assert_eq!(model.sampling().spacing, Spacing::Leading);
    assert_eq!((model.sampling().clip, model.sampling().variance), (Some(1.0), ReverseVariance::FixedSmall));
    let accepts = model.network().accepts();
    assert_eq!((accepts.size, accepts.channels), (Some(vec![8, 8]), 3));
    assert_eq!(about.data, DataShape::new([3, 8, 8]));
}

#[test]
fn it_is_sampled_by_every_sampler() {
    let Some(model) = load() else { return };
    let usual = SamplingConfig { steps: 10, ..model.sampling().clone() };
    let mut seen: Vec<tch::Tensor> = Vec::new();
    for sampling in [
        SamplingConfig { sampler: Sampler::Ddim, ..usual.clone() },
        SamplingConfig { sampler: Sampler::Ddim, eta: 1.0, ..usual.clone() },
        SamplingConfig { sampler: Sampler::Ddpm, ..usual },
    ] {
        let x = model
            .sample(&[2, 3, 8, 8], &sampling, Condition::none(), &StreamNoise::new(0, 0), &mut ())
            .unwrap();
        assert!(bool::try_from(x.isfinite().all()).unwrap());
        assert!(x.abs().max().double_value(&[]) <= 1.0);
        assert!(x.std(true).double_value(&[]) > 0.01, "the images are blank");
        assert_eq!(to_pixels(&x, model.about().range).unwrap().len(), 2 * 3 * 8 * 8);
        assert_eq!(x.kind(), Kind::Float);
        assert!(seen.iter().all(|other| !other.equal(&x)));
        seen.push(x);
    }
}

#[test]
fn saved_by_us_it_stays_the_same_model() {
    let Some(model) = load() else { return };
    let place = tempfile::tempdir().unwrap();
    model.save(place.path(), |_| Ok(())).unwrap();
    let back = Model::load(place.path(), Device::Cpu).unwrap();
    assert_eq!(back.description(), model.description());
    assert_eq!(back.network().config(), model.network().config());
    for parameter in model.network().parameters().iter() {
        assert!(parameter.tensor.equal(back.network().parameters().get(&parameter.name).unwrap()));
    }
}
