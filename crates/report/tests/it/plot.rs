//! Plots are well-formed for all numbers, and show them correctly.

use crate::svg::{Element, elements};
use tweedie_report::{Plot, Scale, Series};

fn plot(y_scale: Scale, series: &[&[(f64, f64)]]) -> Plot {
    let line =
        |(i, points): (usize, &&[(f64, f64)])| Series { name: format!("line {i}"), points: points.to_vec() };
    Plot {
        title: "the title".into(),
        x_label: "images".into(),
        y_label: "loss".into(),
        y_scale,
        series: series.iter().enumerate().map(line).collect(),
    }
}

/// The elements of a plot, of which every number is one.
fn drawn(plot: &Plot) -> Vec<Element> {
    let svg = plot.svg();
    for wrong in ["NaN", "nan", "inf", "Inf"] {
        assert!(!svg.contains(wrong), "{wrong} for {:?} {:?}", plot.y_scale, plot.series);
    }
    elements(&svg)
}

/// The stretches of each plotted line.
fn stretches(plot: &Plot) -> Vec<Vec<(f64, f64)>> {
    drawn(plot).iter().filter(|element| element.name == "polyline").map(Element::points).collect()
}

fn texts(plot: &Plot) -> Vec<String> {
    drawn(plot).into_iter().filter(|element| element.name == "text").map(|element| element.text).collect()
}

/// The numbers beside the vertical axis, from below, with where they stand.
fn y_ticks(plot: &Plot) -> Vec<(String, f64)> {
    let beside = |element: &Element| {
        element.name == "text" && element.attributes.get("text-anchor").is_some_and(|anchor| anchor == "end")
    };
    let all = drawn(plot).into_iter().filter(beside);
    all.map(|element| (element.text.clone(), element.number("y"))).collect()
}

#[test]
fn a_document_says_what_it_shows() {
    let plot = plot(Scale::Linear, &[&[(0.0, 1.0), (10.0, 3.0)], &[(5.0, 2.0), (6.0, 2.5)]]);
    let all = drawn(&plot);
    assert_eq!(all[0].name, "svg");
    assert_eq!(all[0].attributes["xmlns"], "http://www.w3.org/2000/svg");
    let texts = texts(&plot);
    for text in ["the title", "images", "loss", "line 0", "line 1"] {
        assert!(texts.iter().any(|found| found == text), "{text} is not among {texts:?}");
    }
    let lines: Vec<&Element> = all.iter().filter(|element| element.name == "polyline").collect();
    assert_eq!(lines.len(), 2);
    assert_ne!(lines[0].attributes["stroke"], lines[1].attributes["stroke"]);
}

#[test]
fn text_is_escaped() {
    let mut plot = plot(Scale::Linear, &[&[(0.0, 1.0), (1.0, 2.0)]]);
    let wild = "a < b && c > d </text><script> \"quoted\" &amp; ε";
    plot.title = wild.into();
    plot.x_label = wild.into();
    plot.y_label = wild.into();
    plot.series[0].name = wild.into();
    let found = texts(&plot).into_iter().filter(|text| text == wild).count();
    assert_eq!(found, 4);
    assert!(drawn(&plot).iter().all(|element| element.name != "script"));
}

/// Larger is higher and further right, in proportion.
#[test]
fn points_stand_in_proportion() {
    let lines = stretches(&plot(Scale::Linear, &[&[(0.0, -1.0), (25.0, 0.0), (100.0, 3.0)]]));
    let [first, second, third] = lines[0][..] else { panic!("{lines:?}") };
    assert!(first.0 < second.0 && first.1 > second.1, "{lines:?}");
    assert!(((second.0 - first.0) / (third.0 - first.0) - 0.25).abs() < 1e-3);
    assert!(((second.1 - first.1) / (third.1 - first.1) - 0.25).abs() < 1e-3);
    let logarithmic = stretches(&plot(Scale::Log, &[&[(0.0, 1.0), (1.0, 10.0), (2.0, 1e4)]]));
    let [first, second, third] = logarithmic[0][..] else { panic!("{logarithmic:?}") };
    assert!(((second.1 - first.1) / (third.1 - first.1) - 0.25).abs() < 1e-3);
    assert_eq!((first.0, first.1, third.1), (lines[0][0].0, lines[0][0].1, lines[0][2].1));
}

