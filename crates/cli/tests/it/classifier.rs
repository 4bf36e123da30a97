//! A classifier of noisy images: trained like a denoiser, seen by `inspect`, refused where a denoiser is needed.

use crate::{names_in, only_run, place, refused, succeeds, train, tweedie};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const KIND: [&str; 2] = ["--set", "training.objective.kind=classifier"];

/// A run that these tests share, and what was printed; nobody writes into it.
fn run() -> &'static (PathBuf, String) {
    static RUN: OnceLock<(PathBuf, String)> = OnceLock::new();
    RUN.get_or_init(|| {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("classifier-run");
        // Of an earlier execution of the tests.
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir_all(&place).unwrap();
        let measured = ["training.report.held_out=32", "training.report.held_out_images=16"];
        let mut command = train(&place, &KIND);
        command.args(measured.into_iter().flat_map(|setting| ["--set", setting]));
        let printed = succeeds(&mut command);
        (only_run(&place.join("runs")), printed)
    })
}

fn folder() -> &'static str {
    run().0.to_str().unwrap()
}

#[test]
fn a_classifier_is_trained_on_the_built_in_set() {
    let (run, printed) = run();
    for words in [
        "  right ",
        "% classified correctly over all levels (averaged weights)",
        "log-SNR",
        "M parameters on Cpu in f32",
    ] {
        assert!(printed.contains(words), "`{words}` is not in {printed}");
    }
    assert!(printed.contains("classifier: runs/00000-shapes/checkpoints/0000000064"), "{printed}");
    assert!(!printed.contains("sample"), "{printed}");
    let checkpoint = run.join("checkpoints/0000000064");
    assert_eq!(names_in(&checkpoint), ["README.md", "classifier", "resume", "tweedie.json"]);
    assert!(!run.join("samples").exists());
    let read = |path: PathBuf| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let about = read(checkpoint.join("tweedie.json"));
    assert_eq!(about["kind"], "classifier");
    assert_eq!(about["about"]["class_names"].as_array().unwrap().len(), 3);
    assert_eq!(read(checkpoint.join("classifier/config.json"))["n_classes"], 3);
    let lines = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let share = |of: &Value| (0.0..=1.0).contains(&of["accuracy"]["averaged"].as_f64().unwrap());
    assert!(share(&last["held_out"]) && last["held_out"]["bins"].as_array().unwrap().iter().all(share));
    let config: toml::Table = std::fs::read_to_string(run.join("config.toml")).unwrap().parse().unwrap();
    assert_eq!(config["training"]["report"]["sheet"].as_integer(), Some(0));
    assert_eq!(config["training"]["objective"]["kind"].as_str(), Some("classifier"));
}

/// Interrupted by nothing but its number of images, and made longer.
#[test]
fn it_goes_on_as_a_classifier_alone() {
    let place = place();
    succeeds(&mut train(place.path(), &KIND));
    let run = only_run(&place.path().join("runs"));
    let resume = |setting: &str| {
        let mut command = tweedie(place.path());
        command.args(["train", "--resume", run.to_str().unwrap(), "--set", setting]);
        command
    };
    let denoiser = &mut resume("training.objective.kind=denoiser");
    refused(place.path(), denoiser, &["must keep", "training.objective.kind"]);
    let printed = succeeds(&mut resume("training.images=96"));
    assert!(printed.contains("resuming after 64 images"), "{printed}");
    assert_eq!(names_in(&run.join("checkpoints")), ["0000000096"]);
}

