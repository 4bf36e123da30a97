//! Folders of images as the field has them: parts, levels of classes, label files, damaged files, names of classes.

use crate::make::{self, SMALL, noisy, put};
use crate::{names_in, only_run, place, refusal, refused, succeeds, text, train, tweedie};
use std::path::{Path, PathBuf};

#[track_caller]
fn has(printed: &str, words: &[&str]) {
    for word in words {
        assert!(printed.contains(word), "`{word}` is not in: {printed}");
    }
}

fn preview(folder: &Path, data: &str, more: &[&str]) -> String {
    succeeds(tweedie(folder).args(["data", "preview", "--data", data]).args(SMALL).args(more))
}

/// Noisy images of these names.
fn put_images(folder: &Path, names: &[&str]) {
    let files: Vec<_> = names.iter().enumerate().map(|(i, name)| (*name, noisy([9, 9], i as u64))).collect();
    put(folder, &files);
}

/// A PNG whose head is right and whose pixels are cut off.
fn cut(seed: u64) -> Vec<u8> {
    let mut bytes = noisy([40, 40], seed);
    bytes.truncate(bytes.len() / 2);
    bytes
}

/// A run conditioned on the classes of a set.
fn conditional(folder: &Path, data: &str, runs: &str) -> PathBuf {
    let more = ["--data", data, "--runs", runs, "--set", "model.conditional=true"];
    succeeds(&mut train(folder, &[SMALL, &more].concat()));
    only_run(&folder.join(runs))
}

#[test]
fn parts_classes_and_what_is_left_out_are_printed() {
    let place = place();
    let parts = [
        "train/cat/1.png",
        "train/cat/2.png",
        "train/dog/1.png",
        "train/dog/2.png",
        "test/cat/3.png",
        "test/dog/3.png",
    ];
    put_images(&place.path().join("split"), &parts);
    put(
        &place.path().join("split"),
        &[
            ("cover.png", noisy([9, 9], 77)),
            ("labels.csv", b"x".to_vec()),
            ("a.jp2", b"\0\0\0\x0cjP  \r\n".to_vec()),
        ],
    );
    let lines = [
        "classes: 2 (the top folders): cat, dog",
        "splits: trained on train (4 images), held out test (2 images); data.splits = \"ignore\" makes one set of all",
        "left out: cover.png, beside the folders of the set",
        "left out: 1 image in a format that is not decoded (JPEG 2000), such as a.jp2",
        "labels that were not read: labels.csv (read are dataset.json",
    ];
    let printed = preview(place.path(), "split", &[]);
    has(&printed, &lines);
    has(&printed, &["split: 4 images to train on, 2 held out", "files: 6 of 9x9"]);
    let more = ["--data", "split", "--set", "training.images=16", "--set", "training.report.held_out=16"];
    has(&succeeds(&mut train(place.path(), &[SMALL, &more].concat())), &lines);
    let metrics =
        std::fs::read_to_string(only_run(&place.path().join("runs")).join("metrics.jsonl")).unwrap();
    assert!(metrics.contains("averaged"), "{metrics}");
    let one = preview(place.path(), "split", &["--set", "data.splits=ignore", "--set", "held_out=0"]);
    has(&one, &["6 images to train on, 0 held out", "classes: 4 (the folders that hold images; "]);
    has(
        &preview(place.path(), "split", &["--set", "data.classes=none"]),
        &["classes: none (data.classes is \"none\")"],
    );
}

#[test]
fn a_class_of_one_image_is_trained_on_and_named() {
    let place = place();
    let mut names: Vec<String> = (0..20).map(|i| format!("big/{i:03}.png")).collect();
    names.push("lonely/000.png".into());
    put_images(&place.path().join("mine"), &names.iter().map(String::as_str).collect::<Vec<_>>());
    for share in ["0.02", "0.5", "0.95"] {
        let printed = preview(place.path(), "mine", &["--set", &format!("held_out={share}")]);
        has(&printed, &["held out: none of the class lonely, whose only example is trained on", "lonely "]);
    }
}

#[test]
fn a_set_without_colours_is_previewed() {
    let place = place();
    put(
        &place.path().join("mine"),
        &[("a.png", make::png([9, 9], 1, &make::noise(81, 1))), ("b.png", noisy([9, 9], 2))],
    );
    has(&preview(place.path(), "mine", &["--set", "data.channels=1"]), &["1 channels, 8x8", "classes: none"]);
}

