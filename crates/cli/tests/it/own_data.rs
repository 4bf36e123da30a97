//! People's own data: previewed, trained on, sampled.

use crate::make::{self, SMALL, noisy, put};
use crate::{names_in, only_run, place, refused, succeeds, train, tweedie};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tweedie_report::{Image, read_png};

/// A run on data at a place, with more settings.
fn trained(folder: &Path, data: &str, more: &[&str]) -> PathBuf {
    let runs = format!("runs-of-{}", data.replace('/', "-"));
    succeeds(&mut train(folder, &[&["--data", data, "--runs", &runs], more].concat()));
    only_run(&folder.join(runs))
}

fn preview(folder: &Path, data: &str, more: &[&str]) -> String {
    let mut command = tweedie(folder);
    succeeds(command.args(["data", "preview", "--set", "held_out=0", "--data", data]).args(more))
}

/// Images drawn from a run.
fn drawn(folder: &Path, run: &Path, more: &[&str]) -> Vec<Image> {
    let out = format!("drawn{}", more.concat());
    let mut command = tweedie(folder);
    succeeds(command.arg("sample").arg(run).args(["-n", "3", "--out", &out]).args(more));
    let read = |name: &String| read_png(&std::fs::read(folder.join(&out).join(name)).unwrap()).unwrap();
    names_in(&folder.join(&out)).iter().map(read).collect()
}

#[track_caller]
fn contains_all(printed: &str, words: &[&str]) {
    for word in words {
        assert!(printed.contains(word), "`{word}` is not in: {printed}");
    }
}

#[test]
fn a_folder_of_odd_sizes_is_trained_on_and_sampled() {
    let place = place();
    put(&place.path().join("mine"), &make::images());
    put(&place.path().join("mine"), &[("again.png", noisy([9, 14], 0)), ("notes.txt", b"mine".to_vec())]);
    let printed = preview(place.path(), "mine", SMALL);
    contains_all(&printed, &["mine: 7 images to train on, 0 held out, 3 channels, 8x8"]);
    contains_all(&printed, &["2 of 9x14", "1 of 14x29", "(fitted by crop)"]);
    contains_all(
        &printed,
        &["1 of the first 7 images are duplicates, such as again.png, which equals 0.png"],
    );
    let run = trained(place.path(), "mine", SMALL);
    let images = drawn(place.path(), &run, &[]);
    assert_eq!(images.len(), 3);
    assert!(images.iter().all(|it| (it.channels, it.height, it.width) == (3, 8, 8)));
}

#[test]
fn class_folders_are_drawn_by_name_by_number_and_in_turn() {
    let place = place();
    put(&place.path().join("pets"), &make::classes());
    contains_all(
        &preview(place.path(), "pets", SMALL),
        &["3 classes: cat 33.3%, dog 33.3%, eel 33.3%", "no duplicates among the first 9 images"],
    );
    let run = trained(place.path(), "pets", &[SMALL, &["--set", "model.conditional=true"]].concat());
    let of = |class: &[&str]| drawn(place.path(), &run, class);
    let [cat, dog, eel] = ["cat", "dog", "eel"].map(|name| of(&["--class", name]));
    assert!(dog == of(&["--class", "row:1"]), "a name and its row differ");
    assert!(cat != dog && dog != eel, "the class makes no difference");
    assert!(of(&["--class", "all"]) == [cat[0].clone(), dog[1].clone(), eel[2].clone()]);
    let none = of(&["--class", "none"]);
    assert!(none != cat && none == of(&[]), "without a class there is none");
    for (class, words) in [("bird", &["`bird`", "cat, dog, eel"][..]), ("row:3", &["class 3", "0 … 2"])] {
        refused(place.path(), tweedie(place.path()).arg("sample").arg(&run).args(["--class", class]), words);
    }
}

