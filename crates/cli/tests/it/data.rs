//! Data sets from files, and `tweedie data preview`.

use crate::{names_in, only_run, place, succeeds, train, tweedie};
use std::path::Path;
use tweedie_report::read_png;

/// Writes grey images that no formula needs to know, and labels 0 … 9, as IDX files.
pub fn write_idx(folder: &Path, [n, height, width]: [u32; 3]) {
    let mut state = 1u64;
    let values = (0..n * height * width).map(|_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    });
    let mut images = vec![0, 0, 8, 3];
    images.extend([n, height, width].into_iter().flat_map(u32::to_be_bytes));
    images.extend(values);
    std::fs::write(folder.join("train-images-idx3-ubyte"), images).unwrap();
    let mut labels = vec![0, 0, 8, 1];
    labels.extend(n.to_be_bytes());
    labels.extend((0..n).map(|i| (i % 10) as u8));
    std::fs::write(folder.join("train-labels-idx1-ubyte"), labels).unwrap();
}

#[test]
fn grey_images_that_are_not_square_train_and_sample() {
    let place = place();
    std::fs::create_dir(place.path().join("oblong")).unwrap();
    write_idx(&place.path().join("oblong"), [40, 12, 20]);
    succeeds(&mut train(place.path(), &["--preset", "mnist", "--data", "oblong", "--set", "name=oblong"]));
    let run = only_run(&place.path().join("runs"));
    let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
    let config: toml::Table = config.parse().unwrap();
    assert_eq!(config["network"]["sample_size"].as_array().unwrap()[1].as_integer(), Some(20));
    assert_eq!(config["network"]["in_channels"].as_integer(), Some(1));

    let run = run.to_str().unwrap();
    succeeds(tweedie(place.path()).args(["sample", run, "-n", "3", "--out", "drawn"]));
    let drawn = place.path().join("drawn");
    assert_eq!(names_in(&drawn), ["00000.png", "00001.png", "00002.png"]);
    let image = read_png(&std::fs::read(drawn.join("00001.png")).unwrap()).unwrap();
    assert_eq!((image.height, image.width), (12, 20));
    assert_eq!(image.channels, 1, "an image of one channel is written in grey, as the data are");
    // The sampled image is an image for the forward process again.
    succeeds(tweedie(place.path()).args(["inspect", run, "--image", "drawn/00001.png"]));
    assert!(place.path().join("strip.png").is_file());
}

#[test]
fn a_class_is_drawn_by_name_and_number() {
    let place = place();
    write_idx(place.path(), [40, 8, 8]);
    let settings = ["--preset", "mnist", "--data", ".", "--set", "network.num_class_embeds=10"];
    succeeds(&mut train(place.path(), &settings));
    let run = only_run(&place.path().join("runs"));
    let run = run.to_str().unwrap();
    let drawn = |class: &str, out: &str| {
        succeeds(tweedie(place.path()).args(["sample", run, "-n", "2", "--class", class, "--out", out]));
        read_png(&std::fs::read(place.path().join(out).join("00001.png")).unwrap()).unwrap()
    };
    assert!(drawn("3", "three") == drawn("3", "again"), "a class is not the same twice");
    assert!(drawn("3", "three") != drawn("7", "seven"), "the class makes no difference");
    for (class, words) in [
        (Some("10"), ["`10`", "0, 1, 2"]),
        (Some("row:10"), ["class 10", "0 … 9"]),
        (Some("cat"), ["`cat`", "0, 1, 2"]),
        (None, ["a class is needed", "0 … 9"]),
    ] {
        let mut command = tweedie(place.path());
        command.args(["sample", run]).args(class.into_iter().flat_map(|class| ["--class", class]));
        crate::refused(place.path(), &mut command, &words);
    }
}

#[test]
fn padding_makes_sizes_divide() {
    let place = place();
    write_idx(place.path(), [8, 9, 11]);
    let settings = ["--preset", "mnist", "--data", "train-images-idx3-ubyte"];
    crate::refused(place.path(), &mut train(place.path(), &settings), &["9×11", "8 or 10", "10 or 12"]);
    let padded = [&settings[..], &["--set", "data.pad=2", "--dry-run"]].concat();
    crate::refused(place.path(), &mut train(place.path(), &padded), &["13×15"]);
    write_idx(place.path(), [8, 9, 11]);
    let mut command = tweedie(place.path());
    command.args(["data", "preview", "--preset", "mnist", "--data", "train-images-idx3-ubyte"]);
    let printed = succeeds(command.args(["--set", "data.pad=3"]));
    assert!(printed.contains("15x17"), "{printed}");
}

#[test]
fn a_preview_is_a_sheet_and_statistics() {
    let place = place();
    let printed = succeeds(tweedie(place.path()).args(["data", "preview", "-n", "6"]));
    let words = ["shapes", "3 channels", "16x16", "classes: ", "the analyser recognises", "preview.png"];
    for word in words {
        assert!(printed.contains(word), "`{word}` is not in: {printed}");
    }
    assert_eq!(names_in(place.path()), ["preview.png"]);
    let sheet = read_png(&std::fs::read(place.path().join("preview.png")).unwrap()).unwrap();
    assert!(sheet.width >= 3 * 80 && sheet.height >= 2 * 80, "{}×{}", sheet.height, sheet.width);

    write_idx(place.path(), [20, 8, 12]);
    let mut command = tweedie(place.path());
    command.args(["data", "preview", "--preset", "mnist", "--data", ".", "-n", "30", "--out", "digits.png"]);
    command.args(["--set", "held_out=0"]);
    let printed = succeeds(&mut command);
    assert!(printed.contains("20 images to train on, 0 held out, 1 channels, 8x12"), "{printed}");
    assert!(printed.contains("over 20 examples: 0.5"), "uniform bytes have the mean 1/2: {printed}");
    assert!(printed.contains("7 10.0%"), "{printed}");
    assert!(place.path().join("digits.png").is_file());
}
