//! The verdict on samples.

use crate::{SHAPE, images};
use tweedie_data::Shape;
use tweedie_evaluation::{Error, Extractor, Images, SamplesReport, Scatter, judge_samples};
use tweedie_math::random::{Key, Purpose, Stream};

fn judged(samples: &[Vec<u8>], real: &[Vec<u8>], reference: &[Vec<u8>]) -> Result<SamplesReport, Error> {
    let judge = Extractor::pixels(&images(0, 200), SHAPE).unwrap();
    let images =
        Images { samples, real, reference, requested: None, labels: None, matched: None, shape: SHAPE };
    judge_samples(&images, &judge)
}

/// The mean and the deviation of a figure over sets of real images.
fn over(reports: &[SamplesReport], of: impl Fn(&SamplesReport) -> f64) -> Scatter {
    Scatter::of(&reports.iter().map(of).collect::<Vec<_>>())
}

/// Sets of real images as samples score what the floor states: 24 sets have its mean within five standard errors of both, and its
/// deviation within a factor of 2.5. One set need not be above the mean.
#[test]
fn samples_that_are_data_score_the_floor() {
    let (real, reference) = (images(1000, 100), images(0, 300));
    let reports: Vec<SamplesReport> =
        (0..24).map(|k| judged(&images(5000 + 100 * k, 100), &real, &reference).unwrap()).collect();
    let floor = reports[0].floor;
    assert_eq!((reports[0].n, reports[0].reference, floor.splits, floor.matched), (100, 300, 8, false));
    assert_eq!((reports[0].confidence, reports[0].real_confidence), (None, None));
    for (name, found, floor) in [
        ("Fréchet", over(&reports, |it| it.samples.frechet), floor.frechet),
        ("kernel", over(&reports, |it| it.samples.kernel.value), floor.kernel),
        ("precision", over(&reports, |it| it.samples.manifold.precision), floor.precision),
        ("recall", over(&reports, |it| it.samples.manifold.recall), floor.recall),
        ("nearest", over(&reports, |it| it.samples.nearest), floor.nearest),
    ] {
        // The sets share one reference of 300, whose own deviation is √(100/300) of theirs, and the splits one pool.
        let error = found.deviation * (1.0 / 24.0 + 1.0 / 3.0f64).sqrt() + floor.deviation / 8f64.sqrt();
        assert!((found.mean - floor.mean).abs() < 5.0 * error, "{name}: {found} against {floor}");
        let ratio = floor.deviation / found.deviation;
        assert!((0.4..2.5).contains(&ratio), "{name}: {found} against {floor}");
    }
    let below = reports.iter().filter(|it| it.samples.frechet < floor.frechet.mean).count();
    assert!((1..24).contains(&below), "{below} of 24 sets are below the mean of the floor");
}

/// The floor of samples drawn class by class: without the chance of the classes, real images are nearer to the data. Here the class
/// determines nearly all of an image.
#[test]
fn the_floor_keeps_the_classes() {
    let mut numbers = Stream::new(Key { seed: 3, image: 0, purpose: Purpose::EVALUATE, visit: 0, draw: 0 });
    let mut image = |class: i64| -> Vec<u8> {
        (0..SHAPE.n_values()).map(|_| (60.0 * class as f64 + 30.0 * numbers.uniform()) as u8).collect()
    };
    let by_class = |n: i64| (0..n).map(|i| i % 4).collect::<Vec<i64>>();
    let (own, others) = (by_class(80), by_class(800));
    let real: Vec<Vec<u8>> = own.iter().map(|class| image(*class)).collect();
    let reference: Vec<Vec<u8>> = others.iter().map(|class| image(*class)).collect();
    let judge = Extractor::pixels(&reference, SHAPE).unwrap();
    let floor = |matched: bool| {
        let matched = matched.then_some(&others[..]);
        let (samples, requested, labels) = (&real[..], None, Some(&own[..]));
        let images =
            Images { samples, real: &real, reference: &reference, requested, labels, matched, shape: SHAPE };
        judge_samples(&images, &judge).unwrap().floor
    };
    let (matched, natural) = (floor(true), floor(false));
    assert!(matched.matched && !natural.matched);
    assert!(matched.frechet.mean < 0.5 * natural.frechet.mean, "{} {}", matched.frechet, natural.frechet);
    assert!(matched.frechet.deviation < 0.5 * natural.frechet.deviation);
}

#[test]
fn damage_is_told_from_data() {
    let (real, reference) = (images(1000, 100), images(0, 300));
    let inverted: Vec<Vec<u8>> = real.iter().map(|it| it.iter().map(|v| v / 2 + 60).collect()).collect();
    let report = judged(&inverted, &real, &reference).unwrap();
    let (found, floor) = (report.samples, report.floor);
    assert!(found.frechet > 2.0 * floor.frechet.mean, "{found:?} {floor:?}");
    assert!(found.kernel.value > floor.kernel.mean + 5.0 * found.kernel.error);
    let collapsed = vec![real[0].clone(); 100];
    let report = judged(&collapsed, &real, &reference).unwrap();
    assert!(report.samples.manifold.recall < 0.1 * report.floor.recall.mean, "{report:?}");
}

/// Images learned by heart stand first among the pairs, with where they are from.
#[test]
fn copies_are_shown_first() {
    let reference = images(0, 300);
    let mut samples = images(1000, 60);
    samples[7] = reference[123].clone();
    samples[40] = reference[5].clone();
    let pairs = judged(&samples, &images(2000, 60), &reference).unwrap().pairs;
    assert_eq!(pairs.len(), 60);
    let mut copies = [(pairs[0].0, pairs[0].1), (pairs[1].0, pairs[1].1)];
    copies.sort();
    assert_eq!(copies, [(7, 123), (40, 5)]);
    assert!(pairs[1].2 < 1e-4 && pairs[2].2 > 1e-2, "{:?}", &pairs[..3]);
    assert!(pairs.is_sorted_by(|a, b| a.2 <= b.2));
    let mut seen: Vec<usize> = pairs.iter().map(|pair| pair.0).collect();
    seen.sort();
    assert_eq!(seen, (0..60).collect::<Vec<_>>());
}

#[test]
fn the_report_reads_as_a_table_and_as_json() {
    let report = judged(&images(1000, 60), &images(2000, 60), &images(0, 90)).unwrap();
    let text = report.to_string();
    for part in [
        "60 samples",
        "90 reference images",
        "64 principal components",
        "floor (8 splits)",
        "recall",
        "mean ± standard deviation",
    ] {
        assert!(text.contains(part), "`{part}` is missing from\n{text}");
    }
    assert!(!text.contains("confidence"));
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let (some, few) = (images(0, 60), images(0, 39));
    for (samples, real, reference, needed) in
        [(&few, &some, &some, 40), (&some, &few, &some, 60), (&some, &some, &few, 40)]
    {
        let error = judged(samples, real, reference).unwrap_err();
        assert!(matches!(error, Error::TooFew { found: 39, needed: n, .. } if n == needed), "{error}");
    }
    let judge = Extractor::pixels(&some, SHAPE).unwrap();
    let shape = Shape { channels: 1, ..SHAPE };
    let images = Images {
        samples: &some,
        real: &some,
        reference: &some,
        requested: None,
        labels: None,
        matched: None,
        shape,
    };
    assert!(judge_samples(&images, &judge).is_err(), "bytes of three channels as one");
}
