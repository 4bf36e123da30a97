//! What may happen when a run with a damaged file is read.

use super::target::{Role, Target};
use crate::faults::child::Ended;
use crate::faults::compare::Scope;
use crate::faults::trial::{Trial, Verdict};
use crate::faults::workload::Work;

/// How strictly damage is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// A file without results must not stop the program, and an error must name the file.
    Strict,
    /// Any error sentence is allowed.
    Lenient,
}

/// Judges a program that read a run with a damaged file. Allowed are an error that names the file, and the right result. A result
/// without the damaged file, such as that of an older checkpoint, is allowed if a message names the file.
///
/// # Errors
/// A sentence about what is not allowed.
pub fn judge(trial: &mut Trial, target: &Target, ended: &Ended, strictness: Strictness) -> Verdict {
    ended.check()?;
    let is_named = ended.mentions(target.file_name());
    if !ended.is_success() {
        return match (strictness, target.role) {
            (Strictness::Strict, Role::View) => {
                Err(ended.with_output(&format!("{} has no results, but stops the program", target.name)))
            }
            (Strictness::Strict, Role::Result | Role::Older) if !is_named => {
                Err(ended.with_output(&format!("the error does not name {}", target.file_name())))
            }
            _ => Ok(()),
        };
    }
    if target.role == Role::Input {
        return Ok(());
    }
    if target.reader != Work::Resume {
        return match target.result_is_right(trial) || is_named {
            true => Ok(()),
            false => Err(ended
                .with_output("the result is not that of the undisturbed run, and no message explains it")),
        };
    }
    let mut differ = trial.differences(Scope::Results)?;
    // A damaged file that is named may stay as it is. A log, or a file that was replaced, may stay without a message.
    let may_stay = is_named || target.role == Role::View || strictness == Strictness::Lenient;
    differ.retain(|name| !(may_stay && name.starts_with(&target.name)));
    if differ.is_empty() {
        return Ok(());
    }
    if differ == [target.name.as_str()] && target.name.starts_with("averages/") {
        return is_noticed_later(trial, target);
    }
    Err(ended.with_output(&format!("it reports success, but {} is wrong", differ.join(", "))))
}

/// Checks that `ema`, which reads the stored averages, notices a damaged one. Training does not read them.
fn is_noticed_later(trial: &mut Trial, target: &Target) -> Verdict {
    let ended = Target { reader: Work::Average, ..target.clone() }.read(trial)?;
    ended.check()?;
    match ended.mentions(target.file_name()) {
        true => Ok(()),
        false => Err(ended.with_output(&format!("{} is damaged, and `ema` does not name it", target.name))),
    }
}