/// Ticks stand where points of their value stand.
#[test]
fn ticks_are_true() {
    for (scale, low, high) in [
        (Scale::Linear, -3.0, 11.0),
        (Scale::Linear, 0.021, 0.029),
        (Scale::FromZero, 96.0, 122.0),
        (Scale::Log, 1e-4, 30.0),
        (Scale::Log, 0.17, 1.7),
        (Scale::Log, 0.12, 0.21),
        (Scale::Log, 1e-20, 1e9),
    ] {
        let ticks = y_ticks(&plot(scale, &[&[(0.0, low), (1.0, high)]]));
        assert!((3..=9).contains(&ticks.len()), "{ticks:?}");
        for (text, at) in ticks {
            let value: f64 = text.parse().unwrap();
            // A little room lies beyond the data.
            let (low, high) = if scale == Scale::FromZero { (0.0, high) } else { (low, high) };
            if !(low..=high).contains(&value) {
                continue;
            }
            let line = stretches(&plot(scale, &[&[(0.0, low), (0.5, value), (1.0, high)]]));
            // Letters stand on a line somewhat below their middle.
            assert!((line[0][1].1 + 5.0 - at).abs() < 0.11, "{text} at {at}, {line:?}");
        }
    }
}

#[test]
fn ticks_can_be_told_apart() {
    for (low, high) in
        [(0.022_51, 0.022_54), (1.000_01, 1.000_06), (1.0e6, 1.3e6), (-1.3e6, -1.0e6), (2e-5, 2.3e-5)]
    {
        let ticks = y_ticks(&plot(Scale::Linear, &[&[(0.0, low), (1.0, high)]]));
        let mut texts: Vec<&String> = ticks.iter().map(|tick| &tick.0).collect();
        texts.dedup();
        assert_eq!(texts.len(), ticks.len(), "{ticks:?}");
    }
}

#[test]
fn what_is_not_finite_breaks_the_line() {
    let not = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    for gap in not.into_iter().flat_map(|value| [(2.0, value), (value, 2.0), (value, value)]) {
        let points = [(0.0, 1.0), (1.0, 2.0), gap, (3.0, 4.0), (4.0, 3.0), (5.0, 0.0)];
        let lines = stretches(&plot(Scale::Linear, &[&points]));
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3], "{gap:?}");
    }
    // At the ends, and several in a row, leave nothing empty behind.
    let points = [(0.0, f64::NAN), (1.0, 1.0), (2.0, f64::NAN), (3.0, f64::NAN), (4.0, 2.0), (5.0, f64::NAN)];
    let lines = stretches(&plot(Scale::Linear, &[&points]));
    assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn logarithms_leave_out_what_is_not_positive() {
    for gap in [0.0, -0.0, -1.0, f64::NAN] {
        let points = [(0.0, 1.0), (1.0, 10.0), (2.0, gap), (3.0, 100.0), (4.0, 1000.0)];
        let lines = stretches(&plot(Scale::Log, &[&points]));
        assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2], "{gap}");
        // The others stand as if it were not there.
        let without = stretches(&plot(Scale::Log, &[&[points[0], points[4]]]));
        assert_eq!((lines[0][0], lines[1][1]), (without[0][0], without[0][1]), "{gap}");
    }
    assert_eq!(stretches(&plot(Scale::Log, &[&[(0.0, 0.0), (1.0, -2.0)]])).len(), 0);
    // Their places across count: nothing is lost of the axis.
    let lines = stretches(&plot(Scale::Log, &[&[(0.0, -1.0), (1.0, 1.0), (2.0, 10.0)]]));
    let whole = stretches(&plot(Scale::Log, &[&[(0.0, 5.0), (1.0, 1.0), (2.0, 10.0)]]));
    assert_eq!(lines[0][..], whole[0][1..]);
}

#[test]
fn a_constant_runs_through_the_middle() {
    for value in [0.0, 0.25, -7.0, 1e5, 1e-9] {
        let lines = stretches(&plot(Scale::Linear, &[&[(0.0, value), (1.0, value), (2.0, value)]]));
        let heights: Vec<f64> = lines[0].iter().map(|point| point.1).collect();
        assert_eq!(heights, [heights[0]; 3], "{value}");
        let varied = stretches(&plot(Scale::Linear, &[&[(0.0, 0.0), (1.0, 0.5), (2.0, 1.0)]]));
        assert_eq!(heights[0], varied[0][1].1, "{value}");
    }
    assert_eq!(stretches(&plot(Scale::Log, &[&[(0.0, 0.1), (1.0, 0.1)]]))[0].len(), 2);
    let one = plot(Scale::Linear, &[&[(3.0, 4.0)]]);
    assert_eq!(stretches(&one)[0].len(), 1);
    assert_eq!(drawn(&one).iter().filter(|element| element.name == "circle").count(), 1, "it can be seen");
}