#[test]
fn a_damaged_file_is_found_before_training() {
    let place = place();
    put_images(&place.path().join("mine"), &["0.png", "1.png", "2.png", "3.png"]);
    put(&place.path().join("mine"), &[("late.png", cut(5)), ("later.png", cut(6))]);
    let words = [
        "mine/late.png is not an image that can be decoded",
        "1 other file cannot be decoded, either",
        "--set data.bad_files=skip leaves such files out",
    ];
    refused(place.path(), train(place.path(), SMALL).args(["--data", "mine"]), &words);
    refused(place.path(), train(place.path(), SMALL).args(["--data", "mine", "--dry-run"]), &words);
    let printed = preview(place.path(), "mine", &["--set", "data.bad_files=skip"]);
    has(
        &printed,
        &[
            "mine: 4 images",
            "files: 4 of 9x9 (",
            "no duplicates among the first 4 images",
            "2 files were skipped, such as late.png",
        ],
    );
    // Without the memory it is found on the way, and is neither counted among the images nor a duplicate.
    let lazily = ["--set", "data.bad_files=skip", "--set", "data.memory_mib=0"];
    has(&preview(place.path(), "mine", &lazily), &["no duplicates among the first 4 images"]);
}

#[test]
fn training_saves_before_it_stops_at_a_damaged_file_and_goes_on_without_it() {
    let place = place();
    let names: Vec<String> = (0..30).map(|i| format!("{i:02}.png")).collect();
    put_images(&place.path().join("mine"), &names.iter().map(String::as_str).collect::<Vec<_>>());
    put(&place.path().join("mine"), &[("bad.png", cut(5))]);
    let lazily = [
        "--data",
        "mine",
        "--set",
        "data.memory_mib=0",
        "--set",
        "training.batch=2",
        "--set",
        "training.report.checkpoint=1000",
    ];
    let output = train(place.path(), &[SMALL, &lazily].concat()).output().unwrap();
    has(&refusal(&output), &["mine/bad.png", "--set data.bad_files=skip leaves such files out"]);
    has(
        &text(&output.stdout),
        &["checkpoint: runs/", "to resume without such files: cargo xtask train --resume runs/"],
    );
    let run = only_run(&place.path().join("runs"));
    assert_eq!(names_in(&run.join("checkpoints")).len(), 1, "what was trained is saved");
    let resume = |more: &[&str]| {
        let mut command = tweedie(place.path());
        command.args(["train", "--resume"]).arg(&run).args(more);
        command
    };
    assert!(refusal(&resume(&[]).output().unwrap()).contains("bad.png"), "the file is still bad");
    let refusal = refusal(&resume(&["--set", "data.flip=false"]).output().unwrap());
    has(&refusal, &["must keep its data", "data.bad_files"]);
    has(
        &succeeds(&mut resume(&["--set", "data.bad_files=skip"])),
        &["resuming after ", "1 files were skipped", "bad.png"],
    );
}

#[test]
fn a_number_is_the_name_of_a_class_and_a_row_is_written_so() {
    let place = place();
    put_images(&place.path().join("mine"), &["1/a.png", "2/a.png", "3/a.png", "10/a.png", "1/b.png"]);
    let run = conditional(place.path(), "mine", "runs");
    let sample = |class: &str, out: &str| {
        let mut command = tweedie(place.path());
        command.arg("sample").arg(&run).args(["-n", "1", "--out", out, "--class", class]);
        command
    };
    let drawn = |class: &str, out: &str| {
        succeeds(&mut sample(class, out));
        std::fs::read(place.path().join(out).join("00000.png")).unwrap().len()
    };
    drawn("10", "named");
    drawn("row:1", "row");
    let pixels = |out: &str| {
        tweedie_report::read_png(&std::fs::read(place.path().join(out).join("00000.png")).unwrap()).unwrap()
    };
    // The folders in the order of their names: 1, 10, 2, 3.
    assert!(pixels("named") == pixels("row"), "row 1 is the class 10");
    refused(
        place.path(),
        &mut sample("0", "x"),
        &["there is no class `0` (1, 10, 2, 3); row 0 of the class table is row:0"],
    );
    refused(place.path(), &mut sample("4", "x"), &["there is no class `4` (1, 10, 2, 3)"]);
    refused(place.path(), &mut sample("row:4", "x"), &["class 4 is outside 0 … 3"]);
    refused(place.path(), &mut sample("row:one", "x"), &["there is no class `one`"]);
    refused(place.path(), &mut sample("name:all", "x"), &["there is no class `all`"]);
    let mut invert = tweedie(place.path());
    invert.arg("invert").arg(&run).args(["named/00000.png", "--class", "0"]);
    refused(place.path(), &mut invert, &["there is no class `0`"]);
}

