//! Bars are well-formed, and as long as their values.

use crate::svg::elements;
use tweedie_report::{Bar, Bars};

fn bar(label: &str, value: f64, interval: Option<(f64, f64)>) -> Bar {
    Bar { label: label.into(), value, interval, note: format!("<{value}>"), is_marked: label == "own" }
}

#[test]
fn bars_are_proportional_and_marked() {
    let bars =
        vec![bar("own", 2.0, Some((1.5, 3.0))), bar("other & more", 1.0, None), bar("none", f64::NAN, None)];
    let svg =
        Bars { title: "speed".into(), x_label: "ratio".into(), groups: vec![("f32".into(), bars)] }.svg();
    assert_eq!(svg.matches("NaN").count(), 1, "a number is not one, except in the note: {svg}");
    let drawn = elements(&svg);
    let rectangles: Vec<_> =
        drawn.iter().filter(|it| it.name == "rect" && it.attributes["fill"] != "white").collect();
    let width = |i: usize| rectangles[i].number("width");
    assert_eq!(rectangles.len(), 2, "a value that is no number has no bar");
    assert!((width(0) / width(1) - 2.0).abs() < 1e-2, "{} and {}", width(0), width(1));
    assert_ne!(rectangles[0].attributes["fill"], rectangles[1].attributes["fill"]);
    for text in ["speed", "ratio", "f32", "other &amp; more", "&lt;2&gt;"] {
        assert!(svg.contains(text), "{text} is missing");
    }
}

#[test]
fn nothing_is_an_empty_plot() {
    let svg = Bars { title: "t".into(), x_label: "x".into(), groups: Vec::new() }.svg();
    assert!(elements(&svg).iter().any(|element| element.name == "svg"));
}
