//! Images of any size brought to the set's.

use proptest::prelude::*;
use tweedie_data::{Fit, Pixels, Shape, fit};

const ALL: [Fit; 3] = [Fit::Crop, Fit::Pad, Fit::Stretch];
const BLUE: [u8; 3] = [10, 20, 250];

fn shape(channels: usize, height: usize, width: usize) -> Shape {
    Shape { channels, height, width }
}

/// An image whose bytes follow from place and channel.
fn image(channels: usize, height: usize, width: usize, value: impl Fn(usize, usize, usize) -> u8) -> Pixels {
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
    let bytes = places.flat_map(|(y, x)| (0..channels).map(move |c| (y, x, c)));
    Pixels { channels, height, width, bytes: bytes.map(|(y, x, c)| value(y, x, c)).collect() }
}

fn busy(channels: usize, height: usize, width: usize) -> Pixels {
    image(channels, height, width, |y, x, c| (x * 41 + y * y * 7 + c * 90 + x * y) as u8)
}

fn mirrored(image: &Pixels) -> Pixels {
    let rows = image.bytes.chunks_exact(image.width * image.channels);
    let bytes = rows.flat_map(|row| row.chunks_exact(image.channels).rev().flatten().copied()).collect();
    Pixels { bytes, ..image.clone() }
}

#[test]
fn an_image_of_the_right_size_is_left_as_it_is() {
    for how in ALL {
        for channels in [1, 3] {
            let shown = busy(channels, 7, 5);
            let planes = fit(&shown, shape(channels, 7, 5), how, BLUE).unwrap();
            for (at, &value) in planes.iter().enumerate() {
                assert_eq!(value, shown.bytes[at % 35 * channels + at / 35], "{how:?}");
            }
        }
    }
}

/// Left third dark, middle third grey, right third bright; and the same from top to bottom.
fn thirds(height: usize, width: usize, across: bool) -> Pixels {
    image(1, height, width, |y, x, _| [0, 120, 240][if across { 3 * x / width } else { 3 * y / height }])
}

#[test]
fn crop_keeps_the_middle() {
    for across in [true, false] {
        let (height, width) = if across { (20, 60) } else { (60, 20) };
        let square = fit(&thirds(height, width, across), shape(1, 20, 20), Fit::Crop, BLUE).unwrap();
        assert_eq!(square, [120; 400], "{across}");
        // Half the size: only the filter's lobes reach into the neighbours.
        let small = fit(&thirds(height, width, across), shape(1, 10, 10), Fit::Crop, BLUE).unwrap();
        let inner = |at: usize| (3..7).contains(&(at % 10)) && (3..7).contains(&(at / 10));
        assert!((0..100).filter(|&at| inner(at)).all(|at| small[at].abs_diff(120) <= 1), "{small:?}");
    }
}

#[test]
fn crop_to_a_wide_frame_cuts_above_and_below() {
    let planes = fit(&thirds(30, 30, false), shape(1, 10, 30), Fit::Crop, BLUE).unwrap();
    assert_eq!(planes, [120; 300]);
    let planes = fit(&thirds(30, 30, true), shape(1, 30, 10), Fit::Crop, BLUE).unwrap();
    assert_eq!(planes, [120; 300]);
}

#[test]
fn pad_shows_the_whole_image_on_the_background() {
    for (height, width) in [(10, 20), (20, 10), (5, 10), (40, 20)] {
        let shown = image(3, height, width, |_, _, _| 90);
        let planes = fit(&shown, shape(3, 20, 20), Fit::Pad, BLUE).unwrap();
        for (at, &value) in planes.iter().enumerate() {
            let (channel, row, column) = (at / 400, at / 20 % 20, at % 20);
            let across = if height < width { row } else { column };
            let expected = if (5..15).contains(&across) { 90 } else { BLUE[channel] };
            assert_eq!(value, expected, "{height}×{width}, row {row}, column {column}");
        }
    }
}

#[test]
fn the_thinnest_image_is_still_seen() {
    for (height, width) in [(1, 1000), (1000, 1)] {
        let planes = fit(&image(1, height, width, |_, _, _| 200), shape(1, 8, 8), Fit::Pad, [0; 3]).unwrap();
        assert_eq!(planes.iter().filter(|&&value| value == 200).count(), 8);
        assert_eq!(planes.iter().filter(|&&value| value == 0).count(), 56);
    }
}

#[test]
fn stretch_keeps_every_part() {
    for across in [true, false] {
        let planes = fit(&thirds(30, 60, across), shape(1, 24, 24), Fit::Stretch, BLUE).unwrap();
        for (part, expected) in [(4, 0), (12, 120), (20, 240)] {
            let at = if across { 12 * 24 + part } else { part * 24 + 12 };
            assert!(planes[at].abs_diff(expected) <= 1, "{across}: {} instead of {expected}", planes[at]);
        }
    }
}

/// A filter without widening would pick every eighth column, all of one value.
#[test]
fn nothing_aliases() {
    let stripes = image(1, 64, 64, |_, x, _| if x % 2 == 0 { 0 } else { 255 });
    let planes = fit(&stripes, shape(1, 8, 8), Fit::Crop, BLUE).unwrap();
    assert!(planes.iter().all(|value| value.abs_diff(128) <= 8), "{planes:?}");
}

#[test]
fn modes_are_written_in_lower_case() {
    let names = ALL.map(|how| serde_json::to_string(&how).unwrap());
    assert_eq!(names, ["\"crop\"", "\"pad\"", "\"stretch\""]);
    assert_eq!(Fit::default(), Fit::Crop);
}

fn side() -> impl Strategy<Value = usize> {
    prop_oneof![1usize..8, 1usize..80]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn constant_images_stay_constant(
        sides in [side(), side()], to in [side(), side()], value in any::<u8>(), colour in any::<bool>(),
    ) {
        let channels = if colour { 3 } else { 1 };
        let shown = image(channels, sides[0], sides[1], |_, _, _| value);
        for how in ALL {
            let planes = fit(&shown, shape(channels, to[0], to[1]), how, [value; 3]).unwrap();
            prop_assert_eq!(planes, vec![value; channels * to[0] * to[1]], "{:?}", how);
        }
    }

    /// Where the frame's border does not fall between two pixels (a padded image's may), up to a rounding.
    #[test]
    fn mirroring_commutes_with_fitting(sides in [side(), side()], to in [side(), side()]) {
        let shown = busy(3, sides[0], sides[1]);
        for how in [Fit::Crop, Fit::Stretch] {
            let of = |shown: &Pixels| fit(shown, shape(3, to[0], to[1]), how, BLUE).unwrap();
            let (mut after, before) = (of(&shown), of(&mirrored(&shown)));
            after.chunks_exact_mut(to[1]).for_each(<[u8]>::reverse);
            let off = after.iter().zip(&before).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
            prop_assert!(off <= 2, "{:?}: off by {}", how, off);
        }
    }
}