#[test]
fn classes_named_as_words_of_the_option_can_be_sampled() {
    let place = place();
    put_images(&place.path().join("mine"), &["all/a.png", "none/a.png", "row:0/a.png"]);
    let run = conditional(place.path(), "mine", "runs");
    let mut images = Vec::new();
    for class in ["name:all", "name:none", "name:row:0", "row:0", "all", "none"] {
        let out = class.replace(':', "-");
        let mut command = tweedie(place.path());
        succeeds(command.arg("sample").arg(&run).args(["-n", "2", "--out", &out, "--class", class]));
        let read = |name: &str| {
            tweedie_report::read_png(&std::fs::read(place.path().join(&out).join(name)).unwrap()).unwrap()
        };
        images.push([read("00000.png"), read("00001.png")]);
    }
    let [all, none, third, row, every, without] = images.try_into().unwrap();
    assert!(all == row && every[0] == all[0] && every[1] == none[1]);
    assert!(all != none && none != third && without != none, "the classes make no difference");
}

/// A message does not print thousands of names.
#[test]
fn of_many_classes_the_nearest_are_named() {
    let place = place();
    let names: Vec<String> = (0..300).map(|i| format!("class{i:03}/1.png")).collect();
    put_images(&place.path().join("mine"), &names.iter().map(String::as_str).collect::<Vec<_>>());
    let run = conditional(place.path(), "mine", "runs");
    let refusal = |class: &str| {
        let output = tweedie(place.path()).arg("sample").arg(&run).args(["--class", class]).output().unwrap();
        refusal(&output)
    };
    has(&refusal("clas042"), &["no class `clas042` among the 300 classes; the nearest are class042, "]);
    has(&refusal("7"), &["among the 300 classes; the nearest are ", "; row 7 of the class table is row:7"]);
    assert!(refusal("7").len() < 200, "{}", refusal("7"));
    has(&succeeds(tweedie(place.path()).arg("inspect").arg(&run)), &["and 288 more"]);
}

/// A configuration of an earlier version keeps the data that it had.
#[test]
fn an_earlier_run_keeps_its_classes() {
    let place = place();
    put_images(
        &place.path().join("mine"),
        &["a/x/1.png", "a/x/2.png", "b/y/1.png", "b/y/2.png", "b/z/1.png", "b/z/2.png"],
    );
    let former = [
        "--data",
        "mine",
        "--set",
        "model.conditional=true",
        "--set",
        "data.classes=top",
        "--set",
        "data.splits=ignore",
    ];
    succeeds(&mut train(place.path(), &[SMALL, &former].concat()));
    let run = only_run(&place.path().join("runs"));
    let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
    let earlier: Vec<&str> = config
        .lines()
        .filter(|line| !line.starts_with("classes = ") && !line.starts_with("splits = "))
        .collect();
    assert_eq!(earlier.len() + 2, config.lines().count());
    std::fs::write(run.join("config.toml"), earlier.join("\n")).unwrap();
    let longer = ["--set", "training.images=80"];
    let printed = succeeds(tweedie(place.path()).args(["train", "--resume"]).arg(&run).args(longer));
    has(&printed, &["classes: 2 (the top folders): a, b", "resuming after 64 images"]);
    assert!(!printed.contains("the data set"), "{printed}");
    // Other classes are no continuation.
    std::fs::write(run.join("config.toml"), config.replace("classes = \"top\"", "classes = \"leaf\""))
        .unwrap();
    let output = tweedie(place.path()).args(["train", "--resume"]).arg(&run).output().unwrap();
    has(&refusal(&output), &["network.num_class_embeds is 3"]);
}
