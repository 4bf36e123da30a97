//! The built-in set: deterministic, whole, balanced, and drawn as it is described.

use crate::{image, likely, paper, shape, shapes};
use tweedie_data::shapes::{BACKGROUNDS, COLOURS, Figure, Form, SIZES, draw};
use tweedie_data::{Dataset, Shapes};

const SIDES: [(usize, usize); 5] = [(12, 12), (16, 16), (12, 20), (33, 17), (64, 64)];

#[test]
fn an_image_depends_on_its_index_and_seed_alone() {
    let set = shapes(16, 16);
    let forwards: Vec<_> = (0..50).map(|index| set.get(index).unwrap()).collect();
    let again = shapes(16, 16);
    for index in (0..50).rev() {
        assert_eq!(again.get(index).unwrap(), forwards[index as usize]);
    }
    let other = Shapes::new(16, 16, 6).unwrap();
    let same = (0..50).filter(|&index| image(&other, index) == forwards[index as usize].image()).count();
    assert_eq!(same, 0);
    for (i, first) in forwards.iter().enumerate() {
        assert!(forwards[..i].iter().all(|second| second.image() != first.image()), "image {i} came before");
    }
}

/// Indices of any size, since the set has no end.
#[test]
fn the_set_has_no_end() {
    let set = shapes(16, 16);
    assert_eq!(set.len(), None);
    assert!(!set.is_empty());
    let far = [1 << 32, (1 << 32) + 1, 1 << 63, u64::MAX];
    let images = far.map(|index| image(&set, index));
    for (i, first) in images.iter().enumerate() {
        assert!(images[..i].iter().chain([&image(&set, 0)]).all(|second| second != first));
    }
}

#[test]
fn figures_lie_inside() {
    for (height, width) in SIDES {
        let set = shapes(height, width);
        let side = height.min(width) as f64;
        for index in 0..2000 {
            let figure = set.figure(index);
            let Figure { x, y, half, .. } = figure;
            let share = half / side;
            assert!((SIZES[0].1[0]..=SIZES[2].1[1]).contains(&share), "{figure:?}");
            let [least, most] = SIZES[figure.size(set.image_shape())].1;
            assert!((least..=most).contains(&share), "{figure:?}");
            let margins = [x - half, y - half, width as f64 - x - half, height as f64 - y - half];
            assert!(margins.into_iter().all(|margin| margin >= 0.499), "{figure:?} at {height}×{width}");
        }
    }
}

/// Every place that the figure leaves free is used.
#[test]
fn figures_reach_every_edge() {
    let (height, width) = (12, 40);
    let set = shapes(height, width);
    let figures: Vec<Figure> = (0..2000).map(|index| set.figure(index)).collect();
    let least = |margin: fn(&Figure) -> f64| figures.iter().map(margin).fold(f64::INFINITY, f64::min);
    for margin in [least(|f| f.x - f.half), least(|f| f.y - f.half)] {
        assert!(margin < 0.6, "{margin}");
    }
    for margin in [least(|f| 40.0 - f.x - f.half), least(|f| 12.0 - f.y - f.half)] {
        assert!(margin < 0.6, "{margin}");
    }
}

#[test]
fn captions_and_labels_say_what_is_shown() {
    let set = shapes(16, 16);
    let figure = |form, colour, background, half| Figure { form, colour, background, x: 8.0, y: 8.0, half };
    let small = figure(Form::Circle, 0, 0, 0.19 * 16.0);
    assert_eq!(small.caption(set.image_shape()), "a small red circle on white");
    let large = figure(Form::Triangle, 5, 2, 0.36 * 16.0);
    assert_eq!(large.caption(set.image_shape()), "a large cyan triangle on black");
    assert_eq!(
        figure(Form::Square, 4, 1, 0.24 * 16.0).caption(set.image_shape()),
        "a medium purple square on grey"
    );
    assert_eq!(set.class_names(), ["circle", "square", "triangle"]);
    for index in 0..300 {
        let (figure, example) = (set.figure(index), set.get(index).unwrap());
        assert_eq!(example.caption, figure.caption(set.image_shape()));
        let class = &set.class_names()[example.label.unwrap() as usize];
        assert_eq!(class, figure.form.name());
        assert!(example.caption.contains(class.as_str()), "{}", example.caption);
        assert_eq!(example.image(), draw(&figure, set.image_shape()));
    }
    assert!(set.may_flip());
}