#[test]
fn what_is_learned_may_be_named_by_itself() {
    let place = place();
    let settings = |setting: &str| {
        let printed = succeeds(&mut train(place.path(), &["--dry-run", "--set", setting]));
        printed.lines().filter(|line| !line.starts_with('#')).map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(settings("objective.kind=classifier"), settings(KIND[1]));
    refused(
        place.path(),
        &mut train(place.path(), &["--set", "objective.kin=classifier"]),
        &["training.objective.kin", "nearest is `kind`"],
    );
    refused(
        place.path(),
        &mut train(place.path(), &["--set", "objective.kind=clasifier"]),
        &["clasifier", "nearest is `classifier`"],
    );
}

#[test]
fn what_goes_not_together_is_not_begun() {
    let place = place();
    let cases: [(&str, &[&str]); 8] = [
        ("model.conditional=true", &["model.conditional", "not conditioned on the class"]),
        ("model.variance=range", &["model.variance", "classifier"]),
        ("training.objective.loss=hybrid", &["training.objective.loss is hybrid", "cross entropy"]),
        ("training.objective.loss=vlb", &["training.objective.loss is vlb", "cross entropy"]),
        ("training.objective.measured=velocity", &["training.objective.measured", "cross entropy"]),
        ("training.posthoc_ema.std=[0.05]", &["posthoc_ema", "classifier"]),
        ("network.num_class_embeds=3", &["num_class_embeds", "must be null"]),
        ("network.attention_head_dim=3", &["attention_head_dim", "16"]),
    ];
    for (setting, words) in cases {
        refused(place.path(), train(place.path(), &KIND).args(["--set", setting]), words);
    }
    crate::data::write_idx(place.path(), [8, 8, 8]);
    std::fs::remove_file(place.path().join("train-labels-idx1-ubyte")).unwrap();
    let mut unlabelled = train(place.path(), &KIND);
    unlabelled.args(["--preset", "mnist", "--data", "train-images-idx3-ubyte"]);
    refused(place.path(), &mut unlabelled, &["has no classes", "at least 2"]);
}

#[test]
fn a_preset_of_digits_becomes_a_classifier_of_digits() {
    let place = place();
    std::fs::create_dir(place.path().join("digits")).unwrap();
    crate::data::write_idx(&place.path().join("digits"), [20, 28, 28]);
    let mut command = tweedie(place.path());
    command.args([
        "train",
        "--dry-run",
        "--preset",
        "mnist",
        "--data",
        "digits",
        "--set",
        "objective.kind=classifier",
    ]);
    let printed = succeeds(&mut command);
    assert!(printed.contains("# parameters: 0.") && printed.contains("kind = \"classifier\""), "{printed}");
    // The objective of the preset is for a denoiser, but given settings are kept.
    assert!(printed.contains("measured = \"null\"") && printed.contains("mean = 2.0"), "{printed}");
    command.args(["--set", "training.objective.levels={ kind = \"stratified\" }"]);
    let printed = succeeds(&mut command);
    assert!(printed.contains("kind = \"stratified\""), "{printed}");
}

#[test]
fn inspect_says_what_it_is() {
    let place = place();
    let printed = succeeds(tweedie(place.path()).args(["inspect", folder(), "--plot", "schedule.svg"]));
    for words in [
        "NoisyClassifier, 0.0",
        "M parameters, 16×16, 3 channels → 3 classes",
        "predicts ln p(y | x_t); conditioned on index",
        "process: linear (beta_start 0.0001, beta_end 0.02), T = 100",
        "classes: circle, square, triangle",
        "trained on shapes 16×16: 64 images, 4 steps",
        "down_blocks.1",
        "pool",
    ] {
        assert!(printed.contains(words), "`{words}` is not in:\n{printed}");
    }
    assert_eq!(names_in(place.path()), ["schedule.svg"]);
    let strip = ["inspect", folder(), "--image", "schedule.svg"];
    refused(
        place.path(),
        tweedie(place.path()).args(strip),
        &["holds a classifier", "--image needs a denoiser"],
    );
}

#[test]
fn it_is_refused_where_a_denoiser_is_needed() {
    let place = place();
    let words = ["contains a classifier of noisy images, but a denoiser is needed"];
    for command in [
        &["sample", folder(), "-n", "1"][..],
        &["evaluate", "likelihood", folder(), "-n", "1"],
        &["evaluate", "samples", folder()],
    ] {
        refused(place.path(), tweedie(place.path()).args(command), &words);
    }
}
