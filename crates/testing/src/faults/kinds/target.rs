//! The file of a run that a trial damages or replaces, and the commands that then read the run.

use crate::faults::compare::{entries, name_in};
use crate::faults::lab::{AVERAGE, AVERAGE_WEIGHTS, RUN, SAMPLES, copy};
use crate::faults::trial::{Trial, broken};
use crate::faults::workload::{half_checkpoint, last_checkpoint};
use std::path::Path;
use std::process::Command;

/// What a file of a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It holds results: the newest checkpoint, or stored averages.
    Result,
    /// An older checkpoint, which is only read if the newest one is damaged.
    Older,
    /// A log, a sheet, a page or a plot: no result depends on it.
    View,
    /// The configuration. Its owner may change it, so that damage cannot be distinguished from a change.
    Input,
}

/// How the run is read after the damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// `train --resume`.
    Resume,
    /// `sample`.
    Sample,
    /// `ema`.
    Average,
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
    /// How the run is read.
    pub reader: Reader,
}

impl Target {
    /// Copies a complete run or a half-way run into a trial, and chooses one of its files, or of its files and folders.
    pub fn choose(trial: &mut Trial, with_folders: bool) -> Result<Self, String> {
        let is_whole = trial.dice.below(2) == 0;
        let from = if is_whole { &trial.lab.whole } else { &trial.lab.half };
        copy(from, &trial.place.join(RUN)).map_err(broken)?;
        let newest = format!("checkpoints/{}", if is_whole { last_checkpoint() } else { half_checkpoint() });
        let mut found = entries(from).map_err(broken)?;
        found.retain(|path| with_folders || path.is_file());
        let mut names: Vec<String> = found.iter().map(|path| name_in(from, path)).collect();
        // Half of the targets are in the newest checkpoint.
        if trial.dice.below(2) == 0 {
            names.retain(|name| name.starts_with(&newest));
        }
        let name = names.swap_remove(trial.dice.below(names.len()));
        let role = role_of(&name, &newest);
        let reader = match trial.dice.below(4) {
            0 => Reader::Sample,
            1 => Reader::Average,
            _ => Reader::Resume,
        };
        let state = if is_whole { "a complete run" } else { "a run stopped half-way" };
        trial.note(format!("{state}, {name}"));
        Ok(Self { name, role, is_whole, reader })
    }

    /// The last part of the name.
    pub fn file_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// The command that reads the run.
    pub fn command(&self, trial: &mut Trial) -> Command {
        let (workload, place, run) = (&trial.lab.workload, &trial.place, Path::new(RUN));
        let (name, command) = match self.reader {
            Reader::Resume => ("train --resume", workload.resume(place, run)),
            Reader::Sample => ("sample", workload.sample(place, run, SAMPLES)),
            Reader::Average => ("ema", workload.average(place, run, AVERAGE)),
        };
        trial.note(format!("then `{name}`"));
        command
    }

    /// Whether the samples or the average are those of the undisturbed run.
    pub fn result_is_right(&self, trial: &Trial) -> bool {
        let which = usize::from(!self.is_whole);
        let (file, expected) = match self.reader {
            Reader::Average => (AVERAGE_WEIGHTS, &trial.lab.averages[which]),
            _ => (SAMPLES, &trial.lab.samples[which]),
        };
        std::fs::read(trial.place.join(file)).is_ok_and(|found| found == *expected)
    }
}

fn role_of(name: &str, newest: &str) -> Role {
    if name.starts_with(newest) || name.starts_with("averages") || name == "checkpoints" {
        Role::Result
    } else if name.starts_with("checkpoints/") {
        Role::Older
    } else if name == "config.toml" {
        Role::Input
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
    }
}
