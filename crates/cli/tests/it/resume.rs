//! A run that is killed and resumed has the same result as an uninterrupted run.

use crate::{files, only_run, place, refusal, refused, succeeds, text, train, tweedie};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tweedie_math::random::{Key, Purpose, Stream};

/// Everything that could go astray: dropout, mirrored images, accumulation, a rate that falls, sheets and checkpoints
/// that are due at different times, and more of them than steps between.
const DISTURBED: &[&str] = &[
    "--set",
    "training.images=640",
    "--set",
    "training.accumulate=2",
    "--set",
    "network.dropout=0.3",
    "--set",
    "training.optimizer.learning_rate=0.002",
    "--set",
    "training.optimizer.decay=cosine",
    "--set",
    "training.report.tick=48",
    "--set",
    "training.report.sheet=80",
    "--set",
    "training.report.checkpoint=64",
];

fn disturbed(folder: &Path) -> Command {
    let mut command = train(folder, DISTURBED);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn resumed(folder: &Path, run: &Path) -> Command {
    let mut command = tweedie(folder);
    command.args(["train", "--resume"]).arg(run).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a run left, by name: the clocks of its metrics are blanked, and its lock and its clocked pages left out.
pub fn outcome(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for (path, bytes) in files(run) {
        let name = path.strip_prefix(run).unwrap().to_path_buf();
        let Some(bytes) = bytes else { continue };
        let bytes = match name.to_str().unwrap() {
            "lock" | "index.html" => continue,
            other if other.contains("tfevents") => continue,
            "metrics.jsonl" => without_clocks(&text(&bytes)).into_bytes(),
            other if other.ends_with("resume/state.json") => {
                let mut state: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                state["progress"]["seconds"] = 0.into();
                state.to_string().into_bytes()
            }
            // The checksum of the state depends on its seconds.
            other if other.ends_with("resume/checksums.json") => {
                let mut checksums: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                checksums["resume/state.json"] = 0.into();
                checksums.to_string().into_bytes()
            }
            _ => bytes,
        };
        found.insert(name, bytes);
    }
    found
}

fn without_clocks(lines: &str) -> String {
    let blank = |line: &str| {
        let mut tick: serde_json::Value = serde_json::from_str(line).unwrap();
        tick.as_object_mut().unwrap().remove("clock").expect("every line has a clock");
        format!("{tick}\n")
    };
    lines.lines().map(blank).collect()
}

#[track_caller]
pub fn assert_same(found: &BTreeMap<PathBuf, Vec<u8>>, expected: &BTreeMap<PathBuf, Vec<u8>>, how: &str) {
    let names = |of: &BTreeMap<PathBuf, Vec<u8>>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected), "{how}");
    for (name, bytes) in expected {
        assert!(found[name] == *bytes, "{} differs: {how}", name.display());
    }
}