#[test]
fn archives_are_the_folders_that_they_hold() {
    let place = place();
    let files = make::classes();
    put(&place.path().join("pets"), &files);
    std::fs::write(place.path().join("pets.tar"), make::tar(&files)).unwrap();
    std::fs::write(place.path().join("pets.zip"), make::zip(&files)).unwrap();
    let settings = [SMALL, &["--set", "model.conditional=true", "--set", "training.images=32"]].concat();
    let places = ["pets", "pets.tar", "pets.zip"];
    let weights = places.map(|data| {
        let run = trained(place.path(), data, &settings);
        std::fs::read(run.join("checkpoints/0000000032/resume/tensors.safetensors")).unwrap()
    });
    assert!(weights[0] == weights[1] && weights[0] == weights[2], "another packing is another run");
    let statistics = places.map(|data| preview(place.path(), data, SMALL));
    assert!(statistics[0] == statistics[1] && statistics[0] == statistics[2], "{statistics:?}");
}

#[test]
fn grey_and_transparent_images_are_laid_over_their_background() {
    let place = place();
    let grey = make::png([16, 20], 1, &make::noise(320, 1));
    let clear = make::png([8, 8], 4, &[200, 100, 50, 0].repeat(64));
    put(&place.path().join("grey"), &[("a.png", grey), ("b.png", noisy([30, 20], 2))]);
    put(&place.path().join("clear"), &[("a.png", clear)]);
    let oblong = ["--preset", "folder", "--set", "data.channels=1", "--set", "data.height=8"];
    let run = trained(place.path(), "grey", &[&oblong[..], &["--set", "data.width=12"]].concat());
    let config: toml::Table = std::fs::read_to_string(run.join("config.toml")).unwrap().parse().unwrap();
    assert_eq!(config["network"]["in_channels"].as_integer(), Some(1));
    let first = &drawn(place.path(), &run, &[])[0];
    assert_eq!((first.height, first.width), (8, 12));
    assert_eq!(first.channels, 1, "an image of one channel is written in grey");

    let over = ["--set", "data.background=[51, 102, 255]"];
    contains_all(
        &preview(place.path(), "clear", &[SMALL, &over].concat()),
        &["0.200±0.000, 0.400±0.000, 1.000±0.000"],
    );
}

#[test]
fn cifar_batches_are_trained_on_by_their_preset() {
    let place = place();
    let batches = ["data_batch_1.bin", "data_batch_2.bin"].map(|name| (name, make::cifar(&[3, 8, 0])));
    put(&place.path().join("cifar/cifar-10-batches-bin"), &batches);
    let preset = ["--preset", "cifar10", "--set", "model.conditional=true"];
    let printed = preview(place.path(), "cifar", &preset[..2]);
    contains_all(
        &printed,
        &["cifar10: 6 images", "32x32", "10 classes", "cat 33.3%", "3 of the first 6 images"],
    );
    let run = trained(place.path(), "cifar", &preset);
    let images = drawn(place.path(), &run, &["--class", "truck"]);
    assert_eq!((images[0].height, images[0].width), (32, 32));
    assert!(images != drawn(place.path(), &run, &["--class", "airplane"]));
}

