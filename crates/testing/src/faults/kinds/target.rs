//! The file of a run that a trial damages or replaces, and the commands that then read the run.

use crate::faults::child::Ended;
use crate::faults::compare::{entries, name_in};
use crate::faults::lab::{RUN, copy};
use crate::faults::trial::{Trial, broken};
use crate::faults::workload::{Work, half_checkpoint, last_checkpoint};

/// What a file of a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It holds results: the newest checkpoint, or stored averages.
    Result,
    /// An older checkpoint, which is only read if the newest one is damaged.
    Older,
    /// A log, a sheet, a page or a plot: no result depends on it.
    View,
    /// The configuration, or the description of a checkpoint. Its owner may change it, so that damage cannot be distinguished from a
    /// change.
    Input,
}

/// A file or folder of a run.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its path relative to the run.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Whether the run is complete, or stopped half-way.
    pub is_whole: bool,
    /// The command that reads the run.
    pub reader: Work,
}

impl Target {
    /// Copies a complete run or a half-way run into a trial, and chooses one of its files, or of its files and folders.
    pub fn choose(trial: &mut Trial, with_folders: bool) -> Result<Self, String> {
        let is_whole = trial.dice.below(2) == 0;
        let from = if is_whole { &trial.lab.whole.run } else { &trial.lab.half.run };
        copy(from, &trial.place.join(RUN)).map_err(broken)?;
        let newest = format!("checkpoints/{}", if is_whole { last_checkpoint() } else { half_checkpoint() });
        let mut found = entries(from).map_err(broken)?;
        found.retain(|path| with_folders || path.is_file());
        let mut names: Vec<String> = found.iter().map(|path| name_in(from, path)).collect();
        // Half of the targets are in the newest checkpoint, and a quarter is not in a checkpoint.
        match trial.dice.below(4) {
            0 | 1 => names.retain(|name| name.starts_with(&newest)),
            2 => names.retain(|name| !name.starts_with("checkpoints")),
            _ => {}
        }
        let name = names.swap_remove(trial.dice.below(names.len()));
        let role = role_of(&name, &newest);
        let reader = match trial.dice.below(4) {
            0 => Work::Sample,
            1 => Work::Average,
            _ => Work::Resume,
        };
        let state = if is_whole { "a complete run" } else { "a run stopped half-way" };
        trial.note(format!("{state}, {name}"));
        Ok(Self { name, role, is_whole, reader })
    }

    /// The last part of the name.
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// Whether a run without this file or folder is a run at an earlier time.
    pub fn is_optional(&self) -> bool {
        let is_checkpoint = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        self.name == "checkpoints" || self.name.starts_with("averages") || is_checkpoint(self.file_name())
    }

    /// Reads the run.
    pub fn read(&self, trial: &mut Trial) -> Result<Ended, String> {
        trial.note(format!("then `{}`", self.reader.name()));
        let mut command = trial.command(self.reader);
        trial.execute(&mut command)
    }

    /// Whether the result of reading is that of the undisturbed run.
    pub fn result_is_right(&self, trial: &Trial) -> bool {
        trial.has_result(self.reader, if self.is_whole { &trial.lab.whole } else { &trial.lab.half })
    }
}

fn role_of(name: &str, newest: &str) -> Role {
    if name == "config.toml" || name.ends_with("README.md") {
        Role::Input
    } else if name.starts_with(newest) || name.starts_with("averages") || name == "checkpoints" {
        Role::Result
    } else if name.starts_with("checkpoints/") {
        Role::Older
    } else {
        Role::View
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_follow_from_names() {
        let role = |name| role_of(name, "checkpoints/0000004096");
        assert_eq!(role("checkpoints/0000004096/tweedie.json"), Role::Result);
        assert_eq!(role("averages/0000004096.safetensors"), Role::Result);
        assert_eq!(role("checkpoints/0000003072/tweedie.json"), Role::Older);
        assert_eq!(role("metrics.jsonl"), Role::View);
        assert_eq!(role("config.toml"), Role::Input);
        assert_eq!(role("checkpoints/0000004096/README.md"), Role::Input);
    }
}
