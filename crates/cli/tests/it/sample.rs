//! `tweedie sample`: images, sheets, seeds, batches.

use crate::{checkpoint, names_in, place, shared_run, succeeds, tweedie};
use serde_json::Value;
use std::path::Path;
use tweedie_report::{read_png, read_png_text};

fn sample(folder: &Path, arguments: &[&str]) -> String {
    succeeds(tweedie(folder).args(["sample", checkpoint()]).args(arguments))
}

/// The bytes of a folder's images, in order.
fn images(folder: &Path) -> Vec<Vec<u8>> {
    names_in(folder).iter().map(|name| std::fs::read(folder.join(name)).unwrap()).collect()
}

/// The pixels of a folder's images, in order.
fn pixels(folder: &Path) -> Vec<u8> {
    images(folder).iter().flat_map(|bytes| read_png(bytes).unwrap().values).collect()
}

/// The sampling parameters in the metadata of an image.
fn parameters(file: &Path) -> Value {
    let text = read_png_text(&std::fs::read(file).unwrap()).unwrap();
    let found = text.iter().find(|(keyword, _)| keyword == "parameters").expect("no parameters");
    serde_json::from_str(&found.1).unwrap()
}

#[test]
fn a_folder_of_images_says_how_they_were_made() {
    let place = place();
    let printed = sample(place.path(), &["-n", "5", "--seed", "9", "--out", "deep/drawn"]);
    assert!(printed.contains("5 samples: deep/drawn"), "{printed}");
    let drawn = place.path().join("deep/drawn");
    let names: Vec<String> = (0..5).map(|i| format!("{i:05}.png")).collect();
    assert_eq!(names_in(&drawn), names);
    for (i, name) in names.iter().enumerate() {
        let image = read_png(&std::fs::read(drawn.join(name)).unwrap()).unwrap();
        assert_eq!((image.channels, image.height, image.width), (3, 16, 16));
        let recorded = parameters(&drawn.join(name));
        for (key, value) in [
            ("seed", Value::from(9)),
            ("image", Value::from(i)),
            ("n", Value::from(5)),
            ("sampler", "ddim".into()),
            ("steps", Value::from(2)),
            ("eta", Value::from(0.0)),
            ("noise", "stream".into()),
            ("precision", "f32".into()),
            ("model", checkpoint().into()),
        ] {
            assert_eq!(recorded[key], value, "{key}");
        }
    }
    let first = &pixels(&drawn)[..3 * 256];
    assert!(first.iter().any(|value| value != &first[0]), "the image is blank");
}

#[test]
fn numbers_are_what_the_images_are_rounded_from() {
    let place = place();
    sample(
        place.path(),
        &["-n", "3", "--batch", "2", "--seed", "6", "--out", "drawn", "--raw", "x.safetensors"],
    );
    let mut file = tweedie_weights::TensorFile::open(&place.path().join("x.safetensors")).unwrap();
    let infos = file.tensors().to_vec();
    assert_eq!(infos.len(), 1);
    assert_eq!((infos[0].name.as_str(), infos[0].kind), ("samples", tweedie_weights::DataType::F32));
    assert_eq!(infos[0].shape, [3, 3, 16, 16]);
    let recorded: Value = serde_json::from_str(&file.metadata()["parameters"]).unwrap();
    assert_eq!((&recorded["seed"], &recorded["image"]), (&6.into(), &Value::Null));
    let bytes = file.read(&infos[0]).unwrap();
    let numbers = bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
    let rounded: Vec<u8> =
        numbers.map(|x| (255.0 * ((x + 1.0) / 2.0).clamp(0.0, 1.0)).round_ties_even() as u8).collect();
    assert!(rounded == pixels(&place.path().join("drawn")), "the images are not the numbers");
}

#[test]
fn places_have_their_defaults() {
    let place = place();
    sample(place.path(), &["-n", "2"]);
    assert_eq!(names_in(&place.path().join("samples")).len(), 2);
    sample(place.path(), &["-n", "2", "--grid"]);
    assert_eq!(names_in(place.path()), ["samples", "samples.png"]);
    sample(place.path(), &["-n", "2", "--out", "a.PNG"]);
    assert!(place.path().join("a.PNG").is_file());
    assert!(names_in(place.path()).iter().all(|name| !name.contains("partial")));
}

