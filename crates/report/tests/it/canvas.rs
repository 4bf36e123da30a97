//! Drawing on a canvas: pixels, images, letters.

use crate::pixel;
use tweedie_report::Canvas;

const WHITE: [u8; 3] = [255; 3];
const INK: [u8; 3] = [10, 20, 30];

/// Where a canvas was drawn on.
fn marks(canvas: &Canvas) -> Vec<(usize, usize)> {
    let all = (0..canvas.height).flat_map(|y| (0..canvas.width).map(move |x| (x, y)));
    all.filter(|&(x, y)| pixel(canvas, x, y) != WHITE).collect()
}

fn written(text: &str, width: usize, height: usize, x: usize, y: usize) -> Vec<(usize, usize)> {
    let mut canvas = Canvas::new(width, height, WHITE);
    canvas.text(x, y, text, INK);
    let found = marks(&canvas);
    assert!(found.iter().all(|&(x, y)| pixel(&canvas, x, y) == INK));
    found
}

#[test]
fn pixels_are_set_inside_only() {
    let mut canvas = Canvas::new(3, 2, WHITE);
    assert_eq!(canvas.pixels, [255; 18]);
    canvas.set(2, 1, INK);
    for (x, y) in [(3, 0), (0, 2), (3, 2), (usize::MAX, 0), (0, usize::MAX)] {
        canvas.set(x, y, [0; 3]);
    }
    assert_eq!(marks(&canvas), [(2, 1)]);
    assert_eq!(canvas.pixels[15..], INK);
}

#[test]
fn images_are_zoomed() {
    // Two rows of three pixels, whose channels are 1, 2, … and a hundred more each.
    let values: Vec<u8> = (0..3).flat_map(|channel| (1..=6).map(move |at| channel * 100 + at)).collect();
    for zoom in [1, 2, 5] {
        let mut canvas = Canvas::new(40, 30, WHITE);
        canvas.draw(4, 7, &values, [3, 2, 3], zoom);
        let mut n = 0;
        for (x, y) in marks(&canvas) {
            let at = ((y - 7) / zoom * 3 + (x - 4) / zoom + 1) as u8;
            assert_eq!(pixel(&canvas, x, y), [at, at + 100, at + 200]);
            n += 1;
        }
        assert_eq!(n, 6 * zoom * zoom);
        assert_eq!(marks(&canvas)[0], (4, 7));
    }
}

#[test]
fn one_channel_is_grey_and_edges_cut() {
    let mut canvas = Canvas::new(3, 3, WHITE);
    canvas.draw(2, 2, &[9, 8, 7, 6], [1, 2, 2], 1);
    assert_eq!(marks(&canvas), [(2, 2)]);
    assert_eq!(pixel(&canvas, 2, 2), [9; 3]);
}

#[test]
fn letters_are_drawn_side_by_side() {
    let one = written("T", 40, 20, 3, 5);
    assert!(one.iter().all(|&(x, y)| (3..11).contains(&x) && (5..13).contains(&y)), "{one:?}");
    // The bar of a T is wider than its foot.
    let in_row = |row: usize| one.iter().filter(|&&(_, y)| y == row).count();
    let last = one.iter().map(|&(_, y)| y).max().unwrap();
    assert!(in_row(5) > in_row(last) && in_row(last) > 0, "{one:?}");
    // Moved text is the same text moved, and a second letter follows eight pixels on.
    let moved: Vec<_> = one.iter().map(|&(x, y)| (x + 9, y + 2)).collect();
    assert_eq!(written("T", 40, 20, 12, 7), moved);
    let mut both = [one.clone(), one.iter().map(|&(x, y)| (x + 8, y)).collect()].concat();
    both.sort_by_key(|&(x, y)| (y, x));
    assert_eq!(written("TT", 40, 20, 3, 5), both);
    assert_ne!(written("L", 40, 20, 3, 5), one);
}

/// Every printable ASCII letter but the blank has its own form.
#[test]
fn letters_can_be_told_apart() {
    let forms: Vec<_> =
        (33u8..127).map(|letter| written(&char::from(letter).to_string(), 8, 8, 0, 0)).collect();
    for (i, form) in forms.iter().enumerate() {
        assert!(!form.is_empty() && !forms[..i].contains(form), "letter {i}");
    }
}

#[test]
fn letters_that_the_font_lacks_are_blank() {
    assert_eq!(written("図 \n", 40, 20, 0, 0), []);
    let after: Vec<_> = written("A", 40, 20, 0, 0).into_iter().map(|(x, y)| (x + 8, y)).collect();
    assert_eq!(written("図A", 40, 20, 0, 0), after);
}

#[test]
fn text_beyond_the_edge_is_cut() {
    let whole = written("AB", 40, 20, 0, 0);
    let cut: Vec<_> = whole.into_iter().filter(|&(x, y)| x < 12 && y < 4).collect();
    assert_eq!(written("AB", 12, 4, 0, 0), cut);
    assert_eq!(written("AB", 12, 4, 12, 4), []);
}
