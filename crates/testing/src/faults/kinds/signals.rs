//! Several signals that request a stop, a few milliseconds apart.

use crate::faults::child::INTERRUPTED;
use crate::faults::compare::Scope;
use crate::faults::trial::{Trial, Verdict, broken};
use std::time::Duration;

/// The signals of a trial.
const SIGNALS: [&[&str]; 6] =
    [&["INT"], &["TERM"], &["INT", "INT"], &["INT", "TERM"], &["TERM", "TERM"], &["INT", "INT", "INT"]];

/// The longest pause between two signals in milliseconds.
const PAUSE: usize = 40;

/// Interrupts a training and lets it finish.
pub fn carry_out(trial: &mut Trial) -> Verdict {
    let mut command = trial.training()?;
    let names = SIGNALS[trial.dice.below(SIGNALS.len())];
    // Half of the pauses are as short as they can be.
    let pause = Duration::from_millis((trial.dice.below(2) * trial.dice.below(PAUSE)) as u64);
    // Most of these times are before the end of the training.
    let share = trial.dice.below(700) as f64 / 1000.0;
    let mut child = trial.launch(&mut command)?;
    // The handler of signals is installed before the first line is printed.
    child.runs_until_output().map_err(broken)?;
    let time = child.elapsed() + trial.lab.time.mul_f64(share);
    child.runs_until(time).map_err(broken)?;
    child.signals(names, pause).map_err(broken)?;
    let ended = child.finish().map_err(broken)?;
    let pause = if names.len() > 1 { format!(" with pauses of {pause:?}") } else { String::new() };
    let (names, status) = (names.join(", "), ended.status);
    trial.note(format!("{names}{pause} {share:.3} of a run after the first line ({status})"));
    ended.check()?;
    if !matches!(ended.status.code(), Some(0 | INTERRUPTED)) {
        return Err(ended.with_output(&format!("its exit code is not {INTERRUPTED}")));
    }
    trial.completes(&ended, Scope::Everything)
}
