//! `tweedie evaluate likelihood` and the trainings that it judges.

use crate::{checkpoint, names_in, place, refused, shared_run, succeeds, text, train, tweedie};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Stdio};

fn likelihood(folder: &Path, arguments: &[&str]) -> String {
    succeeds(tweedie(folder).args(["evaluate", "likelihood"]).args(arguments))
}

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("evaluation/likelihood.json")).unwrap()).unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[test]
fn a_run_is_judged_on_its_held_out_images() {
    let place = place();
    let run = shared_run().to_str().unwrap();
    let printed = likelihood(place.path(), &[run, "-n", "3"]);
    for word in ["held out", "bound", "rate", "distortion", "prior", "±", "likelihood.json", "likelihood.svg"]
    {
        assert!(printed.contains(word), "{word} is not in {printed}");
    }
    let report = report(place.path());
    let bound = &report["models"][0]["bound"];
    let levels = bound["levels"].as_array().unwrap();
    assert_eq!((bound["images"].as_u64(), levels.len()), (Some(3), 100));
    let sum: f64 = levels.iter().map(|level| number(&level["term"]["mean"])).sum();
    let total = number(&bound["total"]["mean"]);
    assert!((sum + number(&bound["prior"]["mean"]) - total).abs() < 1e-9 * total);
    assert_eq!(report["models"][0]["variance"], "fixed_small");
    assert!(report["interrupted"] == false && report["models"][0]["flow"].is_null());
    let plot = std::fs::read_to_string(place.path().join("evaluation/likelihood.svg")).unwrap();
    assert!(plot.contains("<svg") && plot.contains("bits per dimension"));
    // The same question has the same answer; another seed, another.
    let again = likelihood(place.path(), &[run, "-n", "3", "--out", "again"]);
    assert_eq!(again.lines().nth(4), printed.lines().nth(4));
    let other = likelihood(place.path(), &[run, "-n", "3", "--out", "other", "--seed", "1"]);
    assert_ne!(other.lines().nth(4), printed.lines().nth(4));
}

