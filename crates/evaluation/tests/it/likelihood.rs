//! The bound and the flow of a model: against sums by hand, and what must not change them.

use std::ops::ControlFlow;
use tch::{Device, Kind, Tensor};
use tweedie_evaluation::likelihood::{
    BoundOptions, BoundVariance, Examples, Figure, ImageBound, ImageFlow, SolverError, bound_report,
    dequantized, divergence_for, flow_report, image_bounds, image_flows, solved_again, solver_error,
};
use tweedie_math::bound::{bits_per_dimension, kl_to_log_variance, prior_term};
use tweedie_math::decoder::{Grid, NormalCdf, discretised_log_likelihood};
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_math::{FirstVariance, FixedVariance, NoiseLevel, Parameterization, Schedule, reverse_steps};
use tweedie_models::{DataRange, Description, Model, Standardization, VariancePrediction, from_pixels};
use tweedie_networks::UNetConfig;
use tweedie_report::{Event, Progress};
use tweedie_samplers::{Denoiser, Divergence, FlowOptions, Spread};

const STEPS: usize = 12;

/// A network of a few thousand weights whose output is not zero at any level.
pub fn model(variance: VariancePrediction, change: impl Fn(&mut Description)) -> Model {
    let channels = if variance == VariancePrediction::None { 3 } else { 6 };
    let network = UNetConfig {
        out_channels: channels,
        down_block_types: vec!["DownBlock2D".into(), "AttnDownBlock2D".into()],
        up_block_types: vec!["AttnUpBlock2D".into(), "UpBlock2D".into()],
        block_out_channels: vec![8, 16],
        layers_per_block: 1,
        norm_num_groups: Some(4),
        ..UNetConfig::default()
    };
    let schedule = Schedule::Linear { beta_start: 0.002, beta_end: 0.6 };
    let mut description =
        Description { variance, ..Description::new(schedule, STEPS, Parameterization::Epsilon) };
    change(&mut description);
    let model = Model::new(&network, description, Device::Cpu, 0).unwrap();
    let weight = model.network().parameters().get("conv_out.weight").unwrap().shallow_clone();
    let mut numbers = Stream::new(Key { seed: 2, image: 0, purpose: Purpose(1000), visit: 0, draw: 0 });
    let values: Vec<f32> = (0..weight.numel()).map(|_| (0.03 * numbers.normal()) as f32).collect();
    tch::no_grad(|| weight.shallow_clone().copy_(&Tensor::from_slice(&values).reshape(weight.size())));
    model
}

/// Images of waves and of both ends of the range.
pub fn examples(n: u64) -> Examples {
    let byte = |i: u64| (127.5 + 180.0 * (0.05 * i as f64).sin()).clamp(0.0, 255.0) as u8;
    let bytes: Vec<u8> = (0..n * 192).map(|i| byte(i * (1 + i / 192))).collect();
    let x0 = from_pixels(&bytes, &[n as i64, 3, 8, 8], DataRange::default(), Device::Cpu).unwrap();
    Examples { x0, classes: None }
}

fn options(variance: BoundVariance) -> BoundOptions {
    BoundOptions {
        times: (1..=STEPS).rev().collect(),
        variance,
        first: FirstVariance::default(),
        cdf: NormalCdf::Exact,
        clip: true,
        at_once: 5,
        seed: 3,
    }
}

fn bounds(model: &Model, examples: &Examples, options: &BoundOptions) -> Vec<ImageBound> {
    image_bounds(model, examples, options, &mut ()).unwrap()
}

/// Bounds with a receiver of their progress.
pub fn bounds_with(model: &Model, examples: &Examples, progress: &mut dyn Progress) -> Vec<ImageBound> {
    image_bounds(model, examples, &options(BoundVariance::FixedLarge), progress).unwrap()
}

/// Likelihoods by the flow with a receiver of their progress, one image after another.
pub fn flows_with(model: &Model, examples: &Examples, progress: &mut dyn Progress) -> Vec<ImageFlow> {
    let options =
        FlowOptions { divergence: Divergence::Probes(1), tolerance: 1e-2, ..FlowOptions::default() };
    image_flows(model, examples, options, 1, 0, progress).unwrap()
}

