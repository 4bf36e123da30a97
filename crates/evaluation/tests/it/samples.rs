//! The verdict on samples.

use crate::{SHAPE, images};
use tweedie_data::Shape;
use tweedie_evaluation::{Error, Extractor, Images, SamplesReport, judge_samples};

fn judged(samples: &[Vec<u8>], real: &[Vec<u8>], reference: &[Vec<u8>]) -> Result<SamplesReport, Error> {
    let judge = Extractor::pixels(&images(0, 200), SHAPE).unwrap();
    let images = Images { samples, real, reference, requested: None, labels: None, shape: SHAPE };
    judge_samples(&images, &judge)
}

/// Real images as samples score what the floor scores.
#[test]
fn samples_that_are_data_score_the_floor() {
    let (real, reference) = (images(1000, 100), images(0, 300));
    let report = judged(&real, &real, &reference).unwrap();
    assert_eq!(report.samples, report.floor);
    assert_eq!((report.n, report.reference), (100, 300));
    assert_eq!((report.confidence, report.real_confidence), (None, None));
    assert!(report.floor.frechet > 0.0 && report.floor.nearest > 0.0);
    // Other images of the same set: as far as the floor within what chance makes of 100.
    let other = judged(&images(5000, 100), &real, &reference).unwrap();
    let (found, floor) = (other.samples, other.floor);
    assert!((found.frechet / floor.frechet - 1.0).abs() < 0.5, "{found:?} {floor:?}");
    assert!(
        (found.kernel.value - floor.kernel.value).abs() < 5.0 * (found.kernel.error + floor.kernel.error)
    );
}

#[test]
fn damage_is_told_from_data() {
    let (real, reference) = (images(1000, 100), images(0, 300));
    let inverted: Vec<Vec<u8>> = real.iter().map(|it| it.iter().map(|v| v / 2 + 60).collect()).collect();
    let report = judged(&inverted, &real, &reference).unwrap();
    let (found, floor) = (report.samples, report.floor);
    assert!(found.frechet > 2.0 * floor.frechet, "{found:?} {floor:?}");
    assert!(found.kernel.value > floor.kernel.value + 5.0 * found.kernel.error);
    let collapsed = vec![real[0].clone(); 100];
    let report = judged(&collapsed, &real, &reference).unwrap();
    assert!(report.samples.manifold.recall < 0.1 * report.floor.manifold.recall, "{report:?}");
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
    for part in ["60 samples", "90 reference images", "64 principal components", "the floor", "recall"] {
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
    let images =
        Images { samples: &some, real: &some, reference: &some, requested: None, labels: None, shape };
    assert!(judge_samples(&images, &judge).is_err(), "bytes of three channels as one");
}