/// Each attribute, and all of them together, over 6000 images.
#[test]
fn attributes_are_balanced() {
    let (set, n) = (shapes(16, 16), 6000);
    let mut counts = [0usize; 3 * 6 * 3 * 3];
    let mut alone = [[0usize; 6]; 4];
    for index in 0..n {
        let figure = set.figure(index);
        let of = [figure.form as usize, figure.colour, figure.background, figure.size(set.image_shape())];
        counts[((of[0] * 6 + of[1]) * 3 + of[2]) * 3 + of[3]] += 1;
        for (kind, &row) in of.iter().enumerate() {
            alone[kind][row] += 1;
        }
    }
    for (kind, choices) in
        [Form::ALL.len(), COLOURS.len(), BACKGROUNDS.len(), SIZES.len()].into_iter().enumerate()
    {
        for &count in &alone[kind][..choices] {
            likely(count, n as usize, 1.0 / choices as f64);
        }
    }
    let expected = n as f64 / counts.len() as f64;
    let chi_square: f64 = counts.iter().map(|&count| (count as f64 - expected).powi(2) / expected).sum();
    // Its mean is the number of cells less one, its variance twice that.
    let freedom = counts.len() as f64 - 1.0;
    assert!((chi_square - freedom).abs() < 5.0 * (2.0 * freedom).sqrt(), "chi-square {chi_square}");
}

#[test]
fn sides_out_of_range_are_refused() {
    for (height, width, named) in [(11, 16, 11), (16, 11, 11), (0, 16, 0), (1025, 16, 1025), (16, 1025, 1025)]
    {
        let text = Shapes::new(height, width, 0).unwrap_err().to_string();
        assert_eq!(text, format!("a side of shapes is {named}; it must be between 12 and 1024 pixels"));
    }
    for (height, width) in [(12, 12), (12, 1024), (1024, 12)] {
        let set = shapes(height, width);
        assert_eq!((set.image_shape(), set.shape()), (shape(height, width), shape(height, width).into()));
        assert_eq!(image(&set, 0).len(), 3 * height * width);
        assert!(set.name().contains(&format!("{height}×{width}")), "{}", set.name());
    }
}

/// Pixels lie between paper and ink; the ink's area is the figure's.
#[test]
fn figures_are_drawn_with_their_area() {
    for (row, form) in Form::ALL.into_iter().enumerate() {
        for half in [12.3, 20.0] {
            let figure = Figure { form, colour: row, background: row, x: 30.2, y: 25.7, half };
            let (height, width) = (56, 64);
            let drawn = draw(&figure, shape(height, width));
            let (ink, paper) = (COLOURS[row].1, f64::from(paper(&figure)));
            for (channel, plane) in drawn.chunks_exact(height * width).enumerate() {
                let ink = f64::from(ink[channel]);
                let shares: Vec<f64> =
                    plane.iter().map(|&value| (f64::from(value) - paper) / (ink - paper)).collect();
                assert!(shares.iter().all(|share| (-0.1..=1.1).contains(share)));
                assert_eq!(plane[26 * width + 30], ink as u8);
                assert_eq!(f64::from(plane[0]), paper);
                let area = match form {
                    Form::Circle => std::f64::consts::PI * half * half,
                    Form::Square => 4.0 * half * half,
                    Form::Triangle => 3f64.sqrt() * half * half,
                };
                let found: f64 = shares.iter().sum();
                assert!(
                    (found / area - 1.0).abs() < 0.01,
                    "{form:?} of half {half}: {found} instead of {area}"
                );
            }
        }
    }
}

/// Widths of the ink row by row: constant in a square, growing downwards in a triangle, symmetric in a circle.
#[test]
fn forms_look_like_their_names() {
    let rows = |form| -> Vec<usize> {
        let figure = Figure { form, colour: 0, background: 2, x: 32.0, y: 32.0, half: 20.0 };
        let drawn = draw(&figure, shape(64, 64));
        let wide = |row: &[u8]| row.iter().filter(|&&value| value > 110).count();
        drawn[..64 * 64].chunks_exact(64).map(wide).filter(|&wide| wide > 0).collect()
    };
    let square = rows(Form::Square);
    assert_eq!(square, vec![40; 40]);
    let triangle = rows(Form::Triangle);
    assert!(triangle.is_sorted() && triangle[0] <= 2 && triangle[triangle.len() - 1] >= 39, "{triangle:?}");
    assert!((33..=36).contains(&triangle.len()), "{} rows", triangle.len());
    let circle = rows(Form::Circle);
    assert!(circle.iter().eq(circle.iter().rev()), "{circle:?}");
    assert!(circle.len() == 40 && circle[0] < 16 && circle[20] == 40, "{circle:?}");
}
