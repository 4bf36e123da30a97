//! What can be seen of runs and samples: `runs`, `runs compare`, the run's page, `evaluate samples`.

use crate::{checkpoint, files, names_in, place, shared_run, succeeds, train, tweedie};
use serde_json::Value;
use std::path::Path;
use tweedie_report::read_png;

/// A copy of the shared run without its lock, with one text of its configuration replaced.
fn copy(to: &Path, [from, with]: [&str; 2]) {
    for (path, bytes) in files(shared_run()) {
        let to = to.join(path.strip_prefix(shared_run()).unwrap());
        match bytes {
            Some(bytes) => crate::make::put(to.parent().unwrap(), &[(name(&to), bytes)]),
            None => std::fs::create_dir_all(to).unwrap(),
        }
    }
    let config = to.join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(config, text.replacen(from, with, 1)).unwrap();
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[test]
fn runs_are_listed_with_their_state() {
    let place = place();
    let runs = place.path().join("runs");
    let same = ["images = 64", "images = 64"];
    copy(&runs.join("00000-finished"), same);
    copy(&runs.join("00001-interrupted"), ["images = 64", "images = 128"]);
    copy(&runs.join("00002-running"), same);
    copy(&runs.join("00003-begun"), same);
    std::fs::remove_file(runs.join("00003-begun/metrics.jsonl")).unwrap();
    std::fs::remove_dir_all(runs.join("00003-begun/checkpoints/0000000064")).unwrap();
    crate::make::put(&runs, &[("no-run/notes.txt", b"".to_vec())]);
    let owned = std::fs::File::open(runs.join("00002-running/lock")).unwrap();
    owned.lock().unwrap();
    let before = files(place.path());
    let printed = succeeds(tweedie(place.path()).arg("runs"));
    assert!(files(place.path()) == before, "looking changes runs");
    let rows: Vec<Vec<&str>> = printed.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 5, "{printed}");
    assert_eq!(rows[1][..5], ["00000-finished", "finished", "64", "of", "64"]);
    assert_eq!(rows[2][..5], ["00001-interrupted", "interrupted", "64", "of", "128"]);
    assert_eq!(rows[3][..5], ["00002-running", "running", "64", "of", "64"]);
    assert_eq!(rows[4], ["00003-begun", "interrupted", "0", "of", "64"]);
    let line = std::fs::read_to_string(shared_run().join("metrics.jsonl")).unwrap();
    let losses =
        line.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["loss"].as_f64().unwrap());
    assert_eq!(rows[1][5], format!("{:.5}", losses.fold(f64::INFINITY, f64::min)));
    let elsewhere = succeeds(tweedie(place.path()).args(["runs", "runs/no-run"]));
    assert!(elsewhere.contains("no runs in runs/no-run"), "{elsewhere}");
}

#[test]
fn two_runs_are_compared_by_key_and_curve() {
    let place = place();
    let [one, other] = ["00000-one", "00001-other"].map(|name| place.path().join(name));
    copy(&one, ["batch = 16", "batch = 16"]);
    copy(&other, ["learning_rate = 0.02", "learning_rate = 0.01"]);
    let compare = |second: &str, out: &str| {
        succeeds(tweedie(place.path()).args(["runs", "compare", "00000-one", second, "--out", out]))
    };
    let printed = compare("00001-other", "both.svg");
    let row = printed.lines().find(|line| line.starts_with("training.optimizer.learning_rate")).unwrap();
    assert_eq!(row.split_whitespace().skip(1).collect::<Vec<_>>(), ["0.02", "0.01"]);
    assert_eq!(printed.lines().filter(|line| line.contains("training.")).count(), 1, "{printed}");
    assert_eq!(printed.matches("64 images, loss").count(), 2, "{printed}");
    let plot = std::fs::read_to_string(place.path().join("both.svg")).unwrap();
    assert!(plot.starts_with("<svg") && plot.trim_end().ends_with("</svg>") && !plot.contains("NaN"));
    assert!(plot.contains("00000-one loss") && plot.contains("00001-other loss"), "{plot}");
    assert!(compare("00000-one", "same.svg").contains("the configurations are the same"));
    let twin = place.path().join("elsewhere/00000-one");
    copy(&twin, ["learning_rate = 0.02", "learning_rate = 0.01"]);
    let printed = compare("elsewhere/00000-one", "twins.svg");
    assert!(
        printed.contains("elsewhere/00000-one"),
        "runs with the same name cannot be distinguished: {printed}"
    );
    std::fs::remove_dir_all(place.path().join("elsewhere")).unwrap();
    std::fs::remove_file(place.path().join("twins.svg")).unwrap();
    assert_eq!(names_in(place.path()), ["00000-one", "00001-other", "both.svg", "same.svg"]);
}

#[test]
fn a_page_needs_no_network() {
    let page = std::fs::read_to_string(shared_run().join("index.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    for link in ["href=", "src=\"http", "src=\"//", "url(", "@import", "<script src", "<link", "<iframe"] {
        assert!(!page.contains(link), "the page has {link}");
    }
    // SVG's namespace is a name, not an address.
    let rest = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!rest.contains("http://") && !rest.contains("https://"));
    for words in ["00000-shapes", "images seen", "64 in 4 steps", "after 64 images", "learning_rate = 0.02"] {
        assert!(page.contains(words), "`{words}` is not on the page");
    }
    assert_eq!(page.matches("data:image/png;base64,").count(), 2, "both sheets are in it");
}

