//! What may happen when a run with a damaged file is read.

use super::target::{Role, Target};
use crate::faults::child::Ended;
use crate::faults::compare::Scope;
use crate::faults::trial::{Trial, Verdict};
use crate::faults::workload::Work;

/// What happened to a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// Its content was changed.
    Changed,
    /// It was removed.
    Removed,
    /// Something that is not a regular file took its place.
    Replaced,
}

/// Judges a program that read a run with a damaged file. Allowed are an error that names the file, and the right result. A result
/// without the damaged file, such as that of an older checkpoint, is allowed if a message names the file.
///
/// # Errors
/// A sentence about what is not allowed.
pub fn judge(trial: &mut Trial, target: &Target, ended: &Ended, damage: Damage) -> Verdict {
    ended.check()?;
    let is_named = ended.mentions(target.file_name());
    if !ended.is_success() {
        return match (damage, target.role) {
            // An error about an object that is not a regular file is enough.
            (Damage::Replaced, _) | (_, Role::Input) => Ok(()),
            (_, Role::View) => {
                Err(ended.with_output(&format!("{} has no results, but stops the program", target.name)))
            }
            _ if is_named => Ok(()),
            _ => Err(ended.with_output(&format!("the error does not name {}", target.file_name()))),
        };
    }
    if target.role == Role::Input {
        return Ok(());
    }
    if target.reader == Work::Resume {
        return is_complete(trial, target, ended, damage);
    }
    // A run from which a checkpoint or an average was removed is a run as it was before.
    let is_former = damage == Damage::Removed && target.is_optional();
    match is_named || is_former || target.result_is_right(trial) {
        true => Ok(()),
        false => Err(ended.with_output("its result is wrong, and no message names the damaged file")),
    }
}

/// Checks a training that reports success: its results are those of the undisturbed run. The damaged file itself may stay as it is
/// if a message names it, if it has no results, or if it is not a regular file.
fn is_complete(trial: &mut Trial, target: &Target, ended: &Ended, damage: Damage) -> Verdict {
    let mut differ = trial.differences(Scope::Results)?;
    let may_stay =
        ended.mentions(target.file_name()) || target.role == Role::View || damage != Damage::Changed;
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
