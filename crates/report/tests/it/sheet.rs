//! Sheets: their size, where images and labels stand.

use crate::pixel;
use tweedie_report::{Canvas, Sheet, sheet};

const INK: [u8; 3] = [30, 30, 30];
const PAPER: [u8; 3] = [255; 3];

/// Images of a colour of their own with a dark first pixel; none of them is ink, paper or frame.
fn images(n: usize, [channels, height, width]: [usize; 3]) -> Vec<Vec<u8>> {
    let value = |i: usize, at: usize| if at.is_multiple_of(height * width) { 5 } else { (40 + i) as u8 };
    (0..n).map(|i| (0..channels * height * width).map(|at| value(i, at)).collect()).collect()
}

/// The left upper corner of image `i`: its dark pixel's.
fn corner(canvas: &Canvas, i: usize, zoom: usize) -> (usize, usize) {
    let all = (0..canvas.height).flat_map(|y| (0..canvas.width).map(move |x| (x, y)));
    let dark: Vec<_> = all.filter(|&(x, y)| pixel(canvas, x, y) == [5; 3]).collect();
    let colour = [(40 + i) as u8; 3];
    let found =
        dark.into_iter().find(|&(x, y)| x + zoom < canvas.width && pixel(canvas, x + zoom, y) == colour);
    let (x, y) = found.unwrap();
    // The first of its row and column.
    let left = (0..=x).rev().find(|&left| left == 0 || pixel(canvas, left - 1, y) != [5; 3]).unwrap();
    (left, y)
}

fn inked(canvas: &Canvas) -> Vec<(usize, usize)> {
    let all = (0..canvas.height).flat_map(|y| (0..canvas.width).map(move |x| (x, y)));
    all.filter(|&(x, y)| pixel(canvas, x, y) == INK).collect()
}

#[test]
fn every_pixel_of_every_image_is_in_its_place() {
    let shape = [3, 5, 8];
    let images: Vec<Vec<u8>> = (0..6).map(|i| (0..120).map(|at| (i * 31 + at * 3) as u8).collect()).collect();
    let layout = Sheet { columns: 3, zoom: 2, ..Sheet::default() };
    let canvas = sheet(&images, shape, &layout);
    // Three columns of 16 pixels, two rows of 10, two pixels between and around.
    assert_eq!((canvas.width, canvas.height), (3 * 18 + 2, 2 * 12 + 2));
    for (i, image) in images.iter().enumerate() {
        let (left, top) = (2 + i % 3 * 18, 2 + i / 3 * 12);
        for (x, y) in (0..10).flat_map(|y| (0..16).map(move |x| (x, y))) {
            let at = y / 2 * 8 + x / 2;
            let expected = [image[at], image[40 + at], image[80 + at]];
            assert_eq!(pixel(&canvas, left + x, top + y), expected, "image {i} at {x}, {y}");
        }
        // A frame around it, so that white images end somewhere.
        for (x, y) in [(left - 1, top - 1), (left + 16, top), (left + 3, top + 10), (left - 1, top + 4)] {
            let frame = pixel(&canvas, x, y);
            assert!(frame != PAPER && frame != INK, "{frame:?}");
        }
    }
}

#[test]
fn columns_and_zoom_are_chosen() {
    let size = |n: usize, side: usize, layout: &Sheet| {
        let canvas = sheet(&images(n, [3, side, side]), [3, side, side], layout);
        (canvas.width, canvas.height)
    };
    let auto = Sheet::default();
    // About a square, of images about as large as can be seen.
    assert_eq!(size(9, 16, &auto), (3 * 66 + 2, 3 * 66 + 2));
    assert_eq!(size(10, 16, &auto), (4 * 66 + 2, 3 * 66 + 2));
    assert_eq!(size(1, 8, &auto), (34 + 2, 34 + 2));
    assert_eq!(size(2, 32, &auto), (2 * 66 + 2, 66 + 2));
    assert_eq!(size(4, 64, &auto), (2 * 66 + 2, 2 * 66 + 2));
    assert_eq!(size(1, 100, &auto), (104, 104));
    // No more columns than images; a row that is not full takes its room.
    assert_eq!(size(2, 16, &Sheet { columns: 8, zoom: 1, ..Sheet::default() }), (2 * 18 + 2, 18 + 2));
    assert_eq!(size(5, 16, &Sheet { columns: 4, zoom: 1, ..Sheet::default() }), (4 * 18 + 2, 2 * 18 + 2));
}