#[test]
fn arrays_are_standardised_and_trained_on() {
    let place = place();
    std::fs::write(place.path().join("arrays.toml"), make::ARRAYS).unwrap();
    let tensors = [("latents", make::latents(&[20, 4, 8, 8])), ("labels", make::labels(20))];
    make::safetensors(&place.path().join("encoded.safetensors"), &tensors);
    let config = ["--config", "arrays.toml"];
    let printed = preview(place.path(), "encoded.safetensors", &config);
    contains_all(
        &printed,
        &["encoded: 20 images to train on", "4 channels, 8x8", "0 35.0%, 1 35.0%, 2 30.0%"],
    );
    let conditional = [&config[..], &["--set", "model.conditional=true"]].concat();
    let run = trained(place.path(), "encoded.safetensors", &conditional);
    let about = std::fs::read(run.join("checkpoints/0000000064/tweedie.json")).unwrap();
    let about: Value = serde_json::from_slice(&about).unwrap();
    assert_eq!((&about["about"]["class_names"][2], &about["about"]["null_class"]), (&"2".into(), &3.into()));
    let mean = about["about"]["standardization"]["mean"][0].as_f64().unwrap();
    assert!((mean - 5.0).abs() < 0.2, "noise from 3 to 7 has the mean {mean}");

    let given = ["--set", "data.mean=[1, 2, 3, 4]", "--set", "data.scale=[1, 1, 1, 2]", "--dry-run"];
    let mut command = train(place.path(), &[&config[..], &given].concat());
    contains_all(
        &succeeds(command.args(["--data", "encoded.safetensors"])),
        &["scale = [1.0, 1.0, 1.0, 2.0]"],
    );
}

#[test]
fn captions_are_found_and_counted() {
    let place = place();
    put(&place.path().join("mine"), &make::images());
    put(&place.path().join("mine"), &[("captions.tsv", b"0.png\ta red cat\n5.png\ta dog\n".to_vec())]);
    contains_all(&preview(place.path(), "mine", SMALL), &["2 of 6 have captions"]);
    put(&place.path().join("mine"), &[("others.txt", "\u{feff}3.png\tünïcode\r\n\r\n".into())]);
    let settings = [SMALL, &["--set", "data.captions=others.txt"]].concat();
    contains_all(&preview(place.path(), "mine", &settings), &["1 of 6 have captions"]);
    // The name of a class is no caption.
    put(&place.path().join("pets"), &make::classes());
    assert!(!preview(place.path(), "pets", SMALL).contains("have captions"));
}

#[test]
fn bad_files_are_left_out_and_counted_where_asked() {
    let place = place();
    put(&place.path().join("mine"), &make::images());
    put(&place.path().join("mine"), &[("bad.png", b"no image".to_vec()), ("worse.jpg", vec![0xff, 0xd8])]);
    let skip = [SMALL, &["--set", "data.bad_files=skip"]].concat();
    let printed = preview(place.path(), "mine", &skip);
    contains_all(&printed, &["2 files were skipped, such as bad.png"]);
    assert!(
        !printed.contains("are duplicates"),
        "skipped files are not replaced by other examples: {printed}"
    );
    let printed = succeeds(&mut train(place.path(), &[&["--data", "mine"], &skip[..]].concat()));
    contains_all(&printed, &["2 files were skipped", "the first is bad.png"]);
}

#[test]
fn a_share_is_held_out_and_measured() {
    let place = place();
    let names: Vec<String> = (0..30).map(|i| format!("{i}.png")).collect();
    let files: Vec<_> =
        names.iter().enumerate().map(|(i, name)| (name.as_str(), noisy([8, 8], i as u64))).collect();
    put(&place.path().join("mine"), &files);
    let measured = [SMALL, &["--set", "training.report.held_out=32", "--set", "training.images=32"]].concat();
    for (share, counts) in [("0", [30, 0]), ("0.5", [14, 16])] {
        let held_out = format!("held_out={share}");
        let mut command = tweedie(place.path());
        command.args(["data", "preview", "--data", "mine"]).args(SMALL).args(["--set", &held_out]);
        let printed = succeeds(&mut command);
        contains_all(&printed, &[&format!("{} images to train on, {} held out", counts[0], counts[1])]);
        let more = ["--data", "mine", "--runs", share, "--set", &held_out];
        succeeds(&mut train(place.path(), &[&measured[..], &more].concat()));
        let run = only_run(&place.path().join(share));
        let line = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
        let line: Value = serde_json::from_str(line.lines().last().unwrap()).unwrap();
        assert_eq!(line["held_out"]["averaged"].as_f64().is_some(), counts[1] > 0, "{line}");
    }
}