#[test]
fn a_page_shows_names_as_they_are() {
    let place = place();
    let name = "name=\"<b>&amp;\"";
    succeeds(&mut train(place.path(), &["--set", name, "--set", "training.images=16"]));
    let run = crate::only_run(&place.path().join("runs"));
    let page = std::fs::read_to_string(run.join("index.html")).unwrap();
    assert!(!page.contains("<b>") && page.contains("&lt;b&gt;&amp;amp;"), "names become markup");
}

/// Evaluates a model or images, forty of them; the report.
fn evaluate(folder: &Path, model: &str, out: &str, more: &[&str]) -> Value {
    let mut command = tweedie(folder);
    command.args(["evaluate", "samples", model, "-n", "40", "--reference", "60", "--out", out]);
    let printed = succeeds(command.args(more));
    for word in
        ["40 samples", "60 reference images", "Fréchet distance", "kernel distance", "precision", "recall"]
    {
        assert!(printed.contains(word), "`{word}` is not in: {printed}");
    }
    assert_eq!(names_in(&folder.join(out)), ["nearest.png", "samples.json"]);
    let sheet = read_png(&std::fs::read(folder.join(out).join("nearest.png")).unwrap()).unwrap();
    assert!(sheet.width >= 8 * 64 && sheet.height >= 8 * 64, "{}×{}", sheet.height, sheet.width);
    serde_json::from_slice(&std::fs::read(folder.join(out).join("samples.json")).unwrap()).unwrap()
}

/// A number of the report.
fn number(report: &Value, place: &str) -> f64 {
    report
        .pointer(&format!("/report/{place}"))
        .and_then(Value::as_f64)
        .unwrap_or_else(|| panic!("no {place}"))
}

/// The report's distances of the samples.
fn distances(report: &Value) -> Vec<f64> {
    ["frechet", "kernel/value", "kernel/error", "manifold/precision", "manifold/recall", "nearest"]
        .map(|place| number(report, &format!("samples/{place}")))
        .to_vec()
}

/// The report's floor: the mean of each figure, in the order of `distances` without the kernel's error.
fn floor(report: &Value) -> Vec<f64> {
    let figures = ["frechet", "kernel", "precision", "recall", "nearest"];
    for figure in figures {
        assert!(number(report, &format!("floor/{figure}/deviation")) > 0.0, "{figure}: {report}");
    }
    assert_eq!(report["report"]["floor"]["splits"], 8);
    figures.map(|place| number(report, &format!("floor/{place}/mean"))).to_vec()
}

#[test]
fn samples_are_judged_and_the_judgement_written() {
    let place = place();
    let run = shared_run().to_str().unwrap();
    let averaged = evaluate(place.path(), run, "averaged", &[]);
    assert_eq!((&averaged["weights"], &averaged["report"]["n"]), (&"averaged".into(), &40.into()));
    assert_eq!(averaged["report"]["reference"], 60);
    assert!(averaged["shapes"]["recognised"].as_f64().unwrap() < 0.5, "four steps teach little");
    let (found, own) = (distances(&averaged), floor(&averaged));
    assert!(found[0] > own[0] && found[1] > own[1], "real images are worse: {averaged}");
    assert!(found[3..5].iter().chain(&own[2..4]).all(|share| (0.0..=1.0).contains(share)), "{averaged}");
    assert_eq!(averaged["report"]["floor"]["matched"], false);

    let raw = evaluate(place.path(), run, "raw", &["--raw"]);
    assert_eq!(raw["weights"], "raw");
    assert_ne!(distances(&raw), found, "raw weights are averaged ones");
    assert_eq!(floor(&raw), own, "the floor depends on the samples");
    let other = evaluate(place.path(), checkpoint(), "other", &["--seed", "1"]);
    assert_ne!(distances(&other), found, "the seed makes no difference");

    // The same samples as images are judged the same, but for the last bit of a pixel now and then.
    let mut command = tweedie(place.path());
    succeeds(command.args(["sample", run, "-n", "40", "--out", "drawn"]));
    let images = evaluate(place.path(), "drawn", "images", &["--preset", "shapes"]);
    let close = (distances(&images)[0] / found[0] - 1.0).abs();
    assert!(close < 1e-3, "as images the distance is off by {close}");
}

/// Samples of classes are compared with real images of the same classes: of a model, and of the files that it wrote.
#[test]
fn the_floor_has_the_classes_of_the_samples() {
    let place = place();
    let conditional = ["--set", "model.conditional=true", "--set", "training.images=16"];
    succeeds(&mut train(place.path(), &conditional));
    let run = crate::only_run(&place.path().join("runs"));
    let run = run.to_str().unwrap();
    let of_class = |out: &str, more: &[&str]| evaluate(place.path(), run, out, more);
    let all = of_class("all", &["--class", "all"]);
    let [one, none] = [of_class("one", &["--class", "circle"]), of_class("none", &["--class", "none"])];
    let matched = |report: &Value| report["report"]["floor"]["matched"].as_bool().unwrap();
    assert!(matched(&all) && matched(&one) && !matched(&none));
    // Circles alone are further from the data than all forms.
    assert!(floor(&one)[0] > floor(&all)[0], "{:?} {:?}", floor(&one), floor(&all));
    let mut command = tweedie(place.path());
    succeeds(command.args(["sample", run, "-n", "40", "--class", "circle", "--out", "drawn"]));
    let files = evaluate(place.path(), "drawn", "files", &["--preset", "shapes"]);
    assert!(matched(&files));
    assert_eq!(floor(&files), floor(&one));
}