#[test]
fn without_points_there_are_axes() {
    for scale in [Scale::Linear, Scale::Log] {
        for series in [&[][..], &[&[][..]], &[&[], &[(f64::NAN, f64::NAN)]]] {
            let plot = plot(scale, series);
            assert_eq!(stretches(&plot).len(), 0);
            assert_eq!(texts(&plot).iter().filter(|text| text.starts_with("line")).count(), series.len());
            assert!(drawn(&plot).iter().any(|element| element.name == "line"));
        }
    }
    // An empty line beside a full one changes nothing but the legend.
    let full: &[(f64, f64)] = &[(0.0, 1.0), (1.0, 2.0)];
    assert_eq!(stretches(&plot(Scale::Linear, &[full, &[]])), stretches(&plot(Scale::Linear, &[full])));
}

/// Plots of every pair of these values, across and up.
fn all_pairs(values: &[f64]) {
    for (&a, &b) in values.iter().flat_map(|a| values.iter().map(move |b| (a, b))) {
        for scale in [Scale::Linear, Scale::FromZero, Scale::Log] {
            for points in [[(0.0, a), (1.0, b)], [(a, 1.0), (b, 2.0)], [(a, b), (b, a)], [(a, a), (b, b)]] {
                for (x, y) in stretches(&plot(scale, &[&points])).concat() {
                    assert!(
                        (88.0..=700.0).contains(&x) && (40.0..=338.0).contains(&y),
                        "{points:?}: {x}, {y}"
                    );
                }
            }
        }
    }
}

#[test]
fn no_number_that_is_none_is_written() {
    all_pairs(&[
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.1,
        1e-3,
        1e5,
        123_456.0,
        -1e9,
        1e-12,
        1e-300,
        f64::EPSILON,
        1.0 + f64::EPSILON,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ]);
}

#[test]
fn nor_for_huge_numbers() {
    all_pairs(&[0.0, 1.0, 1e16, 1e17, -1e17, 1e300, -1e300, f64::MAX, f64::MIN, f64::INFINITY, f64::NAN]);
}

#[test]
fn nor_for_subnormal_numbers() {
    all_pairs(&[0.0, 1.0, 1e-308, 1e-310, -1e-310, 5e-324]);
}

/// Amounts are shown from zero, so that heights are proportional to them.
#[test]
fn amounts_begin_at_zero() {
    let lines = stretches(&plot(Scale::FromZero, &[&[(0.0, 0.0), (1.0, 50.0), (2.0, 100.0)]]));
    let shifted = stretches(&plot(Scale::FromZero, &[&[(0.0, 50.0), (1.0, 100.0)]]));
    assert_eq!((lines[0][1].1, lines[0][2].1), (shifted[0][0].1, shifted[0][1].1));
    assert_eq!(lines[0][0].1, 338.0, "zero is the frame");
    let nothing = plot(Scale::FromZero, &[&[(0.0, 0.0), (1.0, 0.0)]]);
    assert!(y_ticks(&nothing).iter().all(|(text, _)| !text.starts_with('-')), "{:?}", y_ticks(&nothing));
    let below = stretches(&plot(Scale::FromZero, &[&[(0.0, -1.0), (1.0, 1.0)]]));
    assert!(below[0][0].1 < 338.0);
}

/// Names stand below the frame, in rows that do not run out of the image; every line has a colour of its own.
#[test]
fn a_legend_hides_nothing() {
    let points: &[(f64, f64)] = &[(0.0, 1.0), (1.0, 2.0)];
    let mut plot = plot(Scale::Linear, &[points; 12]);
    plot.series.iter_mut().for_each(|series| series.name = "log-SNR -19.8 to -3.3".into());
    plot.series[3].name = String::new();
    let all = drawn(&plot);
    let names: Vec<&Element> = all.iter().filter(|it| it.text.starts_with("log-SNR")).collect();
    assert_eq!(names.len(), 11);
    let (_, height) = all[0].attributes["viewBox"].rsplit_once(' ').unwrap();
    for name in names {
        let end = name.number("x") + 8.0 * name.text.len() as f64;
        assert!(name.number("y") > 400.0 && name.number("y") < height.parse().unwrap() && end < 720.0);
    }
    let colours: std::collections::BTreeSet<String> =
        all.iter().filter(|it| it.name == "polyline").map(|it| it.attributes["stroke"].clone()).collect();
    assert_eq!(colours.len(), 12);
}
