//! Faults at the N-th file-system call: the program is killed there, or the call fails once or for ever.

use crate::faults::compare::Scope;
use crate::faults::inject::{Action, Counted, ERRORS, Errno, Fault, NO_SPACE};
use crate::faults::trial::{Start, Trial, Verdict};

/// Kills a training at a call that changes a file, also in the middle of a write.
pub fn kill(trial: &mut Trial) -> Verdict {
    let half = trial.dice.below(3) == 0;
    disturb(trial, Fault { counted: Counted::Changes, call: 0, action: Action::Kill, half, later: false })
}

/// Lets one call fail, in some trials after half of a write.
pub fn fail_once(trial: &mut Trial) -> Verdict {
    let half = trial.dice.below(3) == 0;
    let error: &'static Errno = &ERRORS[trial.dice.below(ERRORS.len())];
    // Most calls only read, so that half of the trials are left to calls that change something.
    let counted = if trial.dice.below(2) == 0 { Counted::All } else { Counted::Changes };
    disturb(trial, Fault { counted, call: 0, action: Action::Error(error), half, later: false })
}

/// Lets a call that needs space fail, and all later ones too.
pub fn fill(trial: &mut Trial) -> Verdict {
    let half = trial.dice.below(3) == 0;
    let action = Action::Error(&NO_SPACE);
    disturb(trial, Fault { counted: Counted::Space, call: 0, action, half, later: true })
}

/// Disturbs a training at a random call and lets it finish.
fn disturb(trial: &mut Trial, fault: Fault) -> Verdict {
    let (start, mut command) = trial.start()?;
    let n_calls = trial.lab.calls[usize::from(start == Start::Half)].of(fault.counted);
    let fault = Fault { call: 1 + trial.dice.below(n_calls as usize) as u64, ..fault };
    trial.inject(&mut command, &fault)?;
    let ended = trial.execute(&mut command)?;
    let half = if fault.half { ", half-way through a write" } else { "" };
    trial.note(match fault.action {
        Action::Kill => format!("killed{half}"),
        Action::Error(Errno(name, _)) if fault.later => format!("{name} from here on{half}"),
        Action::Error(Errno(name, _)) => format!("{name}{half}"),
    });
    let happened = trial.note_call();
    let is_kill = fault.action == Action::Kill;
    if is_kill && happened && ended.is_killed() {
        return trial.resumes(Scope::Everything);
    }
    ended.check()?;
    // A run may leave out sheets and plots that cannot be written.
    trial.completes(&ended, if happened { Scope::Results } else { Scope::Everything })
}