fn numbers(x: &Tensor) -> Vec<f64> {
    Vec::<f64>::try_from(x.to_kind(Kind::Double).contiguous().flatten(0, -1)).unwrap()
}

/// A loop over t with one evaluation of the network each, and sums over pixels with the formulas of `math`.
fn by_hand(model: &Model, examples: &Examples, options: &BoundOptions, image: usize) -> (f64, Vec<f64>) {
    let levels: Vec<NoiseLevel> = (1..=STEPS).map(|t| model.process().level(t)).collect();
    let steps = reverse_steps(&levels, options.first).unwrap();
    let x0 = examples.x0.narrow(0, image as i64, 1);
    let truth = numbers(&x0);
    let term = |t: usize| {
        let (level, step) = (levels[t - 1], steps[t - 1]);
        let key = Key { seed: 3, image: image as u64, purpose: Purpose::EVALUATE, visit: t as u64, draw: 0 };
        let mut stream = Stream::new(key);
        let eps: Vec<f32> = truth.iter().map(|_| stream.normal() as f32).collect();
        let x = level.signal_rate() * &x0 + level.noise_rate() * Tensor::from_slice(&eps).reshape(x0.size());
        let denoised = tch::no_grad(|| model.denoise(&x, level.into())).unwrap();
        let guess = numbers(&denoised.x0.clamp(-1.0, 1.0));
        let spread = match &denoised.spread {
            Some(Spread::Range(v)) => numbers(v),
            _ => vec![f64::NAN; truth.len()],
        };
        let pixel = |j: usize| {
            let log_variance = match options.variance {
                BoundVariance::Learned => step.range_log_variance(spread[j]),
                BoundVariance::FixedSmall => step.log_variance(FixedVariance::FixedSmall),
                _ => step.log_variance(FixedVariance::FixedLarge),
            };
            if t == 1 {
                return -discretised_log_likelihood(
                    truth[j],
                    guess[j],
                    log_variance,
                    Grid::BYTES,
                    options.cdf,
                );
            }
            let difference = step.posterior.x0_coefficient * (truth[j] - guess[j]);
            kl_to_log_variance(difference, step.posterior.variance.ln(), log_variance)
        };
        (0..truth.len()).map(pixel).sum::<f64>()
    };
    let prior = truth.iter().map(|&x0| prior_term(x0, levels[STEPS - 1], 1.0)).sum();
    (prior, (1..=STEPS).map(term).collect())
}

#[test]
fn the_bound_is_a_loop_over_t() {
    for (learned, variance) in [
        (VariancePrediction::None, BoundVariance::FixedSmall),
        (VariancePrediction::None, BoundVariance::FixedLarge),
        (VariancePrediction::Range, BoundVariance::Learned),
    ] {
        let (model, examples, options) = (model(learned, |_| {}), examples(3), options(variance));
        let found = bounds(&model, &examples, &options);
        assert_eq!(found.len(), 3);
        for (image, found) in found.iter().enumerate() {
            let (prior, terms) = by_hand(&model, &examples, &options, image);
            assert!((found.bound.prior - prior).abs() < 1e-9 * prior);
            for (t, (found, expected)) in found.bound.steps.iter().zip(terms).enumerate() {
                // The network in another batch differs by f32's roundings.
                assert!((found - expected).abs() < 1e-4 * expected.abs() + 1e-4, "t = {}", t + 1);
            }
        }
    }
}

/// How many levels are computed at once, the order of the times and the other images change nothing but roundings.
#[test]
fn what_is_computed_together_does_not_matter() {
    let (model, three) = (model(VariancePrediction::Range, |_| {}), examples(3));
    let whole = bounds(&model, &three, &options(BoundVariance::Learned));
    let mut others = options(BoundVariance::Learned);
    others.times.reverse();
    others.at_once = 64;
    let first = Examples { x0: three.x0.narrow(0, 0, 1), classes: None };
    for (found, expected) in bounds(&model, &three, &others)
        .iter()
        .chain(&bounds(&model, &first, &others))
        .zip(whole.iter().chain(&whole))
    {
        let (found, expected) = (found.bound.total(), expected.bound.total());
        assert!((found - expected).abs() < 1e-5 * expected, "{found} against {expected}");
    }
}

