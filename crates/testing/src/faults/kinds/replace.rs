//! Something else in the place of a file or folder of a run.

use super::judge::{Damage, judge};
use super::target::{Role, Target};
use crate::faults::lab::RUN;
use crate::faults::trial::{Trial, Verdict, broken};
use crate::faults::workload::Work;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

/// What takes the place of a file or folder.
const OBJECTS: [&str; 6] =
    ["nothing", "a folder", "a FIFO", "a dangling link", "a link to /dev/zero", "a socket"];

/// Replaces a file or folder of a run and reads the run, or replaces it while the run is trained.
pub fn carry_out(trial: &mut Trial) -> Verdict {
    if trial.dice.below(4) == 0 {
        return while_training(trial);
    }
    let target = Target::choose(trial, true)?;
    let object = choose(trial);
    put(object, &trial.place.join(RUN).join(&target.name), &trial.lab.scratch).map_err(broken)?;
    let ended = target.read(trial)?;
    judge(trial, &target, &ended, damage(object))
}

/// Replaces a part of a run at a random time of its training.
fn while_training(trial: &mut Trial) -> Verdict {
    const NAMES: [&str; 10] = [
        "samples",
        "samples/0000006144.png",
        "averages",
        "averages/0000006144.safetensors",
        "checkpoints",
        "checkpoints/0000006144",
        "metrics.jsonl",
        "loss.svg",
        "index.html",
        "lock",
    ];
    let mut command = trial.begin(Work::Resume)?;
    let (name, object) = (trial.dice.one(&NAMES), choose(trial));
    let time = trial.random_time();
    let mut child = trial.launch(&mut command)?;
    child.runs_until_output().map_err(broken)?;
    child.runs_until(time).map_err(broken)?;
    trial.note(format!("{name} after {:.3} s", time.as_secs_f64()));
    if let Err(error) = put(object, &trial.place.join(RUN).join(name), &trial.lab.scratch) {
        // The program may create or remove a file at the same moment.
        trial.note(format!("which failed ({error})"));
    }
    let ended = child.finish().map_err(broken)?;
    let is_result = name.starts_with("checkpoints") || name.starts_with("averages");
    let role = if is_result { Role::Result } else { Role::View };
    let target = Target { name: name.into(), role, is_whole: false, reader: Work::Resume };
    judge(trial, &target, &ended, damage(object))
}

/// Chooses the object that takes the place of a part of the run.
fn choose(trial: &mut Trial) -> &'static str {
    let object = OBJECTS[trial.dice.below(OBJECTS.len())];
    trial.note(format!("replaced by {object}"));
    object
}

/// The kind of damage that an object is.
fn damage(object: &str) -> Damage {
    if object == OBJECTS[0] { Damage::Removed } else { Damage::Replaced }
}

/// Replaces a path by an object. `short` is a folder whose path is short enough for a socket.
fn put(object: &str, path: &Path, short: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    if let Err(error) = removed
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    match object {
        "nothing" => Ok(()),
        "a folder" => std::fs::create_dir(path),
        "a FIFO" => Command::new("mkfifo").arg(path).status().map(drop),
        "a dangling link" => symlink("nowhere", path),
        "a link to /dev/zero" => symlink("/dev/zero", path),
        _ => {
            let socket = short.join(format!("s{:?}", std::thread::current().id()).replace(['(', ')'], ""));
            drop(UnixListener::bind(&socket)?);
            std::fs::rename(socket, path)
        }
    }
}