/// Lets a process live for a while, then ends it; whether it had ended by itself.
fn end_after(child: &mut Child, wait: Duration, signal: &str) -> bool {
    let began = Instant::now();
    while began.elapsed() < wait {
        if child.try_wait().unwrap().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let _ = Command::new("kill").args([signal, &child.id().to_string()]).status();
    false
}

/// Disturbs a run at random moments until it has finished; how often it was ended and what it left.
fn disturb(
    signal: &str,
    seed: u64,
    most: usize,
    whole: Duration,
    expected: &BTreeMap<PathBuf, Vec<u8>>,
) -> usize {
    let place = place();
    let mut numbers = Stream::new(Key { seed, image: 0, purpose: Purpose::EVALUATE, visit: 0, draw: 0 });
    let mut ended = 0;
    let mut child = disturbed(place.path()).spawn().unwrap();
    let run = loop {
        // A moment anywhere in a run: most lie among steps, many among writes.
        let wait = whole.mul_f64(if ended < most { numbers.uniform() } else { 100.0 });
        let by_itself = end_after(&mut child, wait, signal);
        let output = child.wait_with_output().unwrap();
        let complaint = text(&output.stderr);
        assert!(!complaint.contains("panicked") && !complaint.contains("error:"), "{complaint}");
        if by_itself && output.status.success() {
            break only_run(&place.path().join("runs"));
        }
        ended += 1;
        let runs = place.path().join("runs");
        // Killed before it had written its configuration, it is no run yet.
        let begun =
            std::fs::read_dir(&runs).ok().and_then(|mut list| list.next()).map(|entry| entry.unwrap().path());
        child = match begun.filter(|run| run.join("config.toml").is_file()) {
            Some(run) => resumed(place.path(), &run).spawn().unwrap(),
            None => {
                let _ = std::fs::remove_dir_all(&runs);
                disturbed(place.path()).spawn().unwrap()
            }
        };
    };
    assert_same(&outcome(&run), expected, &format!("ended {ended} times by {signal}, seed {seed}"));
    ended
}

#[test]
fn killed_at_any_moment_a_run_goes_on_bit_for_bit() {
    // `TWEEDIE_KILLS=50 cargo xtask test -- killed_at_any_moment` is the long form.
    let kills: usize =
        std::env::var("TWEEDIE_KILLS").map_or(4, |n| n.parse().expect("TWEEDIE_KILLS is a number"));
    let place = place();
    let began = Instant::now();
    succeeds(&mut disturbed(place.path()));
    let whole = began.elapsed();
    let expected = outcome(&only_run(&place.path().join("runs")));
    assert!(
        expected.keys().any(|name| name.ends_with("resume/tensors.safetensors")),
        "{:?}",
        expected.keys()
    );

    for (signal, times, first_seed) in [("-KILL", kills, 0), ("-TERM", kills.div_ceil(2), 1000)] {
        let (mut ended, mut seed) = (0, first_seed);
        while ended < times {
            ended += disturb(signal, seed, 2, whole, &expected);
            seed += 1;
        }
        let n_runs = seed - first_seed;
        let _ = writeln!(
            std::io::stderr(),
            "ended {ended} times by {signal}, {n_runs} runs of {whole:?} each left the same bytes"
        );
    }
}

#[test]
fn a_run_has_one_owner() {
    let place = place();
    succeeds(&mut train(place.path(), &[]));
    let run = only_run(&place.path().join("runs"));
    let long = ["train", "--resume", run.to_str().unwrap(), "--set", "training.images=100000000"];
    let mut child = tweedie(place.path()).args(long).stdout(Stdio::piped()).spawn().unwrap();
    let lock = || std::fs::read_to_string(run.join("lock")).unwrap_or_default();
    while lock() != format!("process {}", child.id()) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let error = refusal(&tweedie(place.path()).args(long).output().unwrap());
    assert!(
        error.contains("is being trained by process") && error.contains(&child.id().to_string()),
        "{error}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    // A dead process holds no lock.
    succeeds(
        tweedie(place.path()).args(["train", "--resume"]).arg(&run).args(["--set", "training.images=96"]),
    );
}

#[test]
fn a_finished_run_can_be_made_longer() {
    let place = place();
    let constant = ["--set", "training.optimizer.decay=constant"];
    succeeds(train(place.path(), &constant).args(["--set", "training.images=128"]));
    let whole = only_run(&place.path().join("runs"));
    let shorter = crate::place();
    succeeds(&mut train(shorter.path(), &constant));
    let run = only_run(&shorter.path().join("runs"));
    let printed = succeeds(
        tweedie(shorter.path()).args(["train", "--resume"]).arg(&run).args(["--set", "training.images=128"]),
    );
    assert!(printed.contains("not bit for bit: the configuration was changed"), "{printed}");
    // The learning rate is constant here, so the extended run equals a run that was longer from the start.
    let (found, expected) = (outcome(&run), outcome(&whole));
    let weights = Path::new("checkpoints/0000000128/resume/tensors.safetensors");
    assert!(found[weights] == expected[weights]);
    assert_eq!(found[Path::new("config.toml")], expected[Path::new("config.toml")]);
    let printed = succeeds(tweedie(shorter.path()).args(["train", "--resume"]).arg(&run));
    assert!(printed.contains("resuming after 128 images, bit for bit"), "{printed}");
}

#[test]
fn other_threads_are_said() {
    let place = place();
    succeeds(&mut train(place.path(), &[]));
    let run = only_run(&place.path().join("runs"));
    let more = ["--set", "training.images=96", "--threads", "2"];
    let printed = succeeds(tweedie(place.path()).args(["train", "--resume"]).arg(&run).args(more));
    assert!(printed.contains("not bit for bit: threads was 1 and is 2"), "{printed}");
    // By default, a resumed run has its former number of threads.
    let mut again = tweedie(place.path());
    again
        .env("OMP_NUM_THREADS", "1")
        .args(["train", "--resume"])
        .arg(&run)
        .args(["--set", "training.images=128"]);
    let printed = succeeds(&mut again);
    assert!(printed.contains("2 threads") && !printed.contains("threads was"), "{printed}");
}

/// As after a kill before the first checkpoint: everything is done again as it was begun.
#[test]
fn a_run_without_a_checkpoint_begins_again_as_it_began() {
    let place = place();
    succeeds(&mut train(place.path(), &["--threads", "2"]));
    let run = only_run(&place.path().join("runs"));
    let expected = outcome(&run);
    std::fs::remove_dir_all(run.join("checkpoints")).unwrap();
    let printed = succeeds(tweedie(place.path()).args(["train", "--resume"]).arg(&run));
    assert!(printed.contains("2 threads") && printed.contains("the run starts again"), "{printed}");
    assert_same(&outcome(&run), &expected, "begun again");
    // With another number of threads, the difference is reported.
    std::fs::remove_dir_all(run.join("checkpoints")).unwrap();
    let other = ["--threads", "1"];
    let printed = succeeds(tweedie(place.path()).args(["train", "--resume"]).arg(&run).args(other));
    assert!(printed.contains("starts again; threads was 2 and is 1"), "{printed}");
}

#[test]
fn what_cannot_go_on_is_said() {
    let place = place();
    let folder = place.path();
    let resume = |run: &str, more: &[&str]| {
        let mut command = tweedie(folder);
        command.args(["train", "--resume", run]).args(more);
        command
    };
    refused(folder, &mut resume("nowhere", &[]), &["nowhere is not a run", "config.toml"]);
    succeeds(&mut train(folder, &[]));
    let run = only_run(&folder.join("runs"));
    let name = run.to_str().unwrap();
    refused(folder, &mut resume(name, &["--set", "network.layers_per_block=2"]), &["[network]", "training."]);
    refused(
        folder,
        &mut resume(name, &["--set", "training.report.keep_last=0"]),
        &["keep_last", "between 1"],
    );
    refused(folder, &mut resume(name, &["--preset", "mnist"]), &["--preset"]);

    let not_resumed = |words: &[&str]| {
        let everything = || {
            let mut found = files(&run);
            // It names its last owner.
            found.remove(&run.join("lock"));
            found
        };
        let before = everything();
        let error = refusal(&resume(name, &[]).output().unwrap());
        for word in words {
            assert!(error.contains(word), "`{word}` is not in: {error}");
        }
        assert!(everything() == before, "it changed the run: {error}");
    };
    let state = run.join("checkpoints/0000000064/resume/state.json");
    let whole = std::fs::read_to_string(&state).unwrap();
    for (text, words) in [
        (whole.replace("\"format\": 3", "\"format\": 9"), ["format 9", "newer"]),
        (whole[..whole.len() / 2].to_string(), ["state.json", "not JSON"]),
        (whole.replace("\"images\": 64", "\"images\": 60"), ["named after 64", "60"]),
    ] {
        std::fs::write(&state, text).unwrap();
        not_resumed(&words);
    }
    std::fs::remove_file(&state).unwrap();
    not_resumed(&["0000000064", "resume/state.json", "can be sampled"]);
    std::fs::write(&state, &whole).unwrap();
    let tensors = run.join("checkpoints/0000000064/resume/tensors.safetensors");
    let bytes = std::fs::read(&tensors).unwrap();
    std::fs::write(&tensors, &bytes[..bytes.len() - 9]).unwrap();
    not_resumed(&["tensors.safetensors", "does not match its checksum"]);
}
