//! A disk that is full at each kind of write: existing files are kept, and the run can be resumed once there is space.

use crate::disk::{behind, unprivileged, with_little_space};
use crate::resume::{assert_same, outcome};
use crate::{files, only_run, place, refusal, shared_run, succeeds, text, train, tweedie};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

/// Two halves of 32 images, with a line each 16 and one sheet at the end.
const HALVES: &[&str] = &[
    "--set",
    "training.report.tick=16",
    "--set",
    "training.report.sheet=64",
    "--set",
    "training.report.sheet_images=16",
    "--set",
    "training.report.held_out=0",
    "--set",
    "training.optimizer.decay=constant",
    "--preset",
    "mnist",
    "--data",
    "digits",
];

/// A run that has half of its images, and what the whole one leaves.
struct Half {
    place: TempDir,
    run: PathBuf,
    whole: PathBuf,
}

impl Half {
    fn new() -> Self {
        let place = place();
        std::fs::create_dir(place.path().join("digits")).unwrap();
        crate::data::write_idx(&place.path().join("digits"), [20, 16, 16]);
        let more = |more: &[&str]| succeeds(&mut train(place.path(), &[HALVES, more].concat()));
        more(&["--runs", "whole"]);
        more(&["--runs", "half", "--set", "training.images=32", "--set", "training.report.sheet=0"]);
        let [run, whole] = ["half", "whole"].map(|runs| only_run(&place.path().join(runs)));
        // As if it had been interrupted there.
        std::fs::copy(whole.join("config.toml"), run.join("config.toml")).unwrap();
        Self { place, run, whole }
    }

    /// The half as a run of its own.
    fn copy(&self, name: &str) -> PathBuf {
        let copy = self.place.path().join(name);
        for (from, bytes) in files(&self.run) {
            let to = copy.join(from.strip_prefix(&self.run).unwrap());
            match bytes {
                Some(bytes) => std::fs::write(to, bytes).unwrap(),
                None => std::fs::create_dir_all(to).unwrap(),
            }
        }
        copy
    }

    /// The length of one of the whole run's files in blocks of 512 bytes.
    fn blocks(&self, name: &str) -> u32 {
        let length = std::fs::metadata(self.whole.join(name)).unwrap().len();
        u32::try_from(length.div_ceil(512)).unwrap()
    }

    /// The run, once it could finish, is the whole one.
    #[track_caller]
    fn finishes(&self, run: &Path) {
        succeeds(tweedie(self.place.path()).args(["train", "--resume"]).arg(run));
        assert_same(&outcome(run), &outcome(&self.whole), &run.display().to_string());
    }
}

/// What a run's checkpoints hold.
fn checkpoints(run: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    files(&run.join("checkpoints"))
}

#[track_caller]
fn nothing_is_partial(run: &Path) {
    let partial: Vec<PathBuf> =
        files(run).into_keys().filter(|path| path.to_string_lossy().contains("partial")).collect();
    assert!(partial.is_empty(), "{partial:?}");
}

#[test]
fn a_run_whose_disk_was_full_goes_on_as_if_it_had_not_been() {
    let half = Half::new();
    let sheet = "samples/0000000064.png";
    let weights = "checkpoints/0000000064/unet/diffusion_pytorch_model.safetensors";
    let kinds = [
        // Two lines fit, the third does not.
        ("metrics.jsonl", 1),
        ("loss.svg", half.blocks("metrics.jsonl")),
        ("0000000064.png", half.blocks("loss.svg").max(half.blocks("config.toml"))),
        ("events.out.tfevents.0.tweedie", half.blocks(sheet)),
        ("index.html", half.blocks("events.out.tfevents.0.tweedie")),
        ("diffusion_pytorch_model.safetensors", half.blocks("index.html")),
        ("tensors.safetensors", half.blocks(weights)),
    ];
    for (name, blocks) in kinds {
        let run = half.copy(name);
        let before = checkpoints(&run);
        let resume = ["train", "--resume", name];
        let output = with_little_space(half.place.path(), blocks, &resume).output().unwrap();
        // Outputs for people only cause a warning, but the checkpoint does not fit either.
        let error = refusal(&output);
        let printed = format!("{}{error}", text(&output.stdout));
        let names_it = |line: &str| line.contains(name) && line.contains("File too large");
        assert!(printed.lines().any(names_it), "{name}, {blocks} blocks: {printed}");
        assert!(error.contains("File too large"), "{error}");
        assert!(checkpoints(&run) == before, "the last good checkpoint changed: {error}");
        nothing_is_partial(&run);
        half.finishes(&run);
    }
}

#[test]
fn a_full_disk_leaves_no_run_without_a_configuration() {
    let place = place();
    let output = with_little_space(place.path(), 1, &["train"]).output().unwrap();
    let error = refusal(&output);
    assert!(error.contains("config.toml") && error.contains("File too large"), "{error}");
    nothing_is_partial(place.path());
    assert!(files(place.path()).values().all(Option::is_none), "{:?}", files(place.path()).keys());
    // Its number is free for the next.
    let printed = succeeds(tweedie(place.path()).arg("runs"));
    assert!(printed.contains("no runs"), "{printed}");
}

#[test]
fn a_changed_configuration_is_written_whole_or_not_at_all() {
    let half = Half::new();
    let run = half.copy("changed");
    let blocks = half.blocks("config.toml") - 1;
    let resume = ["train", "--resume", "changed", "--set", "training.images=96"];
    let error = refusal(&with_little_space(half.place.path(), blocks, &resume).output().unwrap());
    assert!(error.contains("config.toml") && error.contains("File too large"), "{error}");
    nothing_is_partial(&run);
    half.finishes(&run);
}

#[test]
fn a_run_that_becomes_read_only_keeps_its_checkpoint() {
    let half = Half::new();
    let line = match unprivileged(half.place.path()) {
        Ok(line) => line,
        Err(reason) => return tweedie_testing::skip(reason),
    };
    let run = half.copy("locked");
    let long = ["train", "--resume", "locked", "--set", "training.images=100000000", "--set"];
    let mut command =
        behind(half.place.path(), line, &[&long[..], &["training.report.checkpoint=640"]].concat());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().any(|line| line.unwrap().starts_with("kimg")));
    let allow = |mode: u32| {
        for folder in [&run, &run.join("checkpoints")] {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    allow(0o555);
    lines.for_each(drop);
    let error = refusal(&child.wait_with_output().unwrap());
    allow(0o755);
    assert!(error.contains("locked/checkpoints") && error.contains("Permission denied"), "{error}");
    // With its own configuration again it is the run that it was.
    std::fs::copy(half.whole.join("config.toml"), run.join("config.toml")).unwrap();
    half.finishes(&run);
}

#[test]
fn a_drawing_without_space_leaves_no_numbers() {
    let place = place();
    let run = shared_run().to_str().unwrap();
    let raw = ["sample", run, "-n", "2", "--raw", "x.safetensors", "--out", "sheet.png"];
    let error = refusal(&with_little_space(place.path(), 2, &raw).output().unwrap());
    assert!(error.contains("x.safetensors") && error.contains("File too large"), "{error}");
    assert!(files(place.path()).is_empty(), "{:?}", files(place.path()).keys());
}
