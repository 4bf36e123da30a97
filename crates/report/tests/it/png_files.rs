//! What is written comes back, pixels and text, and other readers find it too.

use crate::{encoded, gradient, pixel};
use std::io::Write;
use tweedie_report::{Canvas, Error, Image, read_png, read_png_text, write_png};

/// The same image with its channels one after the other.
fn planar(canvas: &Canvas) -> Image {
    let plane = canvas.width * canvas.height;
    let values = (0..3 * plane).map(|at| canvas.pixels[at % plane * 3 + at / plane]).collect();
    Image { channels: 3, height: canvas.height, width: canvas.width, values }
}

#[test]
fn pixels_come_back() {
    for (width, height) in [(1, 1), (5, 3), (3, 5), (33, 20), (1, 64)] {
        let canvas = gradient(width, height);
        assert_eq!(read_png(&encoded(&canvas, &[])).unwrap(), planar(&canvas));
    }
}

#[test]
fn text_comes_back() {
    let text = [
        ("tweedie", "{\"model\": \"runs/00001\", \"seed\": 7}".to_string()),
        ("Comment", "Größe 16×16 — 図形 ✓".to_string()),
        ("Empty", String::new()),
        ("Lines", "one\ntwo\n".to_string()),
        ("Comment", "the same keyword again".to_string()),
        ("Long", "a long text ".repeat(5000)),
    ];
    let canvas = gradient(4, 4);
    let bytes = encoded(&canvas, &text);
    let found = read_png_text(&bytes).unwrap();
    assert_eq!(found, text.map(|(keyword, value)| (keyword.to_string(), value)));
    // The text changes no pixel.
    assert_eq!(read_png(&bytes).unwrap(), planar(&canvas));
    assert_eq!(read_png_text(&encoded(&canvas, &[])).unwrap(), []);
}

/// Text that stands in front of the pixels in the older, Latin-1 way of other programs.
#[test]
fn latin_text_of_others_is_read() {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 1, 1);
    encoder.add_text_chunk("Software".into(), "another program".into()).unwrap();
    encoder.write_header().unwrap().write_image_data(&[9]).unwrap();
    assert_eq!(read_png_text(&bytes).unwrap(), [("Software".into(), "another program".into())]);
}

#[test]
fn keywords_that_png_forbids_are_refused() {
    let long = "k".repeat(80);
    for keyword in ["", long.as_str(), "図"] {
        let result = write_png(&gradient(2, 2), &[(keyword, "v".into())], Vec::new());
        let error = result.unwrap_err();
        assert!(matches!(error, Error::Png { action: "written", .. }), "{error:?}");
        assert!(error.to_string().starts_with("the PNG cannot be written: "), "{error}");
    }
    let longest = &long[..79];
    let bytes = encoded(&gradient(2, 2), &[(longest, "v".into())]);
    assert_eq!(read_png_text(&bytes).unwrap(), [(longest.to_string(), "v".to_string())]);
}

#[test]
fn images_without_pixels_are_refused() {
    for (width, height) in [(0, 0), (0, 3), (3, 0)] {
        assert!(write_png(&Canvas::new(width, height, [0; 3]), &[], Vec::new()).is_err());
    }
}

/// A sink with room for a given number of bytes.
struct Narrow(usize);

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if bytes.len() > self.0 {
            return Err(std::io::Error::new(std::io::ErrorKind::StorageFull, "no room in here"));
        }
        self.0 -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Wherever the sink stops, down to the last byte.
#[test]
fn a_sink_without_room_is_an_error() {
    let canvas = gradient(16, 16);
    let text = [("tweedie", "t".to_string())];
    let n = encoded(&canvas, &text).len();
    write_png(&canvas, &text, Narrow(n)).unwrap();
    for room in 0..n {
        let text = write_png(&canvas, &text, Narrow(room)).unwrap_err().to_string();
        assert!(text.contains("no room in here"), "with room for {room}: {text}");
    }
}

#[test]
fn grey_and_colour_are_exchanged() {
    let colours = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255; 3], [0; 3], [10, 20, 30]];
    let mut canvas = Canvas::new(3, 2, [0; 3]);
    colours.into_iter().enumerate().for_each(|(at, colour)| canvas.set(at % 3, at / 3, colour));
    assert_eq!(pixel(&canvas, 2, 1), [10, 20, 30]);
    let colour = planar(&canvas);
    let grey = colour.with_channels(1);
    // .299 R + .587 G + .114 B, rounded.
    let values = vec![76, 150, 29, 255, 0, 18];
    assert_eq!(grey, Image { channels: 1, height: 2, width: 3, values });
    let thrice = grey.with_channels(3);
    assert_eq!((thrice.channels, thrice.height, thrice.width), (3, 2, 3));
    assert_eq!(thrice.values, grey.values.repeat(3));
    assert_eq!(thrice.with_channels(1), grey);
    assert_eq!(colour.with_channels(3), colour);
    assert_eq!(grey.with_channels(1), grey);
}
