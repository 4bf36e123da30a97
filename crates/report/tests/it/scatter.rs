//! Scatter plots: dots lie where their points do, density is visible, and what is not shown is counted.

use crate::pixel;
use tweedie_report::{Canvas, ScatterLayout, ScatterPanel, scatter};

const BLUE: [u8; 3] = [31, 95, 191];
const BOUNDS: Option<[[f64; 2]; 2]> = Some([[0.0, 10.0], [0.0, 20.0]]);

fn panel(title: &str, points: &[[f64; 2]]) -> ScatterPanel {
    ScatterPanel { title: title.into(), points: points.to_vec(), colour: BLUE }
}

fn plot(points: &[[f64; 2]]) -> Canvas {
    scatter(&[panel("", points)], &ScatterLayout { side: 200, bounds: BOUNDS })
}

/// Where a canvas differs from the plot without points, and by how much in red, which falls where a blue dot lies.
fn ink(canvas: &Canvas, without: &Canvas) -> Vec<(f64, f64, f64)> {
    assert_eq!((canvas.width, canvas.height), (without.width, without.height));
    let all = (0..canvas.height).flat_map(|y| (0..canvas.width).map(move |x| (x, y)));
    let darker = |(x, y)| f64::from(pixel(without, x, y)[0]) - f64::from(pixel(canvas, x, y)[0]);
    all.filter(|&at| darker(at) != 0.0).map(|at| (at.0 as f64 + 0.5, at.1 as f64 + 0.5, darker(at))).collect()
}

/// The centre of mass of what was drawn, and its mass.
fn centre(points: &[[f64; 2]]) -> (f64, f64, f64) {
    let ink = ink(&plot(points), &plot(&[]));
    let mass: f64 = ink.iter().map(|at| at.2).sum();
    let mean = |of: fn(&(f64, f64, f64)) -> f64| ink.iter().map(|at| of(at) * at.2).sum::<f64>() / mass;
    (mean(|at| at.0), mean(|at| at.1), mass)
}

#[test]
fn a_dot_lies_where_its_point_does() {
    let (x, y, mass) = centre(&[[4.5, 11.0]]);
    for point in [[2.5, 12.0], [8.5, 3.7], [4.53, 11.04], [9.0, 19.0]] {
        let moved = centre(&[point]);
        // 20 pixels a unit to the right, 10 a unit up. Grid lines would shine through, so none is near.
        assert!((moved.0 - x - 20.0 * (point[0] - 4.5)).abs() < 0.3, "{point:?}: {moved:?}");
        assert!((moved.1 - y + 10.0 * (point[1] - 11.0)).abs() < 0.3, "{point:?}: {moved:?}");
        // The dots are a few pixels wide: where in its pixel a centre lies changes how much they cover.
        assert!((moved.2 / mass - 1.0).abs() < 0.25, "{point:?}: {moved:?}");
    }
}

/// More dots on a place are darker, up to many of them; none is opaque.
#[test]
fn density_is_visible() {
    let darkest = |n: usize| {
        let canvas = plot(&vec![[5.5, 11.0]; n]);
        (0..canvas.height)
            .flat_map(|y| (0..canvas.width).map(move |x| (x, y)))
            .map(|(x, y)| pixel(&canvas, x, y))
            .filter(|it| it[2].saturating_sub(it[0]) > 20)
            .map(|it| it[2])
            .min()
    };
    let shades: Vec<u8> = [1, 2, 4, 8, 16].map(|n| darkest(n).unwrap()).to_vec();
    assert!(shades.is_sorted_by(|a, b| a > b), "{shades:?}");
    assert!(shades[0] > BLUE[2] + 5, "{shades:?}");
    // The order of the points does not matter.
    let points = [[5.0, 10.0], [5.1, 10.0], [5.0, 10.2], [7.0, 1.0]];
    let mut reversed = points;
    reversed.reverse();
    assert_eq!(plot(&points), plot(&reversed));
}

