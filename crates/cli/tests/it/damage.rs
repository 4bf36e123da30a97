//! Damaged, missing and replaced files of runs and checkpoints.

use crate::resume::{assert_same, outcome};
use crate::{
    checkpoint, copy_of_checkpoint, files, names_in, only_run, place, refusal, refused, shared_run, succeeds,
    text, train, tweedie,
};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Copies a folder with its files and folders.
fn copy(from: &Path, to: &Path) {
    for (path, bytes) in files(from) {
        let to = to.join(path.strip_prefix(from).unwrap());
        match bytes {
            Some(bytes) => {
                std::fs::create_dir_all(to.parent().unwrap()).unwrap();
                std::fs::write(to, bytes).unwrap();
            }
            None => std::fs::create_dir_all(to).unwrap(),
        }
    }
}

/// A run of 64 images with checkpoints after 32 and 64.
fn run_with_two_checkpoints(place: &Path) -> PathBuf {
    succeeds(&mut train(place, &["--set", "training.report.keep_last=5"]));
    only_run(&place.join("runs"))
}

fn resumed(place: &Path, run: &Path, more: &[&str]) -> Command {
    let mut command = tweedie(place);
    command.args(["train", "--resume"]).arg(run).args(more);
    command
}

/// The output of a command that must end within a time.
fn ends_soon(command: &mut Command) -> Output {
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("it does not end: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

/// Puts something else than a regular file in the place of a file.
fn replace(path: &Path, by: &str) {
    let _ = std::fs::remove_file(path);
    match by {
        "a folder" => std::fs::create_dir(path).unwrap(),
        "a FIFO" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        "a device" => symlink("/dev/zero", path).unwrap(),
        _ => symlink("nowhere", path).unwrap(),
    }
}

const OTHERS: [(&str, &str); 4] =
    [("a folder", "folder"), ("a FIFO", "FIFO"), ("a device", "device"), ("a link", "does not exist")];

#[test]
fn a_file_of_a_model_that_is_no_file_is_named() {
    for name in [
        "tweedie.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "scheduler/scheduler_config.json",
    ] {
        for (by, word) in OTHERS {
            let place = place();
            copy_of_checkpoint(&place.path().join("ck"));
            if name.starts_with("scheduler") {
                // Otherwise the scheduler is not read.
                std::fs::remove_file(place.path().join("ck/tweedie.json")).unwrap();
            }
            replace(&place.path().join("ck").join(name), by);
            let error = refusal(&ends_soon(tweedie(place.path()).args(["sample", "ck", "-n", "1"])));
            assert!(error.contains(name) && error.contains(word), "{by}: {error}");
        }
    }
}

#[test]
fn every_flipped_byte_of_a_model_is_found() {
    let place = place();
    let folder = place.path().join("ck");
    copy(Path::new(checkpoint()), &folder);
    succeeds(tweedie(place.path()).args(["sample", "ck", "-n", "1", "--out", "of-the-whole.png"]));
    for (path, bytes) in files(&folder) {
        let Some(bytes) = bytes else { continue };
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        if name.starts_with("resume/") || ["README.md", "tweedie.json"].contains(&name) {
            continue;
        }
        for at in [bytes.len() / 3, bytes.len() - 2] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, flipped).unwrap();
            refused(place.path(), tweedie(place.path()).args(["sample", "ck", "-n", "1"]), &[name]);
        }
        std::fs::write(&path, bytes).unwrap();
    }
    // A file that was changed on purpose.
    std::fs::write(folder.join("README.md"), "my own card").unwrap();
    let again = ["sample", "ck", "-n", "1", "--out", "of-the-whole.png"];
    succeeds(tweedie(place.path()).args(again));
}

#[test]
fn damage_of_a_checkpoint_is_never_resumed_from() {
    let place = place();
    let run = run_with_two_checkpoints(place.path());
    let whole = outcome(&run);
    for name in [
        "resume/tensors.safetensors",
        "resume/state.json",
        "resume/checksums.json",
        "unet/diffusion_pytorch_model.safetensors",
        "unet/config.json",
        "tweedie.json",
    ] {
        let newest = run.join("checkpoints/0000000064");
        let path = newest.join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let printed = succeeds(&mut resumed(place.path(), &run, &[]));
        for words in ["damaged", "0000000064", "resuming after 32 images", "checkpoints/0000000032"] {
            assert!(printed.contains(words), "{name}: {words} is not in {printed}");
        }
        let aside = run.join("checkpoints/0000000064.set-aside");
        assert!(aside.is_dir(), "{name}");
        std::fs::remove_dir_all(aside).unwrap();
        assert_same(&outcome(&run), &whole, name);
    }
}

