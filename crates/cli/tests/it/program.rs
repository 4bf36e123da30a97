//! The program as such: devices, completions, help, and how it starts.

use crate::{checkpoint, place, succeeds, text, tweedie};

#[test]
fn devices_say_what_the_program_runs_on() {
    let place = place();
    let printed = succeeds(tweedie(place.path()).arg("devices"));
    for words in ["2.11.0", "LibTorch loaded", "cpu", "1 threads", "auto", env!("CARGO_PKG_VERSION")] {
        assert!(printed.contains(words), "`{words}` is not in: {printed}");
    }
}

#[test]
fn completions_know_the_subcommands() {
    let place = place();
    for shell in ["bash", "zsh", "fish"] {
        let script = succeeds(tweedie(place.path()).args(["completions", shell]));
        for word in ["tweedie", "train", "sample", "inspect", "devices", "frames"] {
            assert!(script.contains(word), "`{word}` is not completed in {shell}");
        }
    }
}

#[test]
fn help_and_version_are_printed() {
    let place = place();
    let help = succeeds(tweedie(place.path()).arg("--help"));
    for word in ["train", "sample", "inspect", "data", "devices", "completions"] {
        assert!(help.contains(word), "{help}");
    }
    for command in ["train", "sample", "inspect"] {
        assert!(succeeds(tweedie(place.path()).args([command, "--help"])).contains("--device"));
    }
    let version = succeeds(tweedie(place.path()).arg("--version"));
    assert!(version.trim_end().ends_with(env!("CARGO_PKG_VERSION")), "{version}");
}

#[test]
fn without_a_command_there_is_help() {
    let place = place();
    let output = tweedie(place.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = text(&output.stderr);
    assert!(complaint.contains("Usage:") && complaint.contains("train"), "{complaint}");
}

#[test]
fn threads_are_made_quiet_by_starting_again() {
    let place = place();
    // Without the policy the program replaces itself; arguments, exit code and folder survive.
    let mut command = tweedie(place.path());
    command.env_remove("OMP_WAIT_POLICY").args(["sample", checkpoint(), "-n", "1", "--out", "with space"]);
    succeeds(&mut command);
    assert!(place.path().join("with space/00000.png").is_file());
    let mut command = tweedie(place.path());
    let output = command.env_remove("OMP_WAIT_POLICY").args(["sample", "nowhere"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("error: nowhere"), "{}", text(&output.stderr));
}