/// Nothing leaves a panel's square: two panels are each what they are alone.
#[test]
fn panels_do_not_touch() {
    let edge = [[0.0, 0.0], [10.0, 20.0], [0.0, 20.0], [10.0, 0.0], [10.0, 9.0], [0.0, 9.0]];
    let layout = ScatterLayout { side: 100, bounds: BOUNDS };
    let both = scatter(&[panel("", &edge), panel("", &[])], &layout);
    let none = scatter(&[panel("", &[]), panel("", &[])], &layout);
    let columns: Vec<f64> = ink(&both, &none).iter().map(|at| at.0).collect();
    let (low, high) =
        columns.iter().fold((f64::INFINITY, 0.0f64), |(low, high), &x| (low.min(x), high.max(x)));
    assert!(!columns.is_empty() && high - low < 100.0, "{low} to {high}");
    // Four panels are as wide as four times what one more takes.
    let width = |n: usize| scatter(&vec![panel("", &edge); n], &layout).width;
    assert_eq!(width(4) - width(1), 3 * (width(2) - width(1)));
    assert!(width(2) - width(1) > 100);
}

/// Axes are those of the first panel unless they are given.
#[test]
fn bounds_come_from_the_first_panel() {
    let (first, second) = ([[0.0, -5.0], [10.0, 5.0]], [[-100.0, 0.0], [3.0, 100.0], [5.0, 0.0]]);
    let own = scatter(&[panel("a", &first), panel("b", &second)], &ScatterLayout::default());
    let given = ScatterLayout { bounds: Some([[-1.0, 11.0], [-6.0, 6.0]]), ..Default::default() };
    assert_eq!(own, scatter(&[panel("a", &first), panel("b", &second)], &given));
    let wider = ScatterLayout { bounds: Some([[-1.0, 12.0], [-6.0, 6.0]]), ..Default::default() };
    assert_ne!(own, scatter(&[panel("a", &first), panel("b", &second)], &wider));
}

/// The counts stand on a line of their own, which is there only where it is needed.
#[test]
fn what_is_not_shown_is_counted() {
    let points = [[f64::NAN, 1.0], [1.0, f64::INFINITY], [5.0, 10.0], [11.0, 3.0]];
    let noted = plot(&points);
    let plain = plot(&points[2..3]);
    assert_eq!((noted.width, noted.height), (plain.width, plain.height + 12));
    // The marks of the line are those of the words.
    let marks = |canvas: &Canvas, top: usize| -> Vec<(usize, usize)> {
        let all = (0..8).flat_map(|y| (0..canvas.width).map(move |x| (x, y)));
        let lit: Vec<_> = all.filter(|&(x, y)| pixel(canvas, x, top + y) != [255; 3]).collect();
        let left = lit.iter().map(|at| at.0).min().unwrap();
        lit.into_iter().map(|(x, y)| (x - left, y)).collect()
    };
    let mut words = Canvas::new(noted.width, 8, [255; 3]);
    words.text(0, 0, "2 not finite, 1 outside", [0; 3]);
    assert_eq!(marks(&noted, 22), marks(&words, 0));
}

#[test]
fn nothing_makes_it_panic() {
    let layouts = [
        None,
        BOUNDS,
        Some([[f64::NAN, 1.0], [0.0, 0.0]]),
        Some([[5.0, -5.0], [f64::NEG_INFINITY, f64::INFINITY]]),
        Some([[-1e300, 1e300], [1e-300, 2e-300]]),
    ];
    let sets: [&[[f64; 2]]; 5] = [
        &[],
        &[[3.0, 3.0]],
        &[[f64::NAN; 2]; 3],
        &[[-1e308, 1e308], [1e308, -1e308]],
        &[[1e-310, 0.0], [0.0, 1e-310]],
    ];
    for (bounds, side) in layouts.into_iter().flat_map(|bounds| [0, 64, 333].map(|side| (bounds, side))) {
        let layout = ScatterLayout { side, bounds };
        assert!(scatter(&[], &layout).width > 0);
        for points in sets {
            let title =
                "a title that is much longer than any panel, with ä and 図 in it, and then some more words";
            let canvas = scatter(&[panel(title, points), panel("", points)], &layout);
            assert_eq!(canvas.pixels.len(), 3 * canvas.width * canvas.height);
            assert!(canvas.width > 2 * side && canvas.height > side);
        }
    }
}
