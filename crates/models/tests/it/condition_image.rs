//! An image as the condition, and what is conditioned on two conditions at once.

use crate::{description, greatest, images, near, output_of, random, refusal, tiny};
use tch::Tensor;
use tweedie_math::Parameterization;
use tweedie_models::{Condition, Model};
use tweedie_networks::UNetConfig;
use tweedie_samplers::{Denoiser, Estimate, Levels, StreamNoise};

/// A network of two channels of data and two of a condition image.
fn conditioned() -> Model {
    let network = UNetConfig { in_channels: 4, ..tiny() };
    random(&network, description(Parameterization::Epsilon), 3)
}

fn estimate(model: &Model, x: &Tensor, image: &Tensor, at: Levels<'_>) -> Estimate<Tensor> {
    let bound = model.given(Condition::image(image.shallow_clone()));
    tch::no_grad(|| bound.denoise(x, at)).unwrap()
}

#[test]
fn an_image_is_concatenated_behind_the_channels_of_x() {
    let (model, x, image) = (conditioned(), images(3, 1), images(3, 2));
    assert_eq!(model.about().data.sides(), [2, 8, 8]);
    for time in [1, 8, 20] {
        let level = model.process().level(time);
        let found = estimate(&model, &x, &image, level.into());
        let by_hand = output_of(&model, &Tensor::cat(&[&x, &image], 1), time as f64 - 1.0);
        assert!(found.eps.equal(&by_hand));
        near(&(found.x0 * level.signal_rate() + found.eps * level.noise_rate()), &x, 1e-5);
    }
    let other = estimate(&model, &x, &images(3, 4), model.process().level(8).into());
    let own = estimate(&model, &x, &image, model.process().level(8).into());
    assert!(greatest(&other.eps, &own.eps) > 1e-2, "the image has no influence");
}

#[test]
fn a_micro_batch_keeps_images_with_their_examples() {
    let (mut model, x, image) = (conditioned(), images(5, 1), images(5, 2));
    let levels = [1, 4, 9, 15, 20].map(|time| model.process().level(time));
    let whole = estimate(&model, &x, &image, Levels::Each(&levels));
    for size in [1, 2, 3] {
        model.set_micro_batch(Some(size));
        let parts = estimate(&model, &x, &image, Levels::Each(&levels));
        near(&parts.eps, &whole.eps, 1e-5);
    }
    let sampling = model.sampling().clone();
    let draw = |first: u64, n: i64| {
        let noise = StreamNoise::new(1, first);
        let condition = Condition::image(image.narrow(0, first as i64, n));
        let path = model.path(&sampling).unwrap();
        let start = model.start(&[n, 2, 8, 8], &path, &noise).unwrap();
        let denoiser = model.denoiser(&sampling, condition, first as usize, &noise);
        let walk = tweedie_models::sampling::walk_down;
        tch::no_grad(|| walk(&denoiser, start, &path, &sampling, &noise, &mut ())).unwrap()
    };
    assert!(draw(0, 5).equal(&Tensor::cat(&[draw(0, 1), draw(1, 4)], 0)));
}

#[test]
fn an_image_that_does_not_fit_is_a_sentence() {
    let (mut model, x) = (conditioned(), images(2, 1));
    let level = model.process().level(8);
    for size in [None, Some(1), Some(3)] {
        model.set_micro_batch(size);
        let refused = |condition: Condition| refusal(model.given(condition).denoise(&x, level.into()));
        for n in [1, 3] {
            let sentence = refused(Condition::image(images(n, 2)));
            let expected = format!("condition images of a batch: found {n}, expected 2");
            assert!(sentence.contains(&expected), "{sentence}");
        }
        let sentence = refused(Condition::classes(vec![0; 3]));
        assert!(sentence.contains("classes of a batch: found 3, expected 2"), "{sentence}");
        let sentence = refused(Condition::image(images(2, 2).narrow(1, 0, 1)));
        assert!(sentence.contains("channels"), "{sentence}");
        let sentence = refused(Condition::image(images(2, 2).narrow(3, 0, 4)));
        assert!(sentence.contains("4]"), "{sentence}");
        let sentence = refused(Condition::none());
        assert!(sentence.contains("channels"), "{sentence}");
    }
}

#[test]
fn a_pair_is_two_single_calls() {
    let network = UNetConfig { in_channels: 4, num_class_embeds: Some(3), ..tiny() };
    let mut model = random(&network, description(Parameterization::V), 3);
    let (x, image) = (images(3, 1), images(3, 2));
    let given = |classes: [i64; 3]| Condition {
        classes: Some(classes.to_vec()),
        ..Condition::image(image.shallow_clone())
    };
    let levels = [3, 11, 20].map(|time| model.process().level(time));
    for size in [None, Some(1), Some(2)] {
        model.set_micro_batch(size);
        for at in [Levels::Same(levels[1]), Levels::Each(&levels)] {
            let (a, b) = (given([0, 1, 2]), given([2; 3]));
            let pair = tch::no_grad(|| model.denoise_pair(&x, at, [&a, &b], 0)).unwrap();
            for (found, condition) in pair.into_iter().zip([a, b]) {
                let single = tch::no_grad(|| model.given(condition).denoise(&x, at)).unwrap();
                // The batch is twice as large, or split otherwise: sums are taken in another order.
                near(&found.x0, &single.x0, 1e-5);
                near(&found.eps, &single.eps, 1e-5);
                assert!(size.is_none() || found.eps.equal(&single.eps));
            }
        }
        let sentence = refusal(model.denoise_pair(
            &x,
            levels[0].into(),
            [&given([0; 3]), &Condition::classes(vec![0])],
            0,
        ));
        assert!(sentence.contains("classes of a batch: found 1, expected 3"), "{sentence}");
    }
}

/// A model moves into a thread and samples there as it did here.
#[test]
fn a_model_is_sent_to_a_thread() {
    let model = crate::model(Parameterization::Epsilon);
    let draw = |model: &Model| {
        let sampling = model.sampling().clone();
        model.sample(&[2, 2, 8, 8], &sampling, Condition::none(), &StreamNoise::new(4, 0), &mut ()).unwrap()
    };
    let here = draw(&model);
    let (there, model) = std::thread::spawn(move || (draw(&model), model)).join().unwrap();
    assert!(there.equal(&here) && draw(&model).equal(&here));
}
