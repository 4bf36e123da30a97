//! The classifier of noisy images: what it returns, what it depends on, what it refuses.

use crate::config::small;
use crate::formula;
use tch::{Device, Kind, Tensor};
use tweedie_networks::layers::AttentionPool;
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{
    Condition, Derivatives, Error, Input, Network, NoisyClassifier, NoisyClassifierConfig, Parameters, Pass,
    UNetConfig,
};
use tweedie_torch::Precision;

const PASS: fn() -> Pass = || Pass::inference(Precision::F32);

fn config() -> NoisyClassifierConfig {
    let encoder = UNetConfig { sample_size: Some(SampleSize::Square(8)), ..small() };
    NoisyClassifierConfig { n_classes: 5, encoder }
}

fn filled(config: &NoisyClassifierConfig) -> NoisyClassifier {
    let network = NoisyClassifier::new(config, Device::Cpu, 0).unwrap();
    formula::fill_all(network.parameters());
    network
}

fn x(n: i64) -> Tensor {
    formula::tensor(&[n, 2, 8, 8], formula::X, 3f64.sqrt())
}

fn times(n: usize) -> Tensor {
    Tensor::from_slice(&(0..n).map(|i| 7.0 + 90.0 * i as f32).collect::<Vec<_>>())
}

/// The logits of images without a condition.
fn forward(network: &NoisyClassifier, x: &Tensor, time: &Tensor, pass: &Pass) -> Result<Tensor, Error> {
    network.forward(&Input::new(x, time, &Condition::default()), pass)
}

fn greatest(tensor: &Tensor) -> f64 {
    tensor.abs().max().double_value(&[])
}

#[test]
fn one_logit_per_class_however_it_is_computed() {
    let network = filled(&config());
    let expected = forward(&network, &x(3), &times(3), &PASS()).unwrap();
    assert_eq!((expected.size(), expected.kind()), (vec![3, 5], Kind::Float));
    assert!(expected.std(true).double_value(&[]) > 0.05, "the logits are all alike: {expected:?}");
    for derivatives in [Derivatives::First, Derivatives::Second] {
        for channels_last in [false, true] {
            let pass = Pass { derivatives, channels_last, ..PASS() };
            let logits = forward(&network, &x(3), &times(3), &pass).unwrap();
            assert!(greatest(&(logits - &expected)) < 1e-5, "{pass:?}");
            let wide = forward(&network, &x(3), &times(3), &Pass { precision: Precision::Bf16, ..pass });
            let off = greatest(&(wide.unwrap() - &expected)) / greatest(&expected);
            assert!((1e-4..5e-2).contains(&off), "{off:e} off in bf16");
        }
    }
    // Not square, and of any number of channels.
    let mut oblong = config();
    (oblong.encoder.sample_size, oblong.encoder.in_channels) = (Some(SampleSize::Sides([4, 10])), 1);
    let logits =
        forward(&filled(&oblong), &formula::tensor(&[2, 1, 4, 10], formula::X, 1.0), &times(2), &PASS());
    assert_eq!(logits.unwrap().size(), [2, 5]);
}

/// Each image is classified by itself: of a batch in another order the logits come in that order.
#[test]
fn a_batch_in_another_order_gives_logits_in_that_order() {
    let network = filled(&config());
    let (x, time) = (x(4), times(4));
    let logits = forward(&network, &x, &time, &PASS()).unwrap();
    let order = Tensor::from_slice(&[2i64, 0, 3, 1]);
    let of = |values: &Tensor| values.index_select(0, &order);
    let found = forward(&network, &of(&x), &of(&time), &PASS()).unwrap();
    assert!(greatest(&(found - of(&logits))) < 1e-5);
    let alone = forward(&network, &x.narrow(0, 2, 1), &time.narrow(0, 2, 1), &PASS()).unwrap();
    assert!(greatest(&(alone - logits.narrow(0, 2, 1))) < 1e-5);
}

#[test]
fn every_parameter_and_every_pixel_and_the_time_matter() {
    let network = filled(&config());
    let x = x(2).set_requires_grad(true);
    let weighed =
        |logits: Tensor| (logits * formula::tensor(&[2, 5], formula::UPSTREAM, 1.0)).sum(Kind::Float);
    let mut inputs: Vec<Tensor> = network.parameters().iter().map(|p| p.tensor.shallow_clone()).collect();
    inputs.push(x.shallow_clone());
    let loss = weighed(forward(&network, &x, &times(2), &PASS()).unwrap());
    let gradients = Tensor::run_backward(&[loss], &inputs, false, false);
    let names = network.parameters().iter().map(|p| p.name.as_str()).chain(["x"]);
    for (name, gradient) in names.zip(&gradients) {
        // The softmax does not see what every key has in common.
        let is_common = name.ends_with("to_k.bias");
        assert!(is_common || greatest(gradient) > 1e-7, "nothing depends on {name}");
    }
    let least = gradients[inputs.len() - 1].abs().min().double_value(&[]);
    assert!(least > 0.0, "a pixel does not matter");
    let [early, late] =
        [3f32, 900.0].map(|time| forward(&network, &x, &Tensor::from_slice(&[time; 2]), &PASS()));
    assert!(greatest(&(early.unwrap() - late.unwrap())) > 1e-3);
}

