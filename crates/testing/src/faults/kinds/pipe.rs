//! Standard output or standard error that is closed or full.

use crate::faults::child::{Child, Ended};
use crate::faults::compare::Scope;
use crate::faults::trial::{Trial, Verdict, broken};
use crate::faults::workload::Work;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What the output of a program is connected to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Sink {
    /// A pipe whose reading end is closed after a share of the time of a run.
    Closed(f64),
    /// `/dev/full`.
    Full,
    /// A file, which is not disturbed.
    File,
}

/// Runs a training, or samples, with a disturbed output.
pub fn carry_out(trial: &mut Trial) -> Verdict {
    let samples = trial.dice.below(4) == 0;
    let mut command = if samples { trial.begin(Work::Sample)? } else { trial.training()? };
    let share = trial.dice.below(1000) as f64 / 1000.0;
    let (out, err) = match trial.dice.below(5) {
        0 => (Sink::Closed(0.0), Sink::File),
        1 => (Sink::Closed(share), Sink::File),
        2 => (Sink::Full, Sink::File),
        3 => (Sink::File, Sink::Full),
        _ => (Sink::Full, Sink::Full),
    };
    trial.note(format!("standard output: {out:?}, standard error: {err:?}"));
    let ended = run(trial, &mut command, out, err)?;
    trial.note(ended.status.to_string());
    if err == Sink::File || ended.status.code() != Some(1) {
        ended.check()?;
    }
    if !samples {
        return trial.completes(&ended, Scope::Everything);
    }
    if ended.is_success() && !trial.has_result(Work::Sample, &trial.lab.half) {
        return Err(
            ended.with_output("it reports success, but its samples are not those of the undisturbed run")
        );
    }
    Ok(())
}

/// Runs a command with its outputs connected to two sinks.
fn run(trial: &mut Trial, command: &mut Command, out: Sink, err: Sink) -> Result<Ended, String> {
    let files = trial.next_files(command)?;
    command.stdout(stdio(out, &files[0])?).stderr(stdio(err, &files[1])?);
    let mut child = Child::start_redirected(command, files).map_err(broken)?;
    if let Sink::Closed(share) = out {
        // Little is printed, so that the pipe holds everything until its end is closed.
        let reader = child.take_stdout();
        child.runs_until(trial.lab.time.mul_f64(share).max(Duration::from_millis(1))).map_err(broken)?;
        drop(reader);
    }
    child.finish().map_err(broken)
}

fn stdio(sink: Sink, file: &PathBuf) -> Result<Stdio, String> {
    match sink {
        Sink::Closed(_) => Ok(Stdio::piped()),
        Sink::Full => File::options().write(true).open("/dev/full").map(Stdio::from).map_err(broken),
        Sink::File => File::create(file).map(Stdio::from).map_err(broken),
    }
}
