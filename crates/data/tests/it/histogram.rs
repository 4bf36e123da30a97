//! Counts of attributes add up.

use crate::{image, shape, shapes};
use tweedie_data::Shape;
use tweedie_data::shapes::{Figure, Form, Histogram, draw};

#[test]
fn counts_are_those_of_the_figures() {
    let set = shapes(16, 16);
    let mut expected = Histogram { n: 200, n_accepted: 200, ..Histogram::default() };
    let images: Vec<Vec<u8>> = (0..200).map(|index| image(&set, index)).collect();
    for figure in (0..200).map(|index| set.figure(index)) {
        expected.forms[figure.form as usize] += 1;
        expected.colours[figure.colour] += 1;
        expected.backgrounds[figure.background] += 1;
    }
    let found = Histogram::of(images.iter().map(Vec::as_slice), set.image_shape());
    assert_eq!(found, expected);
    assert_eq!(found.share(), 1.0);
    let rows = found.rows();
    assert_eq!(rows.each_ref().map(|(kind, _)| *kind), ["forms", "colours", "backgrounds"]);
    for (_, row) in &rows {
        assert!((row.iter().map(|(_, share)| share).sum::<f64>() - 1.0).abs() < 1e-12);
    }
    assert_eq!(rows[0].1[1], ("square", expected.forms[1] as f64 / 200.0));
    assert_eq!(rows[1].1[4], ("purple", expected.colours[4] as f64 / 200.0));
    assert_eq!(rows[2].1[0], ("white", expected.backgrounds[0] as f64 / 200.0));
}

/// What is refused counts among the images and nowhere else.
#[test]
fn what_is_refused_is_not_counted() {
    let set = shapes(16, 16);
    let shown = image(&set, 0);
    let stripes: Vec<u8> = (0..shown.len()).map(|at| if at % 2 == 0 { 255 } else { 0 }).collect();
    let found = Histogram::of([&shown[..], &stripes, &stripes, &stripes], set.image_shape());
    assert_eq!((found.n, found.n_accepted, found.share()), (4, 1, 0.25));
    assert_eq!(found.forms.iter().sum::<usize>(), 1);
    assert_eq!(found.colours.iter().sum::<usize>(), 1);
    assert_eq!(found.backgrounds.iter().sum::<usize>(), 1);
}

#[test]
fn without_images_the_shares_are_zero() {
    let none: [&[u8]; 0] = [];
    let found = Histogram::of(none, shape(16, 16));
    assert_eq!(found, Histogram::default());
    assert_eq!(found.share(), 0.0);
    assert!(found.rows().iter().all(|(_, row)| row.iter().all(|(_, share)| *share == 0.0)));
}

/// Images of one channel are grey: a bright disc on black is of none of the palette's colours.
#[test]
fn grey_images_are_read() {
    let grey = Shape { channels: 1, height: 16, width: 16 };
    let disc = Figure { form: Form::Circle, colour: 0, background: 2, x: 8.0, y: 8.0, half: 5.0 };
    let image = draw(&disc, grey);
    assert_eq!((image.len(), image[8 * 16 + 8]), (256, 220));
    let found = Histogram::of([&image[..]], grey);
    assert_eq!((found.n, found.n_accepted), (1, 0));
}
