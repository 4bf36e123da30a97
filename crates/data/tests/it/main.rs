//! Data sets: what they hold, in which order it comes, and what the analyser reads back from pixels.

mod analyser;
mod archives;
mod arrays;
mod bad_files;
mod cache;
mod captions;
mod careful;
mod cifar;
mod class_folders;
mod contents;
mod damaged;
mod decode;
mod decoded;
mod fit;
mod folders;
mod fuzz;
mod fuzz_time;
mod histogram;
mod idx;
mod label_files;
mod loader;
mod make;
mod mapped;
mod mnist;
mod nouns;
mod order;
mod orientation;
mod point_files;
mod point_tables;
mod points;
mod real_images;
mod refusals;
mod shapes;
mod split;

use tweedie_data::shapes::{BACKGROUNDS, Figure};
use tweedie_data::{Dataset, Shape, Shapes};
use tweedie_math::random::{Key, Purpose, Stream};

/// Heights and widths at which the analyser is measured, with how much of the full number of images: large images
/// take long.
const SIDES: [(usize, usize, u64); 3] = [(16, 16, 4), (12, 20, 2), (32, 32, 1)];

/// Random numbers of a test's own.
fn stream(image: u64) -> Stream {
    Stream::new(Key { seed: 20_061_865, image, purpose: Purpose::EVALUATE, visit: 0, draw: 0 })
}

/// The built-in set at a size.
fn shapes(height: usize, width: usize) -> Shapes {
    Shapes::new(height, width, 5).unwrap()
}

fn shape(height: usize, width: usize) -> Shape {
    Shape { channels: 3, height, width }
}

/// An image with Gaussian noise of the given deviation, values in [0, 1], rounded back to bytes.
fn with_noise(image: &[u8], deviation: f64, at: u64) -> Vec<u8> {
    let mut numbers = stream(at);
    let noisy =
        |value: u8| (f64::from(value) + 255.0 * deviation * numbers.normal()).round().clamp(0.0, 255.0);
    image.iter().copied().map(noisy).map(|value| value as u8).collect()
}

/// The grey value of a background; the palette's backgrounds are all grey.
fn paper(figure: &Figure) -> u8 {
    BACKGROUNDS[figure.background].1[0]
}

/// Asserts that a count is within five standard errors of what its probability makes likely.
#[track_caller]
fn likely(count: usize, n: usize, probability: f64) {
    let expected = n as f64 * probability;
    let error = (expected * (1.0 - probability)).sqrt();
    let off = (count as f64 - expected).abs();
    assert!(off <= 5.0 * error, "{count} of {n} where {expected:.1} ± {error:.1} are expected");
}

/// Image `index` of a set.
fn image(set: &dyn Dataset, index: u64) -> Vec<u8> {
    set.get(index).unwrap().image().to_vec()
}
