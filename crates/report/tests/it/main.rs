//! Images for people: PNG files and their text, sheets, plots.

mod bars;
mod canvas;
mod damage;
mod foreign;
mod html;
mod page;
mod plot;
mod png_files;
mod progress;
mod scatter;
mod sheet;
mod svg;
mod tensorboard;

use tweedie_report::{Canvas, write_png};

/// An image of which every pixel is different.
fn gradient(width: usize, height: usize) -> Canvas {
    let mut canvas = Canvas::new(width, height, [0; 3]);
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        canvas.set(x, y, [(x * 7 + 1) as u8, (y * 5 + 2) as u8, (x * 16 + y) as u8]);
    }
    canvas
}

fn encoded(canvas: &Canvas, text: &[(&str, String)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_png(canvas, text, &mut bytes).unwrap();
    bytes
}

/// A pixel's colour.
fn pixel(canvas: &Canvas, x: usize, y: usize) -> [u8; 3] {
    let at = 3 * (y * canvas.width + x);
    canvas.pixels[at..at + 3].try_into().unwrap()
}