/// Several models see the same images and the same noise: one against itself differs by nothing.
#[test]
fn models_are_compared_image_by_image() {
    let place = place();
    let printed = likelihood(
        place.path(),
        &[checkpoint(), shared_run().to_str().unwrap(), "-n", "2", "--levels", "trailing:5", "--terms"],
    );
    assert!(printed.contains("0.0000 ± 0.0000") && printed.contains("paired"), "{printed}");
    let report = report(place.path());
    assert_eq!(report["levels"], "trailing:5");
    assert_eq!(report["models"][0]["bound"], report["models"][1]["bound"]);
    let times: Vec<u64> = report["models"][0]["bound"]["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["time"].as_u64().unwrap())
        .collect();
    assert_eq!(times, [20, 40, 60, 80, 100]);
    let images = report["models"][0]["bound"]["of_images"].as_array().unwrap();
    assert_eq!((images.len(), images[1]["terms"].as_array().unwrap().len()), (2, 5));
}

/// Every flag reaches what it is about.
#[test]
fn variances_decoders_and_levels_are_as_asked() {
    let place = place();
    let total = |more: &[&str]| {
        let arguments = [&[checkpoint(), "-n", "2", "--levels", "times:1,2,40,100"], more].concat();
        likelihood(place.path(), &arguments);
        let report = report(place.path());
        number(&report["models"][0]["bound"]["total"]["mean"])
    };
    let plain = total(&[]);
    assert_eq!(total(&["--variance", "fixed-small"]), plain);
    for other in [
        &["--variance", "fixed-large"][..],
        &["--variance", "optimal"],
        &["--first", "own-forward"],
        &["--decoder", "tanh"],
        &["--no-clip"],
        &["--raw"],
    ] {
        assert_ne!(total(other), plain, "{other:?}");
    }
    let optimal = total(&["--variance", "optimal"]);
    assert!(optimal < plain && optimal < total(&["--variance", "fixed-large"]), "{optimal}");
    assert!((total(&["--at-once", "1"]) - plain).abs() < 1e-4 * plain);
}

#[test]
fn the_flow_is_judged_beside_the_bound() {
    let place = place();
    let flags = ["-n", "1", "--levels", "trailing:4", "--flow", "--probes", "2", "--tolerance", "0.01"];
    let printed = likelihood(place.path(), &[&[checkpoint()], &flags[..]].concat());
    for word in [
        "an upper bound for bytes",
        "solver",
        "tolerance of 1e-3, on 1 of the 1 images",
        "2 random probes",
        "6.9944",
    ] {
        assert!(printed.contains(word), "{word} is not in {printed}");
    }
    let flow = &report(place.path())["models"][0]["flow"];
    assert!(number(&flow["total"]["mean"]).is_finite() && number(&flow["probe_error"]) > 0.0);
    let error = &flow["solver_error"];
    assert!(error["images"] == 1 && (number(&error["tolerance"]) - 1e-3).abs() < 1e-12, "{error}");
    assert!(
        number(&error["of_one"]) > 0.0 && number(&error["of_mean"]).abs() == number(&error["of_one"]),
        "{error}"
    );
    let only =
        likelihood(place.path(), &[&[checkpoint()], &flags[..], &["--no-bound", "--out", "flow"]].concat());
    assert!(!only.contains("distortion"), "{only}");
    assert_eq!(names_in(&place.path().join("flow")), ["likelihood.json"]);
}

/// A network that learns its variance: trained by the hybrid loss with importance sampling, judged, sampled, described.
#[test]
fn a_learned_variance_is_trained_judged_and_sampled() {
    let place = place();
    let settings = [
        "--set",
        "model.variance=range",
        "--set",
        "training.objective={ loss = \"hybrid\", vlb_weight = 0.01, levels = { kind = \"stratified\" } }",
        "--set",
        "sampling.sampler=ddpm",
        "--set",
        "sampling.variance=learned",
    ];
    succeeds(&mut train(place.path(), &settings));
    let run = crate::only_run(&place.path().join("runs"));
    let run = run.to_str().unwrap();
    let printed = likelihood(place.path(), &[run, "-n", "2", "--levels", "trailing:10"]);
    assert!(printed.contains("distortion"), "{printed}");
    assert_eq!(report(place.path())["models"][0]["variance"], "learned");
    succeeds(tweedie(place.path()).args(["sample", run, "-n", "1"]));
    let resumed = ["--resume", run, "--set", "training.images=96"];
    let mut again = tweedie(place.path());
    succeeds(again.arg("train").args(resumed));
}

/// After an interruption, the results so far are reported as such.
#[test]
fn an_interrupted_judgement_reports_what_was_done() {
    let place = place();
    let mut command = tweedie(place.path());
    command.args(["evaluate", "likelihood", checkpoint(), "-n", "1000", "--at-once", "4"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let place_of_report = place.path().join("evaluation");
    // The folder is made when judging begins.
    for _ in 0..600 {
        if place_of_report.is_dir() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("interrupted: "));
    let report = report(place.path());
    assert!(report["interrupted"] == true);
    let images = report["models"][0]["bound"]["images"].as_u64().unwrap_or(0);
    assert!(images < 1000, "{images}");
}

#[test]
fn what_cannot_be_judged_is_refused_by_name() {
    let place = place();
    let evaluate = |arguments: &[&str]| {
        let mut command = tweedie(place.path());
        command.args(["evaluate", "likelihood", checkpoint()]).args(arguments);
        command
    };
    for (arguments, words) in [
        (&["-n", "0"][..], &["-n is 0"][..]),
        (&["--at-once", "0"], &["--at-once is 0"]),
        (&["--levels", "often"], &["often", "trailing:N"]),
        (&["--levels", "trailing:101"], &["--levels", "101"]),
        (&["--levels", "times:0,5"], &["--levels", "time 0"]),
        (&["--levels", "trailing:1"], &["levels is 1", "at least 2"]),
        (&["--variance", "learned"], &["predicts no variance"]),
        (&["--class", "circle"], &["unconditional"]),
        (&["--no-bound"], &["required arguments were not provided"]),
        (&["--flow", "--tolerance", "0"], &["tolerance"]),
        (&["--flow", "--probes", "0"], &["probes"]),
        (&["--precision", "f8"], &["f8"]),
        (&["--set", "data.height=24"], &["16×16", "24×16"]),
    ] {
        refused(place.path(), &mut evaluate(arguments), words);
    }
    let mut nothing = tweedie(place.path());
    nothing.args(["evaluate", "likelihood", "nowhere", "--preset", "shapes"]);
    refused(place.path(), &mut nothing, &["nowhere"]);
    for (setting, words) in [
        ("training.objective.loss=hybrid", "model.variance"),
        ("model.variance=range", "training.objective.loss"),
        ("training.objective={ weighting = { name = \"min_snr\", gamma = -5.0 } }", "gamma"),
        ("training.objective.levels={ kind = \"importance\", history = 0, uniform_share = 0.1 }", "history"),
        ("model.parameterization={ edm = { sigma_data = -1.0 } }", "sigma_data"),
        (
            "model.schedule={ name = \"scaled_linear\", beta_start = 1e-2, beta_end = 0.2 }",
            "num_train_timesteps",
        ),
        (
            "model.schedule={ name = \"zero_terminal_snr\", of = { name = \"cosine\", offset = 0.008, max_beta = 0.999 } }",
            "x0 from a predicted noise",
        ),
    ] {
        refused(place.path(), &mut train(place.path(), &["--set", setting]), &[words]);
    }
}