/// A sub-sequence is the process re-derived: terms of neighbours that were kept are what they were, up to the first.
#[test]
fn a_sub_sequence_keeps_its_steps() {
    let model = model(VariancePrediction::None, |_| {});
    let (examples, all) = (examples(2), options(BoundVariance::FixedLarge));
    let some = BoundOptions { times: vec![12, 4, 8, 7], ..all.clone() };
    for (whole, part) in bounds(&model, &examples, &all).iter().zip(bounds(&model, &examples, &some)) {
        assert_eq!(part.bound.steps.len(), 4);
        let (found, expected) = (part.bound.steps[2], whole.bound.steps[7]);
        assert!(
            (found - expected).abs() < 1e-5 * expected,
            "the step from 8 to 7: {found} against {expected}"
        );
        assert!((part.bound.prior - whole.bound.prior).abs() < 1e-12);
        assert!((part.x0_errors[3] - whole.x0_errors[11]).abs() < 1e-6);
    }
}

/// With the error of x̂_0 measured on these very images, the optimal variance is the best of all: each level's sum is below that of
/// both fixed ones.
#[test]
fn the_optimal_variance_is_the_best_of_a_kind() {
    let (model, examples) = (model(VariancePrediction::None, |_| {}), examples(6));
    let sums = |variance: BoundVariance| -> Vec<f64> {
        let found = bounds(&model, &examples, &options(variance));
        (1..STEPS).map(|i| found.iter().map(|it| it.bound.steps[i]).sum()).collect()
    };
    let measured = bounds(&model, &examples, &options(BoundVariance::FixedLarge));
    let errors = (0..STEPS).map(|i| measured.iter().map(|it| it.x0_errors[i]).sum::<f64>() / 6.0).collect();
    let optimal = sums(BoundVariance::Optimal(errors));
    for other in [sums(BoundVariance::FixedSmall), sums(BoundVariance::FixedLarge)] {
        for (optimal, other) in optimal.iter().zip(other) {
            assert!(*optimal <= other * (1.0 + 1e-6), "{optimal} against {other}");
        }
    }
}

/// It ends after the image at which the progress breaks, and returns the finished images.
#[test]
fn it_can_be_stopped() {
    let model = model(VariancePrediction::None, |_| {});
    let mut left = 2;
    let mut stop = |event: &Event<'_>| {
        left -= i32::from(matches!(event, Event::Step { figure: Some(_), .. }));
        if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let found = image_bounds(&model, &examples(4), &options(BoundVariance::FixedLarge), &mut stop).unwrap();
    assert_eq!(found.len(), 2);
    let none = image_bounds(&model, &examples(1), &options(BoundVariance::Learned), &mut ());
    assert!(none.unwrap_err().to_string().contains("learned reverse variance"));
}

/// Arrays have densities: measured in units twice as large, a value has ln 2 nats less.
#[test]
fn arrays_are_judged_in_their_own_units() {
    let with = |scale: f64| {
        let arrays = |description: &mut Description| {
            description.about.standardization =
                Some(Standardization { mean: vec![0.0; 3], scale: vec![scale; 3] });
        };
        let model = model(VariancePrediction::None, arrays);
        let bound = bounds(&model, &examples(1), &options(BoundVariance::FixedLarge))[0].bound.clone();
        let flow = FlowOptions { tolerance: 1e-3, ..FlowOptions::default() };
        let flow = image_flows(&model, &examples(1), flow, 1, 0, &mut ()).unwrap();
        (bound, flow[0].log_likelihood[0])
    };
    let ((one, flow_one), (two, flow_two)) = (with(1.0), with(2.0));
    let more = 192.0 * 2.0f64.ln();
    assert!((two.distortion() - one.distortion() - more).abs() < 1e-6);
    assert!((two.rate() - one.rate()).abs() < 1e-9);
    assert!((flow_one - flow_two - more).abs() < 1e-6);
}

