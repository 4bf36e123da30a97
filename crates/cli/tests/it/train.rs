//! `tweedie train`: the folder of the run, and the completeness of its configuration.

use crate::{names_in, only_run, place, refusal, shared_run, succeeds, text, train, tweedie};
use serde_json::Value;
use std::path::Path;

/// The lines of a run's metrics.
fn metrics(run: &Path) -> Vec<Value> {
    let lines = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    assert!(lines.ends_with('\n'));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn without_clock(run: &Path) -> Vec<Value> {
    let strip = |mut line: Value| {
        line.as_object_mut().unwrap().remove("clock").unwrap();
        line
    };
    metrics(run).into_iter().map(strip).collect()
}

#[test]
fn a_run_holds_what_it_should() {
    let run = shared_run();
    assert!(run.file_name().unwrap().to_str().unwrap().ends_with("00000-shapes"));
    assert_eq!(
        names_in(run),
        [
            "checkpoints",
            "config.toml",
            "environment.json",
            "events.out.tfevents.0.tweedie",
            "index.html",
            "lock",
            "loss.svg",
            "metrics.jsonl",
            "samples"
        ]
    );
    assert_eq!(names_in(&run.join("samples")), ["0000000032.png", "0000000064.png"]);
    // Earlier checkpoints make room for the newest.
    assert_eq!(names_in(&run.join("checkpoints")), ["0000000064"]);
    let checkpoint = run.join("checkpoints/0000000064");
    assert_eq!(
        names_in(&checkpoint),
        ["README.md", "model_index.json", "resume", "scheduler", "tweedie.json", "unet"]
    );
    let about: Value =
        serde_json::from_slice(&std::fs::read(checkpoint.join("tweedie.json")).unwrap()).unwrap();
    assert_eq!(
        (&about["about"]["training"]["images"], &about["about"]["training"]["steps"]),
        (&64.into(), &4.into())
    );
    assert_eq!(
        (&about["denoiser"]["sampling"]["steps"], &about["denoiser"]["parameterization"]),
        (&2.into(), &"epsilon".into())
    );

    let plot = std::fs::read_to_string(run.join("loss.svg")).unwrap();
    assert!(plot.starts_with("<svg") && plot.trim_end().ends_with("</svg>"));
    for sheet in ["0000000032.png", "0000000064.png"] {
        let bytes = std::fs::read(run.join("samples").join(sheet)).unwrap();
        let image = tweedie_report::read_png(&bytes).unwrap();
        assert!(image.width > 2 * 16 && image.height > 2 * 16, "four images of 16×16 and more");
    }
}

#[test]
fn metrics_are_one_object_per_stretch() {
    let lines = metrics(shared_run());
    assert_eq!(lines.len(), 2);
    let mut before = 0;
    for line in &lines {
        let images = line["images"].as_u64().unwrap();
        assert!(images > before, "{images} after {before}");
        before = images;
        assert_eq!(line["steps"].as_u64().unwrap() * 16, images);
        for key in ["loss", "gradient_norm", "learning_rate"] {
            assert!(line[key].as_f64().is_some_and(|value| value > 0.0), "{key} in {line}");
        }
        let clock = line["clock"].as_object().unwrap();
        assert!(clock["images_per_second"].as_f64().unwrap() > 0.0);
        let keys: Vec<&String> = clock.keys().collect();
        assert_eq!(keys, ["seconds", "images_per_second", "eta_seconds", "memory_mib"]);
    }
    assert_eq!(before, 64);
}

#[test]
fn the_configuration_repeats_the_run() {
    let place = place();
    let first = shared_run();
    let config = first.join("config.toml");
    let again = |runs: &str, more: &[&str]| {
        let mut command = tweedie(place.path());
        command.args(["train", "--config", config.to_str().unwrap(), "--runs", runs]).args(more);
        succeeds(&mut command);
        only_run(&place.path().join(runs))
    };
    let second = again("same", &[]);
    assert_eq!(without_clock(&second), without_clock(first));
    let same =
        |name: &str| std::fs::read(first.join(name)).unwrap() == std::fs::read(second.join(name)).unwrap();
    for name in [
        "config.toml",
        "checkpoints/0000000064/unet/diffusion_pytorch_model.safetensors",
        "checkpoints/0000000064/unet/config.json",
        "checkpoints/0000000064/scheduler/scheduler_config.json",
        "checkpoints/0000000064/model_index.json",
        "checkpoints/0000000064/tweedie.json",
        "samples/0000000032.png",
        "samples/0000000064.png",
    ] {
        assert!(same(name), "{name} differs");
    }
    let other = again("other", &["--set", "training.seed=1", "--set", "training.images=32"]);
    assert_ne!(without_clock(&other)[0], without_clock(first)[0]);
}

#[test]
fn a_dry_run_prints_the_configuration_and_does_nothing_else() {
    let place = place();
    let printed = succeeds(&mut train(place.path(), &["--dry-run"]));
    assert_eq!(names_in(place.path()), Vec::<String>::new());
    let parsed: toml::Table = printed.parse().unwrap();
    let written: toml::Table =
        std::fs::read_to_string(shared_run().join("config.toml")).unwrap().parse().unwrap();
    assert_eq!(parsed, written);
    assert_eq!(parsed["training"]["images"].as_integer(), Some(64));
    assert_eq!(parsed["network"]["in_channels"].as_integer(), Some(3));
    assert_eq!(parsed["training"]["optimizer"]["beta1"].as_float(), Some(0.9));

    // Reading it back gives the same configuration.
    let file = place.path().join("resolved.toml");
    std::fs::write(&file, &printed).unwrap();
    let mut again = tweedie(place.path());
    again.args(["train", "--dry-run", "--config", "resolved.toml"]);
    // The lines above it contain the measured estimate.
    let settings =
        |text: &str| text.lines().filter(|line| !line.starts_with('#')).map(String::from).collect::<Vec<_>>();
    assert_eq!(settings(&succeeds(&mut again)), settings(&printed));
    for measured in ["# parameters: 0.05 M", "# memory: about", "# loader:", "# time: about"] {
        assert!(printed.contains(measured), "`{measured}` is not in {printed}");
    }
}

#[test]
fn every_preset_is_a_configuration() {
    let place = place();
    std::fs::create_dir(place.path().join("digits")).unwrap();
    crate::data::write_idx(&place.path().join("digits"), [10, 28, 28]);
    for (preset, data, [height, width]) in [
        ("shapes", None, [16, 16]),
        ("shapes-32", None, [32, 32]),
        ("mnist", Some("digits"), [28, 28]),
        ("fashion-mnist", Some("digits"), [28, 28]),
    ] {
        let mut command = tweedie(place.path());
        command.args(["train", "--dry-run", "--preset", preset]);
        command.args(data.into_iter().flat_map(|folder| ["--data", folder]));
        let config: toml::Table = succeeds(&mut command).parse().unwrap();
        assert_eq!(config["name"].as_str(), Some(preset));
        assert_eq!((height, config["network"]["sample_size"].as_integer()), (width, Some(width)));
    }
}

#[test]
fn runs_are_numbered() {
    let place = place();
    let runs = place.path().join("runs");
    std::fs::create_dir_all(runs.join("00041-of-before")).unwrap();
    std::fs::write(runs.join("not-a-run"), "").unwrap();
    crate::data::write_idx(place.path(), [8, 8, 8]);
    let idx = ["--data", "train-images-idx3-ubyte", "--preset", "mnist", "--set", "name=mine"];
    succeeds(&mut train(place.path(), &idx));
    assert_eq!(names_in(&runs), ["00041-of-before", "00042-mine", "not-a-run"]);
}

#[test]
fn what_is_printed_says_where_things_are() {
    let place = place();
    crate::data::write_idx(place.path(), [8, 8, 8]);
    let idx = ["--data", "train-images-idx3-ubyte", "--preset", "mnist", "--runs", "there"];
    let printed = succeeds(&mut train(place.path(), &idx));
    assert!(printed.contains("M parameters on Cpu in f32"), "{printed}");
    let checkpoint = "there/00000-mnist/checkpoints/0000000064";
    assert!(printed.contains(&format!("checkpoint: {checkpoint}")), "{printed}");
    assert!(place.path().join(checkpoint).is_dir());
    assert_eq!(printed.lines().filter(|line| line.starts_with("kimg")).count(), 2, "{printed}");
}

#[test]
fn a_training_that_explodes_says_so_and_keeps_what_was_good() {
    let place = place();
    crate::data::write_idx(place.path(), [8, 8, 8]);
    let settings = [
        "--data",
        "train-images-idx3-ubyte",
        "--preset",
        "mnist",
        "--set",
        "training.images=4096",
        "--set",
        "training.optimizer.learning_rate=9.9",
        "--set",
        "training.optimizer.warmup=0",
        "--set",
        "training.optimizer.max_grad_norm=0.0",
        "--set",
        "model.parameterization=epsilon",
    ];
    let output = train(place.path(), &settings).output().unwrap();
    let error = refusal(&output);
    assert!(error.contains("the loss became") && error.contains("learning_rate"), "{error}");
    let run = only_run(&place.path().join("runs"));
    let kept = names_in(&run.join("checkpoints"));
    match kept.as_slice() {
        [] => assert!(error.contains("no checkpoint was written yet"), "{error}"),
        [one] => assert!(error.contains(one.as_str()), "{error}"),
        several => panic!("{several:?}"),
    }
    assert!(!text(&output.stdout).contains("NaN"));
}