/// Numbers that are changed by hand are as damaged as flipped bits.
#[test]
fn a_state_of_other_numbers_is_refused() {
    let place = place();
    succeeds(&mut train(place.path(), &[]));
    let run = only_run(&place.path().join("runs"));
    let state = run.join("checkpoints/0000000064/resume/state.json");
    let text = std::fs::read_to_string(&state).unwrap();
    std::fs::write(&state, text.replace("\"steps\": 4", "\"steps\": 5")).unwrap();
    let fails = |word: &str| {
        let error = refusal(&resumed(place.path(), &run, &[]).output().unwrap());
        assert!(error.contains(word) && error.contains("does not match its checksum"), "{error}");
    };
    fails("state.json");
    // Sampling does not depend on it.
    succeeds(tweedie(place.path()).args(["sample"]).arg(&run).args(["-n", "1"]));
    let weights = run.join("checkpoints/0000000064/unet/diffusion_pytorch_model.safetensors");
    std::fs::write(weights, "damaged").unwrap();
    std::fs::write(&state, text).unwrap();
    fails("diffusion_pytorch_model.safetensors");
}

#[test]
fn a_damaged_newest_model_names_the_next_older_one() {
    let place = place();
    let run = run_with_two_checkpoints(place.path());
    let path = run.join("checkpoints/0000000064/unet/diffusion_pytorch_model.safetensors");
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let words =
        ["checkpoints/0000000064/unet/diffusion", "next older checkpoint is", "checkpoints/0000000032"];
    refused(place.path(), tweedie(place.path()).arg("sample").arg(&run), &words);
    // A checkpoint that lost its files is not absent.
    std::fs::remove_dir_all(run.join("checkpoints/0000000064")).unwrap();
    std::fs::create_dir(run.join("checkpoints/0000000064")).unwrap();
    let words = ["checkpoints/0000000064 contains no model", "next older", "checkpoints/0000000032"];
    refused(place.path(), tweedie(place.path()).arg("sample").arg(&run), &words);
}

#[test]
fn a_run_resumes_from_a_number_of_images() {
    let place = place();
    let run = run_with_two_checkpoints(place.path());
    let whole = outcome(&run);
    let printed = succeeds(&mut resumed(place.path(), &run, &["--from", "32"]));
    assert!(printed.contains("resuming after 32 images, bit for bit"), "{printed}");
    std::fs::remove_dir_all(run.join("checkpoints/0000000064.set-aside")).unwrap();
    assert_same(&outcome(&run), &whole, "from 32");
    let words = ["no checkpoint after 33 images", "32, 64"];
    refused(place.path(), &mut resumed(place.path(), &run, &["--from", "33"]), &words);
    let mut without = tweedie(place.path());
    assert!(!without.args(["train", "--from", "32"]).output().unwrap().status.success());
}

/// A log is no part of what is learned. A damaged one is renamed, its readable lines are kept, and the run goes on.
#[test]
fn a_damaged_log_does_not_block_a_resume() {
    let outer = place();
    succeeds(&mut train(outer.path(), &["--set", "training.images=32"]));
    let half = only_run(&outer.path().join("runs"));
    let log = std::fs::read(half.join("metrics.jsonl")).unwrap();
    let other = String::from_utf8(log.clone()).unwrap().replacen("\"loss\":", "\"loss\":1", 1);
    let damages: [(&str, Vec<u8>, &[&str]); 5] = [
        (
            "a bad line",
            [b"no JSON\n", &log[..]].concat(),
            &["was damaged", "line 1", "1 lines that can be read"],
        ),
        ("a bad byte", [&log[..], b"\xff\xfe\n"].concat(), &["was damaged", "line 2"]),
        ("nothing", Vec::new(), &["0 of 1 lines"]),
        ("a cut line", log[..log.len() - 9].to_vec(), &["0 of 1 lines"]),
        ("another number", other.into_bytes(), &["differs from", "1 of 1 lines"]),
    ];
    for (what, bytes, words) in damages {
        let place = place();
        let run = place.path().join("run");
        copy(&half, &run);
        std::fs::write(run.join("metrics.jsonl"), bytes).unwrap();
        let printed = succeeds(&mut resumed(place.path(), &run, &["--set", "training.images=64"]));
        for word in [words, &["metrics.jsonl", "resuming after 32 images"]].concat() {
            assert!(printed.contains(word), "{what}: {word} is not in {printed}");
        }
        let is_renamed = names_in(&run).contains(&"metrics.jsonl.set-aside".to_string());
        assert_eq!(is_renamed, what.starts_with("a bad"), "{what}");
        succeeds(tweedie(place.path()).args(["runs", "."]));
    }
    for (by, _) in OTHERS {
        for name in ["metrics.jsonl", "events.out.tfevents.0.tweedie"] {
            let place = place();
            let run = place.path().join("run");
            copy(&half, &run);
            replace(&run.join(name), by);
            let output = ends_soon(&mut resumed(place.path(), &run, &["--set", "training.images=64"]));
            let printed = text(&output.stdout);
            assert!(output.status.success(), "{by}: {}", text(&output.stderr));
            assert!(printed.contains(&format!("{name}.set-aside")), "{by}: {printed}");
        }
    }
}

