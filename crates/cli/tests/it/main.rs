//! The `tweedie` binary from outside: its files, output, exit codes and errors for bad input.

mod auto;
mod bad_config;
mod bad_data;
mod bad_folders;
mod bad_input;
mod bad_numbers;
mod bad_sizes;
mod classifier;
mod config_fuzz;
mod damage;
mod data;
mod disk;
mod docs;
mod faults;
mod field;
mod field_data;
mod full_disk;
mod get;
mod inspect;
mod latent;
mod likelihood;
mod make;
mod mended;
mod own_data;
mod printing;
mod program;
mod resume;
mod sample;
mod samplers;
mod seeing;
mod signals;
mod train;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// A network and a training so small that a run takes about a second. The process ends with signal left and a step is
/// large, so that images show every part: seed, steps, class, precision.
const TINY: &[&str] = &[
    "training.images=64",
    "training.batch=16",
    "training.precision=f32",
    "training.report.tick=32",
    "training.report.sheet=32",
    "training.report.sheet_images=4",
    "training.report.sheet_steps=2",
    "training.report.checkpoint=32",
    "network.block_out_channels=[8, 16]",
    "network.down_block_types=[\"DownBlock2D\", \"AttnDownBlock2D\"]",
    "network.up_block_types=[\"AttnUpBlock2D\", \"UpBlock2D\"]",
    "network.norm_num_groups=4",
    "network.attention_head_dim=8",
    "model.parameterization=epsilon",
    "model.schedule={ name = \"linear\", beta_start = 1e-4, beta_end = 0.02 }",
    "model.steps=100",
    "training.optimizer.learning_rate=0.02",
    "training.optimizer.warmup=0",
    "sampling.steps=2",
    "sampling.eta=0.0",
];

/// The binary in a folder, on one thread, without measurements, with none of the caller's settings.
fn tweedie(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tweedie"));
    command.current_dir(folder).env("OMP_NUM_THREADS", "1").env("OMP_WAIT_POLICY", "passive");
    // A measurement would make results depend on the load of the machine.
    command.env("TWEEDIE_AUTO", "rule");
    for name in ["RUST_LOG", "RUST_BACKTRACE", "RUST_LIB_BACKTRACE"] {
        command.env_remove(name);
    }
    command
}

/// `tweedie train` with the tiny settings and more.
fn train(folder: &Path, more: &[&str]) -> Command {
    let mut command = tweedie(folder);
    command.arg("train");
    for setting in TINY {
        command.args(["--set", setting]);
    }
    command.args(more);
    command
}

/// What a command printed, after it succeeded.
#[track_caller]
fn succeeds(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let complaint = text(&output.stderr);
    assert!(output.status.success(), "{command:?} returned {}: {complaint}", output.status);
    assert!(!complaint.contains("panicked"), "{complaint}");
    text(&output.stdout)
}

/// The error of a command that was refused: one line, no panic.
#[track_caller]
fn refusal(output: &Output) -> String {
    let complaint = text(&output.stderr);
    assert!(!output.status.success(), "it should be refused; it printed {}", text(&output.stdout));
    assert!(output.status.code().is_some(), "it was ended by a signal ({}): {complaint}", output.status);
    for sign in ["panicked", "should not have happened", "backtrace"] {
        assert!(!complaint.contains(sign), "{complaint}");
    }
    let errors: Vec<&str> = complaint.lines().filter(|line| line.starts_with("error:")).collect();
    assert_eq!(errors.len(), 1, "{complaint}");
    errors[0].to_string()
}

/// Asserts that a command is refused by one line that holds all of some words, and leaves its folder as it was.
#[track_caller]
fn refused(folder: &Path, command: &mut Command, words: &[&str]) {
    let before = files(folder);
    let error = refusal(&command.output().unwrap());
    for word in words {
        assert!(error.contains(word), "`{word}` is not in: {error}");
    }
    let after = files(folder);
    let changed: Vec<&PathBuf> = after.keys().filter(|path| after.get(*path) != before.get(*path)).collect();
    assert!(changed.is_empty(), "it left {changed:?} behind; its error is {error}");
    assert_eq!(after.len(), before.len(), "it removed files; its error is {error}");
}

/// Every file and folder below a folder, files with their bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            found.insert(path.clone(), std::fs::read(&path).ok());
            if path.is_dir() {
                open.push(path);
            }
        }
    }
    found
}

/// What lies in a folder, by name.
fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().file_name().to_string_lossy().to_string())
        .collect();
    names.sort();
    names
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).to_string()
}

/// The folder of the only run below `runs`.
#[track_caller]
fn only_run(runs: &Path) -> PathBuf {
    let names = names_in(runs);
    assert_eq!(names.len(), 1, "{names:?}");
    runs.join(&names[0])
}

/// A run that all tests share; nobody writes into it.
fn shared_run() -> &'static Path {
    static RUN: OnceLock<PathBuf> = OnceLock::new();
    RUN.get_or_init(|| {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shared-run");
        // Of an earlier execution of the tests.
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir_all(&place).unwrap();
        succeeds(&mut train(&place, &[]));
        only_run(&place.join("runs"))
    })
}

/// The shared run's checkpoint as an argument.
fn checkpoint() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| shared_run().join("checkpoints/0000000064").to_str().unwrap().to_string())
}

/// A copy of the shared checkpoint, to be spoiled. It has no checksums, so that damage is met where the file is read.
fn copy_of_checkpoint(to: &Path) {
    for (from, bytes) in files(Path::new(checkpoint())) {
        let to = to.join(from.strip_prefix(checkpoint()).unwrap());
        if let Some(bytes) = bytes {
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::write(to, bytes).unwrap();
        }
    }
    let declaration = to.join("tweedie.json");
    let mut json: serde_json::Value = serde_json::from_slice(&std::fs::read(&declaration).unwrap()).unwrap();
    json.as_object_mut().unwrap().remove("checksums").expect("a checkpoint has checksums");
    std::fs::write(declaration, serde_json::to_string_pretty(&json).unwrap()).unwrap();
}

fn place() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
