//! Faults at the N-th file-system call: the program is killed there, or the call fails once or for ever.

use crate::faults::child::Ended;
use crate::faults::compare::Scope;
use crate::faults::inject::{Action, Counted, ERRORS, Errno, Fault, NO_SPACE};
use crate::faults::trial::{Trial, Verdict};
use crate::faults::workload::Work;
use std::process::Command;

/// The commands that are disturbed. Most of them train.
const WORKS: [Work; 8] = [
    Work::Train,
    Work::Train,
    Work::Train,
    Work::Resume,
    Work::Resume,
    Work::Resume,
    Work::Sample,
    Work::Average,
];

/// Kills a command at a call that changes a file, also in the middle of a write. A training may be killed again when it is resumed.
pub fn kill(trial: &mut Trial) -> Verdict {
    let work = begin(trial)?;
    let mut command = trial.command(work);
    for _ in 0..=trial.dice.below(3) {
        let half = trial.dice.below(3) == 0;
        let fault = Fault { counted: Counted::Changes, call: 0, action: Action::Kill, half, later: false };
        let (ended, calls) = strike(trial, work, command, fault)?;
        if calls.is_empty() || !ended.is_killed() {
            ended.check()?;
            return concludes(trial, work, &ended, Scope::Everything);
        }
        if work.result().is_some() {
            return repeats(trial, work);
        }
        command = trial.next_command();
    }
    trial.resumes(Scope::Everything)
}

/// Lets one call fail, in some trials after half of a write.
pub fn fail_once(trial: &mut Trial) -> Verdict {
    let half = trial.dice.below(3) == 0;
    let error: &'static Errno = &ERRORS[trial.dice.below(ERRORS.len())];
    // Most calls only read, so that half of the trials are left to calls that change something.
    let counted = if trial.dice.below(2) == 0 { Counted::All } else { Counted::Changes };
    fail(trial, Fault { counted, call: 0, action: Action::Error(error), half, later: false })
}

/// Lets a call that needs space fail, and all later ones too.
pub fn fill(trial: &mut Trial) -> Verdict {
    let half = trial.dice.below(3) == 0;
    fail(
        trial,
        Fault { counted: Counted::Space, call: 0, action: Action::Error(&NO_SPACE), half, later: true },
    )
}

/// Lets a command fail at a random call. An error must name the file of a call that failed.
fn fail(trial: &mut Trial, fault: Fault) -> Verdict {
    let work = begin(trial)?;
    let command = trial.command(work);
    let (ended, calls) = strike(trial, work, command, fault)?;
    ended.check()?;
    let is_error = !calls.is_empty() && ended.status.code() == Some(1);
    if is_error && !calls.iter().any(|call| names_file(&ended.output[1], call)) {
        return Err(ended.with_output("the error does not name the file of the call"));
    }
    // A run may leave out sheets and plots that cannot be written.
    concludes(trial, work, &ended, if calls.is_empty() { Scope::Everything } else { Scope::Results })
}

/// Chooses a command and prepares the run that it reads.
fn begin(trial: &mut Trial) -> Result<Work, String> {
    let work = WORKS[trial.dice.below(WORKS.len())];
    trial.begin(work).map(|_| work)
}

/// Runs a command with a fault at a random call. Returns its end and the calls at which the fault happened.
fn strike(
    trial: &mut Trial,
    work: Work,
    mut command: Command,
    fault: Fault,
) -> Result<(Ended, Vec<String>), String> {
    let n_calls = trial.lab.calls.get(&work).map_or(0, |calls| calls.of(fault.counted));
    let fault = Fault { call: 1 + trial.dice.below(n_calls as usize) as u64, ..fault };
    trial.inject(&mut command, &fault)?;
    let ended = trial.execute(&mut command)?;
    let later = if fault.later { " from here on" } else { "" };
    trial.note(match fault.action {
        Action::Kill => "killed".to_string(),
        Action::Error(Errno(name, _)) => format!("{name}{later}"),
    });
    let calls = trial.take_calls();
    if fault.half && calls.first().is_some_and(|call| call.contains("write")) {
        trial.note("after half of the bytes");
    }
    trial.note(ended.status.to_string());
    Ok((ended, calls))
}

/// Checks what a command has left, and repeats or resumes it.
fn concludes(trial: &mut Trial, work: Work, ended: &Ended, scope: Scope) -> Verdict {
    if work.result().is_none() {
        return trial.completes(ended, scope);
    }
    if ended.is_success() && !trial.has_result(work, &trial.lab.half) {
        return Err(ended.with_output("it reports success, but its result is wrong"));
    }
    repeats(trial, work)
}

/// Repeats a command that reads a run, without a fault.
fn repeats(trial: &mut Trial, work: Work) -> Verdict {
    let again = trial.execute(&mut trial.command(work))?;
    again.check()?;
    if !again.is_success() || !trial.has_result(work, &trial.lab.half) {
        return Err(again.with_output("repeated without a fault, it fails or its result is wrong"));
    }
    trial.has_nothing_partial()
}

/// Whether an error line names the file of a call, or the checkpoint that it is a part of.
fn names_file(errors: &str, call: &str) -> bool {
    let path = call.split_once("runs/").map_or("runs", |(_, path)| path);
    let parts = path
        .split('/')
        .map(|part| part.split(".partial").next().unwrap_or(part).trim_end_matches(".replaced"));
    let parts: Vec<&str> = parts.collect();
    let is_checkpoint = |part: &&&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let names: Vec<&str> = parts.iter().filter(is_checkpoint).chain(parts.last()).copied().collect();
    let mut lines = errors.lines().filter(|line| line.starts_with("error:"));
    lines.any(|line| names.iter().any(|name| line.contains(name)))
}

#[cfg(test)]
mod tests {
    use super::names_file;

    #[test]
    fn errors_name_their_file() {
        let call = "space write runs/00000-points/checkpoints/0000004096.partial/network/config.json";
        for name in ["config.json", "checkpoints/0000004096"] {
            assert!(names_file(&format!("error: cannot write {name}: no space"), call), "{name}");
        }
        assert!(!names_file("config.json\nerror: no space", call));
        assert!(!names_file("error: cannot write runs/00000-points", call));
        assert!(names_file("error: cannot sync runs", "space fsync runs"));
    }
}