/// It has the parameters of a U-Net's way down under the same names, and none of the way up.
#[test]
fn its_way_down_is_a_unets() {
    let classifier = NoisyClassifier::new(&config(), Device::Cpu, 3).unwrap();
    let unet = tweedie_networks::UNet::new(&config().encoder, Device::Cpu, 3).unwrap();
    let mut n_shared = 0;
    for parameter in classifier.parameters().iter() {
        let name = parameter.name.as_str();
        if name.starts_with("pool.") || name.starts_with("norm_out.") {
            continue;
        }
        // First values are drawn by number: those on the way down are the same.
        assert!(unet.parameters().get(name).is_some_and(|other| other.equal(&parameter.tensor)), "{name}");
        n_shared += 1;
    }
    let up = |name: &str| {
        name.starts_with("up_blocks") || name.starts_with("conv_norm_out") || name.starts_with("conv_out")
    };
    assert_eq!(n_shared, unet.parameters().iter().filter(|p| !up(&p.name)).count());
}

/// Without its positions the pool is a function of the set of places; with them it is not.
#[test]
fn a_pool_knows_places_by_their_positions_alone() {
    let mut parameters = Parameters::new(Device::Cpu, 0);
    let pool = AttentionPool::new(parameters.root().sub("pool"), [2, 3], 8, 4, 3).unwrap();
    let x = formula::tensor(&[2, 8, 2, 3], formula::X, 1.0);
    let other =
        x.flatten(2, 3).index_select(2, &Tensor::from_slice(&[4i64, 1, 5, 0, 3, 2])).reshape(x.size());
    let difference = || greatest(&(pool.forward(&x, &PASS()) - pool.forward(&other, &PASS())));
    assert!(difference() > 1e-4);
    let mut positions = parameters.get("pool.positional_embedding").unwrap().shallow_clone();
    assert_eq!(positions.size(), [7, 8]);
    let _ = tch::no_grad(|| positions.zero_());
    assert!(difference() < 1e-6);
}

#[test]
fn what_is_no_classifier_is_refused_by_its_key() {
    type Change = fn(&mut NoisyClassifierConfig);
    let cases: [(&str, Change); 7] = [
        ("n_classes is 1; it must be between 2 and", |c| c.n_classes = 1),
        ("n_classes is -4", |c| c.n_classes = -4),
        ("sample_size is null", |c| c.encoder.sample_size = None),
        ("sample_size is 7×7", |c| c.encoder.sample_size = Some(SampleSize::Square(7))),
        ("num_class_embeds is 3; it must be null", |c| c.encoder.num_class_embeds = Some(3)),
        ("class_embed_type is \"timestep\"", |c| c.encoder.class_embed_type = Some("timestep".into())),
        ("attention_head_dim is 3", |c| {
            c.encoder.attention_head_dim = Some(3);
            c.encoder.down_block_types = vec!["DownBlock2D".into(); 2];
            c.encoder.add_attention = false;
        }),
    ];
    for (part, change) in cases {
        let mut config = config();
        change(&mut config);
        let sentence = NoisyClassifier::new(&config, Device::Cpu, 0).unwrap_err().to_string();
        assert!(sentence.contains(part), "{part} is not in: {sentence}");
    }
}

#[test]
fn images_of_another_size_are_refused() {
    let network = filled(&config());
    let sentence = |shape: &[i64], time: &Tensor| {
        forward(&network, &formula::tensor(shape, formula::X, 1.0), time, &PASS()).unwrap_err().to_string()
    };
    let error = sentence(&[2, 2, 16, 8], &times(2));
    assert!(error.contains("[16, 8]") && error.contains("8×8"), "{error}");
    assert!(sentence(&[2, 3, 8, 8], &times(2)).contains("3 channels; this network takes 2"));
    assert!(sentence(&[2, 2, 8, 8], &times(3)).contains("one number per image"));
    assert!(sentence(&[2, 2, 8], &times(2)).contains("(N, C, H, W)"));
}

#[test]
fn a_configuration_is_read_strictly_and_comes_back() {
    let json = serde_json::to_value(config()).unwrap();
    assert_eq!(serde_json::from_value::<NoisyClassifierConfig>(json.clone()).unwrap(), config());
    let mut more = json;
    more["n_clases"] = 3.into();
    let error = serde_json::from_value::<NoisyClassifierConfig>(more).unwrap_err().to_string();
    assert!(error.contains("n_clases"), "{error}");
}
