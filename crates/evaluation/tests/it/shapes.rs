//! Samples of the built-in set against the set.

use crate::{SHAPE, images};
use tweedie_data::Shapes;
use tweedie_data::shapes::{Figure, Form, Histogram, MAX_RESIDUAL, Reading, STRICT_RESIDUAL, draw};
use tweedie_evaluation::{Cells, histogram_distance, shapes_quality};

fn set() -> Shapes {
    Shapes::new(SHAPE.height, SHAPE.width, 0).unwrap()
}

fn counts(forms: [usize; 3], colours: [usize; 6], backgrounds: [usize; 3]) -> Histogram {
    let n = forms.iter().sum();
    Histogram { n, n_accepted: n, forms, colours, backgrounds }
}

#[test]
fn the_set_is_at_no_distance_from_itself() {
    let found = shapes_quality(&images(0, 60), &set()).unwrap();
    assert_eq!(found.samples, found.data);
    assert_eq!((found.distance(), found.recognised(MAX_RESIDUAL)), (0.0, 1.0));
    for cells in [Cells::Forms, Cells::Combinations] {
        assert!((found.matched(cells, MAX_RESIDUAL) - 1.0).abs() < 1e-12);
        let floor = found.matched_of_data(cells, MAX_RESIDUAL);
        assert!(floor > 0.4 && floor < 1.0, "{floor}");
    }
}

/// Total variation: a metric between 0 and 1, here at both ends and at a place between.
#[test]
fn the_distance_is_the_total_variation() {
    let all_left = counts([8, 0, 0], [8, 0, 0, 0, 0, 0], [8, 0, 0]);
    let all_right = counts([0, 0, 4], [0, 0, 0, 0, 0, 4], [0, 0, 4]);
    let half = counts([4, 4, 0], [4, 4, 0, 0, 0, 0], [8, 0, 0]);
    let between = histogram_distance;
    assert_eq!(between(&all_left, &all_left), 0.0);
    assert_eq!(between(&all_left, &all_right), 1.0, "nothing of one is in the other");
    assert!((between(&all_left, &half) - (0.5 + 0.5 + 0.0) / 3.0).abs() < 1e-15);
    for (a, b) in [(&all_left, &half), (&half, &all_right)] {
        assert_eq!(between(a, b), between(b, a));
        assert!(between(&all_left, &all_right) <= between(&all_left, a) + between(a, &all_right));
    }
    // Shares count, not numbers.
    let twice = counts([16, 0, 0], [16, 0, 0, 0, 0, 0], [16, 0, 0]);
    assert_eq!(between(&all_left, &twice), 0.0);
}

/// One missing colour: every image is a shape of the palette, and only the distance shows the difference.
#[test]
fn a_lost_colour_is_seen() {
    let recoloured = |index: u64| {
        let figure = set().figure(index);
        draw(&Figure { colour: figure.colour % 3, ..figure }, SHAPE)
    };
    let samples: Vec<Vec<u8>> = (0..120).map(recoloured).collect();
    let found = shapes_quality(&samples, &set()).unwrap();
    assert_eq!(found.recognised(MAX_RESIDUAL), 1.0);
    let lost: usize = Histogram::of_readings(&found.data, MAX_RESIDUAL).colours[3..].iter().sum();
    assert!((found.matched(Cells::Forms, MAX_RESIDUAL) - 1.0).abs() < 1e-12, "the forms are the same");
    assert!(found.matched(Cells::Combinations, MAX_RESIDUAL) < 0.7);
    assert!((found.distance() - lost as f64 / 120.0 / 3.0).abs() < 1e-12, "{found}");
}

#[test]
fn what_is_no_shape_is_not_accepted() {
    let noise: Vec<Vec<u8>> =
        (0..20u32).map(|i| (0..768u32).map(|at| ((at * 7919 + i * 104_729) % 251) as u8).collect()).collect();
    let found = shapes_quality(&noise, &set()).unwrap();
    assert_eq!((found.samples.len(), found.recognised(MAX_RESIDUAL)), (20, 0.0));
    assert_eq!(found.matched(Cells::Forms, MAX_RESIDUAL), 0.0);
    assert!(found.data.iter().all(Reading::accepted));
    assert!(found.distance() >= 0.5);
}

/// A form that replaces the others is recognised and is not matched.
#[test]
fn a_lost_form_is_seen() {
    let circles = |index: u64| draw(&Figure { form: Form::Circle, ..set().figure(index) }, SHAPE);
    let samples: Vec<Vec<u8>> = (0..90).map(circles).collect();
    let found = shapes_quality(&samples, &set()).unwrap();
    assert_eq!(found.recognised(STRICT_RESIDUAL), 1.0);
    let real = Histogram::of_readings(&found.data, STRICT_RESIDUAL).forms[0] as f64 / 90.0;
    assert!((found.matched(Cells::Forms, STRICT_RESIDUAL) - real).abs() < 1e-12);
    // A stricter bound accepts no more.
    let blurred: Vec<Vec<u8>> =
        images(0, 60).iter().map(|image| image.iter().map(|value| value / 8 * 7 + 16).collect()).collect();
    let found = shapes_quality(&blurred, &set()).unwrap();
    for cells in [Cells::Forms, Cells::Combinations] {
        assert!(found.matched(cells, STRICT_RESIDUAL) <= found.matched(cells, MAX_RESIDUAL));
    }
    assert!(found.recognised(STRICT_RESIDUAL) <= found.recognised(MAX_RESIDUAL));
}

#[test]
fn the_report_names_every_attribute() {
    let disc = Figure { form: Form::Circle, colour: 4, background: 0, x: 8.0, y: 8.0, half: 4.0 };
    let text = shapes_quality(&vec![draw(&disc, SHAPE); 10], &set()).unwrap().to_string();
    for part in [
        "% of 10 samples",
        "matched by form",
        "residual at most 0.004",
        "forms",
        "circle",
        "triangle",
        "purple",
        "cyan",
        "backgrounds",
        "grey",
    ] {
        assert!(text.contains(part), "`{part}` is missing from\n{text}");
    }
}