#[test]
fn a_report_sums_up() {
    let (model, examples) = (model(VariancePrediction::None, |_| {}), examples(5));
    let options = options(BoundVariance::FixedLarge);
    let found = bounds(&model, &examples, &options);
    let report = bound_report(&found, 192, &options, model.process(), Some(2.0), true);
    let totals: Vec<f64> = found.iter().map(|it| bits_per_dimension(it.bound.total(), 192)).collect();
    assert_eq!(report.of_images.iter().map(|it| it.total).collect::<Vec<_>>(), totals);
    for it in &report.of_images {
        let sum = it.prior + it.terms.as_ref().unwrap().iter().sum::<f64>();
        assert!((sum - it.total).abs() < 1e-12 && (it.rate + it.distortion - it.total).abs() < 1e-12);
    }
    assert_eq!(report.total, Figure::of(&totals));
    assert!((report.rate.mean + report.distortion.mean - report.total.mean).abs() < 1e-12);
    let sum: f64 = report.levels.iter().map(|level| level.term.mean).sum::<f64>() + report.prior.mean;
    assert!((sum - report.total.mean).abs() < 1e-12);
    assert_eq!(
        report.levels.iter().map(|level| level.time).collect::<Vec<_>>(),
        (1..=STEPS).collect::<Vec<_>>()
    );
    let text = report.to_string();
    assert!(text.contains("distortion") && text.contains("±"), "{text}");
    assert_eq!(Figure::of(&[1.0, 3.0]), Figure { mean: 2.0, error: Some(1.0) });
    assert_eq!(Figure::of(&[2.0]).error, None);
}

/// The flow of a network: the products with its Jacobian are central differences, and probes agree with the exact divergence.
#[test]
fn the_flow_of_a_network_is_solved() {
    // A corner of 4×4, because an exact divergence needs one product per value, here 48.
    let (model, whole) = (model(VariancePrediction::None, |_| {}), examples(1));
    let one = Examples { x0: whole.x0.narrow(2, 0, 4).narrow(3, 0, 4), classes: None };
    let flow = |divergence, tolerance| {
        let options = FlowOptions { divergence, tolerance, ..FlowOptions::default() };
        image_flows(&model, &one, options, 1, 5, &mut ()).unwrap().remove(0)
    };
    let exact = flow(Divergence::Exact, 1e-4);
    assert!(exact.log_likelihood.len() == 1);
    let finer = flow(Divergence::Exact, 1e-5);
    let (a, b) = (exact.log_likelihood[0], finer.log_likelihood[0]);
    assert!((a - b).abs() < 0.1, "{a} and {b} with a tenth of the tolerance");
    let probes = flow(Divergence::Probes(64), 1e-4).log_likelihood;
    let mean = probes.iter().sum::<f64>() / 64.0;
    let error = (probes.iter().map(|p| (p - mean).powi(2)).sum::<f64>() / 63.0 / 64.0).sqrt();
    assert!((mean - b).abs() < 5.0 * error + 0.1, "{mean} ± {error} against {b}");
}

