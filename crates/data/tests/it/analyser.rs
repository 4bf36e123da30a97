//! What the analyser reads from images of the built-in set.

use crate::{SIDES, image, shape, shapes, with_noise};
use tweedie_data::shapes::{Figure, Form, analyse, draw};

/// Of the images accepted, how many were read right in each respect.
#[derive(Debug, Default)]
struct Right {
    n: usize,
    accepted: usize,
    form: usize,
    colour: usize,
    background: usize,
    place: usize,
    half: usize,
}

impl Right {
    fn add(&mut self, shown: &Figure, read: Option<Figure>) {
        self.n += 1;
        let Some(read) = read else { return };
        self.accepted += 1;
        self.form += usize::from(read.form == shown.form);
        self.colour += usize::from(read.colour == shown.colour);
        self.background += usize::from(read.background == shown.background);
        self.place += usize::from((read.x - shown.x).abs().max((read.y - shown.y).abs()) <= 0.25);
        self.half += usize::from((read.half - shown.half).abs() <= 0.25);
    }
}

/// At least 99 % accepted, and of those 99 % right in every respect. At the time of writing all were, of 2000 at each size.
#[test]
fn own_images_with_noise_are_read() {
    for (height, width, weight) in SIDES {
        let set = shapes(height, width);
        let mut right = Right::default();
        for index in 0..500 * weight {
            let noisy = with_noise(&image(&set, index), 0.02, index);
            let reading = analyse(&noisy, set.image_shape());
            right.add(&set.figure(index), reading.accepted().then_some(reading.figure));
        }
        assert!(100 * right.accepted >= 99 * right.n, "{height}×{width}: {right:?}");
        let Right { form, colour, background, place, half, .. } = right;
        for count in [form, colour, background, place, half] {
            assert!(100 * count >= 99 * right.accepted, "{height}×{width}: {right:?}");
        }
    }
}

/// Without noise, nearly nothing is left between an image and its redraw.
#[test]
fn own_images_are_redrawn() {
    for (height, width, weight) in SIDES {
        let set = shapes(height, width);
        for index in 0..50 * weight {
            let reading = analyse(&image(&set, index), set.image_shape());
            let shown = set.figure(index);
            assert!(reading.accepted() && reading.left_over == 0, "{shown:?}: {reading:?}");
            assert!(reading.residual < 2e-4, "{shown:?}: {reading:?}");
            let redrawn = draw(&reading.figure, set.image_shape());
            let difference = |(a, b): (&u8, &u8)| (f64::from(*a) - f64::from(*b)).powi(2) / 65_025.0;
            let redone = image(&set, index).iter().zip(&redrawn).map(difference).sum::<f64>();
            assert!(
                (redone / redrawn.len() as f64 - reading.residual).abs() < 2e-5,
                "{shown:?}: {reading:?}"
            );
        }
    }
}

/// Every form of every colour on every background, where contrast is least too.
#[test]
fn every_kind_of_figure_is_read() {
    for form in Form::ALL {
        for (colour, background) in
            (0..6).flat_map(|colour| (0..3).map(move |background| (colour, background)))
        {
            let shown = Figure { form, colour, background, x: 7.3, y: 8.6, half: 4.2 };
            let reading = analyse(&draw(&shown, shape(16, 16)), shape(16, 16));
            let read = reading.figure;
            assert!(reading.accepted(), "{shown:?}: {reading:?}");
            assert_eq!((read.form, read.colour, read.background), (form, colour, background));
        }
    }
}

/// A figure with one half painted over.
fn without_half(figure: &Figure, side: Gone, height: usize, width: usize) -> Vec<u8> {
    let mut drawn = draw(figure, shape(height, width));
    for at in 0..height * width {
        let (x, y) = ((at % width) as f64 + 0.5, (at / width) as f64 + 0.5);
        let gone = match side {
            Gone::Left => x < figure.x,
            Gone::Right => x > figure.x,
            Gone::Top => y < figure.y,
            Gone::Bottom => y > figure.y,
        };
        if gone {
            (0..3).for_each(|channel| drawn[channel * height * width + at] = crate::paper(figure));
        }
    }
    drawn
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Gone {
    Left,
    Right,
    Top,
    Bottom,
}

/// The shares of halves accepted, by image and figure size, stay below these (small, medium, large).
const HALVES: [[f64; 3]; 3] = [[0.40, 0.42, 0.25], [0.55, 0.85, 0.65], [0.15, 0.15, 0.15]];

/// The larger a figure, the likelier its half is refused. The upper half of a triangle is left out: it is a triangle.
#[test]
fn halves_are_refused_the_likelier_the_larger() {
    for ((height, width, weight), bounds) in SIDES.into_iter().zip(HALVES) {
        let set = shapes(height, width);
        let mut counts = [[0usize; 2]; 3];
        for index in 0..60 * weight {
            let figure = set.figure(index);
            for side in [Gone::Left, Gone::Right, Gone::Top, Gone::Bottom] {
                if (figure.form, side) == (Form::Triangle, Gone::Bottom) {
                    continue;
                }
                let half = with_noise(&without_half(&figure, side, height, width), 0.02, index);
                let reading = analyse(&half, set.image_shape());
                let [accepted, n] = &mut counts[figure.size(set.image_shape())];
                *accepted += usize::from(reading.accepted());
                *n += 1;
            }
        }
        for ([accepted, n], bound) in counts.into_iter().zip(bounds) {
            assert!((accepted as f64) < bound * n as f64, "{height}×{width}: {counts:?}, allowed {bounds:?}");
        }
    }
}
