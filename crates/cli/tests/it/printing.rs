//! What is printed: control characters are escaped, a computation survives the loss of its reader, and a failure to print is an error.

use crate::{
    checkpoint, copy_of_checkpoint, names_in, only_run, place, refusal, refused, shared_run, succeeds, text,
    train, tweedie,
};
use serde_json::{Value, json};
use std::fs::File;
use std::process::{Command, Output, Stdio};

/// Runs a command whose standard output has no reader.
fn unread(command: &mut Command) -> Output {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.wait_with_output().unwrap()
}

#[test]
fn a_computation_without_a_reader_is_finished_and_saved() {
    let place = place();
    let output = unread(&mut train(place.path(), &[]));
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    let run = only_run(&place.path().join("runs"));
    assert!(run.join("checkpoints/0000000064/resume/state.json").is_file(), "the last checkpoint");
    let likelihood = ["evaluate", "likelihood", checkpoint(), "-n", "2", "--out", "report"];
    let output = unread(tweedie(place.path()).args(likelihood));
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
    assert!(place.path().join("report/likelihood.json").is_file());
}

#[test]
fn a_full_device_behind_the_output_is_an_error() {
    let place = place();
    let runs = shared_run().parent().unwrap().to_str().unwrap();
    for arguments in [
        &["--help"][..],
        &["train", "--help"],
        &["--version"],
        &["inspect", checkpoint()],
        &["runs", runs],
        &["devices"],
        &["completions", "bash"],
        &["sample", checkpoint(), "-n", "1"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = tweedie(place.path()).args(arguments).stdout(full).output().unwrap();
        let error = refusal(&output);
        assert!(
            error.contains("standard output could not be written: No space left"),
            "{arguments:?}: {error}"
        );
    }
    assert_eq!(names_in(&place.path().join("samples")), ["00000.png"], "the image is written all the same");
}

/// ESC, BEL, a C1 control, a line break and a character that reverses the direction of writing.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{9b}31m\nerror: forged\u{202e}";

fn assert_escaped(printed: &str) {
    let is_hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!printed.contains(is_hostile), "{printed:?}");
    assert!(!printed.contains("\nerror: forged"), "{printed}");
    assert!(printed.contains(r"\u{1b}]0;owned\u{7}\u{9b}31m\nerror: forged\u{202e}"), "{printed}");
}

#[test]
fn control_characters_of_a_model_are_escaped() {
    let place = place();
    copy_of_checkpoint(&place.path().join("ck"));
    let path = place.path().join("ck/tweedie.json");
    let mut declaration: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    declaration["about"]["training"]["data"] = json!(HOSTILE);
    std::fs::write(&path, declaration.to_string()).unwrap();
    assert_escaped(&succeeds(tweedie(place.path()).args(["inspect", "ck"])));
    declaration["about"][HOSTILE] = json!(1);
    std::fs::write(&path, declaration.to_string()).unwrap();
    assert_escaped(&refusal(&tweedie(place.path()).args(["inspect", "ck"]).output().unwrap()));
}

#[test]
fn control_characters_of_names_and_arguments_are_escaped() {
    let place = place();
    let classes = format!("data/{HOSTILE}");
    for (class, byte) in [(classes.as_str(), 0), ("data/b", 200)] {
        std::fs::create_dir_all(place.path().join(class)).unwrap();
        for i in 0..4 {
            let image = crate::make::noisy([8, 8], byte + i);
            std::fs::write(place.path().join(class).join(format!("{i}.png")), image).unwrap();
        }
    }
    let preview = ["data", "preview", "--preset", "folder", "--data", "data"];
    assert_escaped(&succeeds(tweedie(place.path()).args(preview)));
    // A damaged file is named.
    std::fs::write(place.path().join(&classes).join("9.png"), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").unwrap();
    assert_escaped(&refusal(&tweedie(place.path()).args(preview).output().unwrap()));
    for arguments in [&["sample", HOSTILE][..], &[HOSTILE], &["sample", "--steps", HOSTILE]] {
        assert_escaped(&text(&tweedie(place.path()).args(arguments).output().unwrap().stderr));
    }
    let set = format!("training.{HOSTILE}=1");
    assert_escaped(&refusal(&train(place.path(), &["--set", &set]).output().unwrap()));
}

/// The name of a run is checked before anything is computed.
#[test]
fn names_of_runs_are_refused_before_the_start() {
    let place = place();
    for name in
        ["", "a/b", "..", ".", "-x", "a\nb", "a.partial", "\u{1b}[31m", "a\u{202e}b", &"x".repeat(250)]
    {
        let set = format!("name={}", Value::from(name));
        refused(place.path(), &mut train(place.path(), &["--set", &set]), &["name"]);
    }
}
