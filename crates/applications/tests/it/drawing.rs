//! Drawing samples in batches, with classes and guidance.

use crate::model;
use std::ops::ControlFlow;
use tch::{Device, Tensor};
use tweedie_applications::Error;
use tweedie_applications::generation::{Generator, GeneratorOptions, GuidanceOptions, Noise, Request, Start};
use tweedie_models::Model;
use tweedie_report::Event;
use tweedie_samplers::{Denoiser, Extrapolated, Levels};

const CONDITIONAL: &str = "model.conditional=true";

fn request(model: &Model) -> Request {
    Request { n: 7, noise: Noise::Stream { seed: 5 }, ..Request::new(model).unwrap() }
}

fn guided(model: &Model, class: &str, guidance: GuidanceOptions) -> GeneratorOptions {
    GeneratorOptions { class: Some(class.into()), guidance, ..GeneratorOptions::of(model) }
}

fn greatest(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

/// How samples are cut into batches, and where a run of them begins, changes no sample beyond the roundings of a product.
#[test]
fn batches_do_not_matter() {
    let model = model(&[CONDITIONAL]);
    let guidance = GuidanceOptions { weight: Some(2.0), ..GuidanceOptions::default() };
    let generator = Generator::new(&model, guided(&model, "all", guidance)).unwrap();
    let whole = generator.draw(&request(&model), &mut ()).unwrap();
    assert_eq!(whole.len(), 7);
    for batch in [1, 2, 7] {
        let parts = generator.draw(&Request { batch, ..request(&model) }, &mut ()).unwrap();
        assert!(greatest(&whole.tensor().unwrap(), &parts.tensor().unwrap()) < 1e-4);
    }
    let rest = generator.draw(&Request { n: 4, first: 3, ..request(&model) }, &mut ()).unwrap();
    let of_whole = whole.tensor().unwrap().narrow(0, 3, 4);
    assert!(greatest(&of_whole, &rest.tensor().unwrap()) < 1e-4);
}

/// Guidance with both conditions in one batch is guidance with two evaluations.
#[test]
fn one_batch_is_two_evaluations() {
    let model = model(&[CONDITIONAL]);
    let null = model.about().null_class.unwrap();
    let guidance = GuidanceOptions {
        weight: Some(3.0),
        rescale: Some(0.5),
        interval: Some([0.01, 10.0]),
        ..GuidanceOptions::default()
    };
    let generator = Generator::new(&model, guided(&model, "all", guidance)).unwrap();
    let x = Tensor::from_slice(&[0.3f32, -1.0, 2.0, 0.1, -0.4, 0.9]).view([3, 2]);
    let process = model.process();
    for time in [1, 400, 990] {
        let at: Levels<'_> = process.level(time).into();
        let found = generator.unbounded(0, 3).unwrap().denoise(&x, at).unwrap();
        let by_class = |classes: Vec<i64>| model.given(tweedie_models::Condition::classes(classes));
        let mut expected = Extrapolated::new(by_class(vec![0, 1, 0]), by_class(vec![null; 3]), 3.0);
        (expected.how.rescale, expected.how.interval) = (0.5, Some((0.01, 10.0)));
        let expected = expected.denoise(&x, at).unwrap();
        for (found, expected) in [(&found.x0, &expected.x0), (&found.eps, &expected.eps)] {
            let size = expected.abs().max().double_value(&[]).max(1.0);
            assert!(greatest(found, expected) < 1e-5 * size, "{}", greatest(found, expected));
        }
    }
}

/// A progress that breaks stops after the step, and whole batches are returned.
#[test]
fn a_break_returns_whole_batches() {
    let model = model(&[]);
    let generator = Generator::new(&model, GeneratorOptions::of(&model)).unwrap();
    let steps = generator.path().n_steps();
    let mut seen = 0;
    let mut progress = |event: &Event<'_>| {
        seen += usize::from(matches!(event, Event::Step { .. }));
        if seen == steps + 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let drawn = generator.draw(&Request { batch: 3, ..request(&model) }, &mut progress).unwrap();
    assert_eq!((drawn.len(), drawn.interrupted), (3, true));
    let whole = generator.draw(&request(&model), &mut ()).unwrap();
    assert!(greatest(&whole.tensor().unwrap().narrow(0, 0, 3), &drawn.tensor().unwrap()) < 1e-4);
}

/// Latents that are given are walked down as they are, and previews are taken on the way.
#[test]
fn given_latents_and_previews() {
    let model = model(&[]);
    let generator = Generator::new(&model, GeneratorOptions::of(&model)).unwrap();
    let noise = tweedie_samplers::StreamNoise::new(5, 0);
    let latents = model.start(&[7, 2], generator.path(), &noise).unwrap();
    let given = Request { start: Start::Given(latents), n: 0, previews: Some(3), ..request(&model) };
    let given = generator.draw(&given, &mut ()).unwrap();
    let whole = generator.draw(&request(&model), &mut ()).unwrap();
    // Two runs of one product on several threads differ by roundings.
    assert!(greatest(&given.tensor().unwrap(), &whole.tensor().unwrap()) < 1e-5);
    assert!(given.previews.is_some() && whole.previews.is_none());
    // Points come back in the data's own units.
    assert_eq!(whole.points(model.about()).unwrap().len(), 7);
}

/// What does not fit is refused before anything is computed, with a type for each reason.
#[test]
fn what_does_not_fit_is_refused() {
    let (plain, conditional) = (model(&[]), model(&[CONDITIONAL]));
    let refused = |model: &Model, class: Option<&str>, guidance: GuidanceOptions| {
        let class = class.map(String::from);
        Generator::new(model, GeneratorOptions { class, guidance, ..GeneratorOptions::of(model) })
            .unwrap_err()
    };
    let weight = |w| GuidanceOptions { weight: Some(w), ..GuidanceOptions::default() };
    assert!(matches!(refused(&plain, Some("upper"), weight(1.0)), Error::Unconditional));
    assert!(matches!(refused(&plain, None, weight(2.0)), Error::NotGuidable));
    assert!(matches!(refused(&conditional, None, weight(2.0)), Error::GuidanceWithoutClass));
    assert!(matches!(refused(&conditional, Some("upper"), weight(f64::NAN)), Error::Option { .. }));
    assert!(matches!(refused(&conditional, Some("middle"), weight(2.0)), Error::UnknownClass { .. }));
    let rescale = GuidanceOptions { rescale: Some(1.5), ..weight(2.0) };
    assert!(matches!(refused(&conditional, Some("upper"), rescale), Error::Option { .. }));
}

/// A generator can be used on another thread than the one that opened its model.
#[test]
fn a_model_draws_on_another_thread() {
    let model = model(&[]);
    let here = Generator::new(&model, GeneratorOptions::of(&model)).unwrap();
    let here = here.draw(&request(&model), &mut ()).unwrap().tensor().unwrap();
    let there = std::thread::spawn(move || {
        let generator = Generator::new(&model, GeneratorOptions::of(&model)).unwrap();
        generator.draw(&request(&model), &mut ()).unwrap().tensor().unwrap()
    });
    assert_eq!(there.join().unwrap().device(), Device::Cpu);
    assert_eq!(here.size(), [7, 2]);
}