/// Plots, pages and sheets are for people. Training does not depend on them.
#[test]
fn training_goes_on_without_its_illustrations() {
    let place = place();
    let run = run_with_two_checkpoints(place.path());
    let whole = outcome(&run);
    for (names, words) in [
        (&["loss.svg", "index.html"][..], &["the plot of the loss", "the page of the run"][..]),
        (&["samples"], &["the sheet of samples"]),
        (&["events.out.tfevents.0.tweedie"], &[]),
    ] {
        let mut resume = resumed(place.path(), &run, &["--from", "32"]);
        for name in names {
            let path = run.join(name);
            if path.is_dir() {
                std::fs::remove_dir_all(&path).unwrap();
                std::fs::write(&path, "a file in the place of a folder").unwrap();
            } else {
                std::fs::remove_file(&path).unwrap();
                std::fs::create_dir(&path).unwrap();
            }
        }
        let printed = succeeds(&mut resume);
        for words in words {
            assert!(printed.contains(&format!("{words} ")), "{words} is not in {printed}");
        }
        let found = outcome(&run);
        for name in ["resume/tensors.safetensors", "unet/diffusion_pytorch_model.safetensors"] {
            let name = Path::new("checkpoints/0000000064").join(name);
            assert!(found[&name] == whole[&name], "{names:?}");
        }
        std::fs::remove_dir_all(run.join("checkpoints/0000000064.set-aside")).unwrap();
        for name in names {
            let path = run.join(name);
            let _ = std::fs::remove_dir(&path).or_else(|_| std::fs::remove_file(&path));
        }
    }
    // A folder that was removed is made again.
    succeeds(&mut resumed(place.path(), &run, &["--from", "32"]));
    assert_eq!(names_in(&run.join("samples")), ["0000000064.png"]);
}

/// Weights, state, configuration and lock of a run.
#[test]
fn a_run_of_other_things_than_files_ends_soon() {
    for name in
        ["config.toml", "lock", "environment.json", "checkpoints/0000000064/resume/tensors.safetensors"]
    {
        for (by, _) in OTHERS {
            let place = place();
            let run = place.path().join("run");
            copy(shared_run(), &run);
            replace(&run.join(name), by);
            let output = ends_soon(&mut resumed(place.path(), &run, &["--set", "training.images=96"]));
            let created = name == "environment.json";
            if created {
                assert!(output.status.success(), "{name} as {by}: {}", text(&output.stderr));
            } else {
                let error = refusal(&output);
                assert!(error.contains(name.rsplit('/').next().unwrap()), "{name} as {by}: {error}");
            }
            let runs = ends_soon(tweedie(place.path()).args(["runs", "."]));
            assert!(runs.status.success(), "{}", text(&runs.stderr));
        }
    }
}

#[test]
fn an_unfinished_run_is_removed_by_the_next_one() {
    let place = place();
    let runs = place.path().join("runs");
    for name in ["00000-killed.partial", "00007-mine", "my.partial"] {
        std::fs::create_dir_all(runs.join(name)).unwrap();
    }
    succeeds(&mut train(place.path(), &["--set", "name=new"]));
    assert_eq!(names_in(&runs), ["00007-mine", "00008-new", "my.partial"]);
}