#[test]
fn a_sheet_shows_the_images() {
    let place = place();
    sample(place.path(), &["-n", "4", "--out", "drawn"]);
    sample(place.path(), &["-n", "4", "--grid", "--out", "sheet.png"]);
    let sheet = read_png(&std::fs::read(place.path().join("sheet.png")).unwrap()).unwrap();
    let recorded = parameters(&place.path().join("sheet.png"));
    assert_eq!((&recorded["image"], &recorded["n"]), (&Value::Null, &4.into()));
    // A 16×16 image is shown four times as large; its pixels are all there, in a block of the sheet.
    let one = read_png(&std::fs::read(place.path().join("drawn/00003.png")).unwrap()).unwrap();
    let colour = |image: &tweedie_report::Image, row: usize, column: usize| {
        [0, 1, 2].map(|c| image.values[(c * image.height + row) * image.width + column])
    };
    let is_at = |top: usize, left: usize| {
        (0..256).all(|at| {
            let (row, column) = (at / 16, at % 16);
            colour(&sheet, top + 4 * row, left + 4 * column) == colour(&one, row, column)
        })
    };
    let places = (0..sheet.height - 63).flat_map(|top| (0..sheet.width - 63).map(move |left| (top, left)));
    let found: Vec<(usize, usize)> = places.filter(|(top, left)| is_at(*top, *left)).collect();
    assert!(
        found.iter().any(|(top, left)| *top > 32 && *left > 32),
        "the last image is not there: {found:?}"
    );
}

#[test]
fn a_seed_is_a_set_of_bytes() {
    let place = place();
    for (out, arguments) in [
        ("a", ["--seed", "3"]),
        ("b", ["--seed", "3"]),
        ("c", ["--seed", "4"]),
        ("d", ["--eta", "1"]),
        ("e", ["--sampler", "ddpm"]),
        ("f", ["--steps", "5"]),
        ("g", ["--seed", "0"]),
        ("h", ["--noise", "torch"]),
        ("i", ["--noise", "torch"]),
    ] {
        sample(place.path(), &[&["-n", "3", "--out", out], &arguments[..]].concat());
    }
    let of = |name: &str| images(&place.path().join(name));
    assert!(of("a") == of("b") && of("h") == of("i"), "the same seed gives other bytes");
    let values = |name: &str| pixels(&place.path().join(name));
    for other in ["a", "d", "e", "f", "h"] {
        assert!(values("g") != values(other), "{other} gives the same images");
    }
    assert!(values("a") != values("c"), "the seed makes no difference");
    assert_eq!(parameters(&place.path().join("h/00000.png"))["noise"], "torch");
    assert_eq!(parameters(&place.path().join("e/00000.png"))["sampler"], "ddpm");
    assert_eq!(parameters(&place.path().join("d/00000.png"))["eta"], 1.0);
}

#[test]
fn the_batch_changes_nothing_but_the_last_bit() {
    let place = place();
    let noises = [("stream", ["--eta", "0.5"]), ("stream", ["--sampler", "ddpm"])];
    for (noise, arguments) in noises {
        let drawn = |batch: &str| {
            let usual = ["-n", "5", "--noise", noise, "--batch", batch, "--out", batch];
            sample(place.path(), &[&usual[..], &arguments[..]].concat());
            pixels(&place.path().join(batch))
        };
        let (twos, fives) = (drawn("2"), drawn("5"));
        assert_eq!(twos.len(), 5 * 3 * 256);
        let off: Vec<u8> = twos.iter().zip(&fives).map(|(a, b)| a.abs_diff(*b)).collect();
        let equal = off.iter().filter(|off| **off == 0).count() as f64 / off.len() as f64;
        assert!(equal > 0.99 && off.iter().all(|off| *off <= 2), "{equal} of the pixels are equal");
    }
}

#[test]
fn another_size_may_be_asked_for() {
    let place = place();
    sample(place.path(), &["-n", "1", "--size", "8x24"]);
    let image = read_png(&std::fs::read(place.path().join("samples/00000.png")).unwrap()).unwrap();
    assert_eq!((image.height, image.width), (8, 24));
}

#[test]
fn bf16_draws_nearly_the_same() {
    let place = place();
    for precision in ["f32", "bf16"] {
        sample(place.path(), &["-n", "2", "--precision", precision, "--out", precision]);
    }
    let (exact, rounded) = (pixels(&place.path().join("f32")), pixels(&place.path().join("bf16")));
    assert!(exact != rounded, "bf16 is f32");
    let off: u64 = exact.iter().zip(&rounded).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    let mean = off as f64 / exact.len() as f64;
    assert!(mean < 20.0, "pixels differ by {mean} on average");
    assert_eq!(parameters(&place.path().join("bf16/00000.png"))["precision"], "bf16");
}

#[test]
fn a_runs_folder_stands_for_its_checkpoint() {
    let place = place();
    sample(place.path(), &["-n", "2", "--out", "of-checkpoint"]);
    let run = shared_run().to_str().unwrap();
    succeeds(tweedie(place.path()).args(["sample", run, "-n", "2", "--out", "of-run"]));
    let of = |name: &str| pixels(&place.path().join(name));
    assert!(of("of-run") == of("of-checkpoint"), "the run gives other images than its checkpoint");
}