#[test]
fn a_sheet_without_images_is_paper() {
    let title = vec!["nothing here".to_string()];
    let canvas = sheet(&[], [3, 16, 16], &Sheet { title, ..Sheet::default() });
    assert!(canvas.width > 0 && canvas.height > 0);
    assert!(!inked(&canvas).is_empty());
    let canvas = sheet(&[], [3, 16, 16], &Sheet::default());
    assert!(canvas.pixels.iter().all(|&value| value == 255));
}

#[test]
fn one_channel_is_grey() {
    let canvas = sheet(&[vec![10, 20, 30, 40]], [1, 2, 2], &Sheet { zoom: 1, ..Sheet::default() });
    let found = [(2, 2), (3, 2), (2, 3), (3, 3)].map(|(x, y)| pixel(&canvas, x, y));
    assert_eq!(found, [[10; 3], [20; 3], [30; 3], [40; 3]]);
}

#[test]
fn labels_stand_under_their_images() {
    let shape = [1, 16, 16];
    let labels = ["ab", "", "a label of four"].map(String::from).to_vec();
    let layout = Sheet { columns: 4, zoom: 3, labels, ..Sheet::default() };
    let plain = Sheet { labels: Vec::new(), ..layout.clone() };
    let (canvas, without) =
        (sheet(&images(4, shape), shape, &layout), sheet(&images(4, shape), shape, &plain));
    assert_eq!(inked(&without), []);
    assert_eq!(canvas.width, without.width);
    // Six letters fit in a line: "a", "label", "of" and "four" take four lines of ten pixels.
    assert_eq!(canvas.height, without.height + 4 * 10);
    let corners: Vec<_> = (0..4).map(|i| corner(&canvas, i, 3)).collect();
    assert_eq!(corners, [0, 1, 2, 3].map(|i| (2 + i * 50, 2)));
    let under = |i: usize| inked(&canvas).iter().filter(|&&(x, _)| (x - 2) / 50 == i).count();
    assert!(under(0) > 0 && under(2) > under(0));
    assert_eq!((under(1), under(3)), (0, 0));
    assert!(inked(&canvas).iter().all(|&(x, y)| y >= 2 + 48 && (x - 2) % 50 < 48));
}

/// Long words are cut, long labels end after four lines, and none runs into another image's.
#[test]
fn long_labels_stay_in_their_cell() {
    let shape = [1, 16, 16];
    let long = "Donaudampfschifffahrt ".repeat(20);
    let layout = Sheet { columns: 2, zoom: 2, labels: vec![long, String::new()], ..Sheet::default() };
    let canvas = sheet(&images(2, shape), shape, &layout);
    assert_eq!((canvas.width, canvas.height), (2 * 34 + 2, 34 + 4 * 10 + 2));
    let ink = inked(&canvas);
    assert!(!ink.is_empty() && ink.iter().all(|&(x, y)| x < 2 + 32 && y >= 2 + 32), "{ink:?}");
    // Images narrower than a letter still have their labels.
    let canvas = sheet(&[vec![0; 4]], [1, 2, 2], &Sheet { zoom: 1, labels: vec!["7".into()], ..layout });
    assert!(canvas.height >= 2 + 4 + 10);
}

#[test]
fn a_title_stands_above() {
    let shape = [1, 8, 8];
    let title = ["the first line", "a second"].map(String::from).to_vec();
    let layout = Sheet { zoom: 1, title, ..Sheet::default() };
    let canvas = sheet(&images(1, shape), shape, &layout);
    // The page is as wide as its longest line of 14 letters.
    assert!(canvas.width >= 14 * 8, "{}", canvas.width);
    let (_, top) = corner(&canvas, 0, 1);
    let ink = inked(&canvas);
    assert_eq!(canvas.height, top + 8 + 2);
    assert!(ink.iter().all(|&(_, y)| y < top));
    // Two lines: rows of ink, a gap, rows of ink.
    let rows: std::collections::BTreeSet<usize> = ink.iter().map(|&(_, y)| y).collect();
    let breaks = rows.iter().zip(rows.iter().skip(1)).filter(|(a, b)| *b - *a > 1).count();
    assert_eq!(breaks, 1, "{rows:?}");
}