/// The error of the solver is the difference to a much tighter solution, within a factor of two: the mean over every 8th image.
#[test]
fn the_error_of_the_solver_is_measured() {
    let (model, whole) = (model(VariancePrediction::None, |_| {}), examples(9));
    let some = Examples { x0: whole.x0.narrow(2, 0, 4).narrow(3, 0, 4), classes: None };
    let with =
        |tolerance| FlowOptions { divergence: Divergence::Probes(1), tolerance, ..FlowOptions::default() };
    let flows = |tolerance| image_flows(&model, &some, with(tolerance), 4, 5, &mut ()).unwrap();
    let (found, truth) = (flows(1e-3), flows(1e-5));
    let error = solver_error(&model, &some, &found, with(1e-3), 5, &mut ()).unwrap().unwrap();
    assert_eq!((error.images, error.tolerance), (2, 1e-4));
    let difference =
        |i: usize| bits_per_dimension(truth[i].log_likelihood[0] - found[i].log_likelihood[0], 48);
    let (one, mean) =
        ((difference(0).abs() + difference(8).abs()) / 2.0, (difference(0) + difference(8)) / 2.0);
    assert!((0.5..2.0).contains(&(error.of_one / one)), "{error:?} against {one:e}");
    assert!((error.of_mean - mean).abs() < 0.5 * one, "{error:?} against {mean:e}");
    // f32 does not resolve a tenth of 1e-6.
    assert_eq!(solver_error(&model, &some, &truth, with(1e-6), 5, &mut ()).unwrap(), None);
    // After a break there is no figure, or one of the images so far.
    let mut stop = |_: &Event<'_>| ControlFlow::Break(());
    assert_eq!(solver_error(&model, &some, &found, with(1e-3), 5, &mut stop).unwrap(), None);
}

/// Every 8th image is solved again, at least one and at most 16.
#[test]
fn some_images_are_solved_again() {
    for (n, count) in
        [(0, 0), (1, 1), (8, 1), (9, 2), (64, 8), (128, 16), (129, 15), (1000, 16), (100_000, 16)]
    {
        assert_eq!(solved_again(n).count(), count, "of {n}");
    }
}

/// Bytes stay within their bins, moved evenly and by the image's number alone.
#[test]
fn dequantized_bytes_stay_in_their_bins() {
    let x0 = examples(4).x0;
    let moved = dequantized(&x0, DataRange::default(), 7).unwrap();
    let shift = (&moved - &x0) * 127.5;
    assert!(shift.abs().max().double_value(&[]) <= 0.5 + 1e-4);
    // The mean of 768 uniform numbers: five standard errors are 5·.289/√768.
    assert!(shift.mean(Kind::Double).double_value(&[]).abs() < 0.053);
    assert!(dequantized(&x0.narrow(0, 0, 2), DataRange::default(), 7).unwrap().equal(&moved.narrow(0, 0, 2)));
}

#[test]
fn the_flows_report_says_its_offset_and_errors() {
    assert_eq!(divergence_for(64, None), Divergence::Exact);
    assert_eq!(divergence_for(65, None), Divergence::Probes(1));
    assert_eq!(divergence_for(12, Some(3)), Divergence::Probes(3));
    let flows = [[-100.0, -110.0], [-120.0, -120.0]]
        .map(|log_likelihood| ImageFlow { log_likelihood: log_likelihood.to_vec() });
    let error = SolverError { images: 1, tolerance: 1e-5, of_one: 1.2e-3, of_mean: -3e-4 };
    let report =
        flow_report(&flows, 10, Divergence::Probes(2), Some(DataRange::default()), Some(error.clone()));
    // −log₂(2/255), and the density's bits: 105 and 120 nats over ten values.
    let bits = |nats: f64| nats / 10.0 / std::f64::consts::LN_2;
    assert!((report.offset - 127.5f64.log2()).abs() < 1e-12);
    assert!((report.total.mean - (report.offset + bits(112.5))).abs() < 1e-9);
    assert_eq!(report.solver_error, Some(error));
    // The first image's two probes have a standard error of 5, the second's of 0: 5/2 over the two.
    assert!((report.probe_error.unwrap() - bits(2.5)).abs() < 1e-12);
    let arrays = flow_report(&flows, 10, Divergence::Exact, None, None);
    assert!(arrays.offset == 0.0 && arrays.probes.is_none());
    let (bytes, arrays) = (report.to_string(), arrays.to_string());
    for part in [
        "an upper bound for bytes, estimated with random probes",
        "1.2e-3 for one image",
        "-3.0e-4 for the mean",
        "1e-5, on 1 of the 2 images",
    ] {
        assert!(bytes.contains(part), "`{part}` is not in\n{bytes}");
    }
    assert!(
        !arrays.contains("bound") && !arrays.contains("probes") && arrays.contains("was not measured"),
        "{arrays}"
    );
}
