//! Ctrl-C, SIGTERM and readers that go away.

use crate::{checkpoint, names_in, only_run, place, succeeds, text, train, tweedie};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Settings of a training that would take hours; nothing is judged at its end.
const LONG: &[&str] = &[
    "--preset",
    "mnist",
    "--data",
    "train-images-idx3-ubyte",
    "--set",
    "training.images=100000000",
    "--set",
    "training.report.sheet=0",
    "--set",
    "training.report.checkpoint=0",
];

/// A long training, and its output after it has printed the first line of status.
fn training(folder: &Path) -> (Child, BufReader<std::process::ChildStdout>) {
    crate::data::write_idx(folder, [8, 8, 8]);
    let mut child = train(folder, LONG).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.starts_with("kimg") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it ended by itself");
    }
    (child, lines)
}

fn ends_with_a_checkpoint(signal: &str) {
    let place = place();
    let (child, mut lines) = training(place.path());
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");

    let run = only_run(&place.path().join("runs"));
    let saved = names_in(&run.join("checkpoints"));
    assert_eq!(saved.len(), 1, "{saved:?}");
    let images: u64 = saved[0].parse().unwrap();
    assert!(images >= 32 && images.is_multiple_of(16), "{images}");
    assert!(rest.contains(&format!("interrupted after {images} images")), "{rest}");
    succeeds(tweedie(place.path()).args(["sample", run.to_str().unwrap(), "-n", "1"]));
    assert!(place.path().join("samples/00000.png").is_file());
}

#[test]
fn ctrl_c_saves_and_ends() {
    ends_with_a_checkpoint("-INT");
}

#[test]
fn sigterm_saves_and_ends() {
    ends_with_a_checkpoint("-TERM");
}

/// The pipe of its output is closed, and it trains on until it is interrupted.
#[test]
fn a_training_that_nobody_reads_goes_on() {
    let place = place();
    let (mut child, lines) = training(place.path());
    drop(lines);
    let run = only_run(&place.path().join("runs"));
    let lines = || std::fs::read_to_string(run.join("metrics.jsonl")).unwrap().lines().count();
    let before = lines();
    while lines() < before + 2 {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let complaint = text(&output.stderr);
    assert_eq!((output.status.code(), complaint.as_str()), (Some(130), ""));
    assert_eq!(names_in(&run.join("checkpoints")).len(), 1);
}

/// The second signal ends the process at once, while threads compute, without destructors that these threads would fall over.
#[test]
fn a_second_ctrl_c_ends_at_once() {
    for wait in [0, 3, 10, 10, 10, 20, 40, 80] {
        let place = place();
        let (child, _lines) = training(place.path());
        let id = child.id().to_string();
        for pause in [wait, 0] {
            let _ = Command::new("kill").args(["-INT", &id]).stderr(Stdio::null()).status();
            std::thread::sleep(std::time::Duration::from_millis(pause));
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{wait} ms: {} {}", output.status, text(&output.stderr));
        // What was saved is whole, and a second process can train the run.
        let run = only_run(&place.path().join("runs"));
        let mut resume = tweedie(place.path());
        resume.args(["train", "--set", "training.images=16", "--resume"]).arg(run);
        succeeds(&mut resume);
    }
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let place = place();
    for arguments in [
        &["inspect", checkpoint()][..],
        &["devices"],
        &["completions", "bash"],
        &["sample", checkpoint(), "-n", "1"],
        &["train", "--dry-run"],
        &["--help"],
    ] {
        let mut command = tweedie(place.path());
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // What is printed has no reader from the beginning.
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
    assert!(place.path().join("samples/00000.png").is_file(), "the image is written all the same");
}

#[test]
fn a_reader_of_one_line_gets_one_line() {
    let place = place();
    let mut command = tweedie(place.path());
    command.args(["inspect", checkpoint()]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("UNet2DModel"), "{line}");
    let output = child.wait_with_output().unwrap();
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(0)));
}

/// Sampling that is interrupted ends within its step, and keeps what was done.
#[test]
fn ctrl_c_keeps_the_images_that_were_done() {
    let place = place();
    let mut command = tweedie(place.path());
    command.args(["sample", checkpoint(), "-n", "100000", "--batch", "4", "--steps", "20", "--out", "drawn"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The folder is there before the first step.
    while !place.path().join("drawn").is_dir() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(130), ""));
    let printed = text(&output.stdout);
    let n = names_in(&place.path().join("drawn")).len();
    let whole = n > 0 && n.is_multiple_of(4) && printed.contains(&format!("{n} samples"));
    assert!(
        printed.contains("interrupted") && (whole || printed.contains("nothing was written")),
        "{printed}"
    );
}
