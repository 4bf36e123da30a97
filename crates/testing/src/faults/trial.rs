//! One trial: its folder, its random choices, the commands that it runs, and the checks at its end.

use super::child::{Child, Ended};
use super::compare::{Scope, differences, name_in, outcome, partial};
use super::inject::Fault;
use super::lab::{Lab, RUN, copy};
use super::workload::last_checkpoint;
use crate::Dice;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Where a trial begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A new run.
    Fresh,
    /// A run that was stopped half-way and is resumed.
    Half,
}

/// One trial.
pub struct Trial<'a> {
    /// What all trials share.
    pub lab: &'a Lab,
    /// The random choices.
    pub dice: Dice,
    /// The folder of this trial.
    pub place: PathBuf,
    /// What was done, for the report.
    pub story: Vec<String>,
    commands: usize,
}

/// A trial passes, or the sentence describes what failed.
pub type Verdict = Result<(), String>;

/// The sentence for an error of the campaign itself.
pub fn broken(error: io::Error) -> String {
    format!("the trial could not be carried out: {error}")
}

impl<'a> Trial<'a> {
    /// A trial in a new folder.
    pub fn new(lab: &'a Lab, dice: Dice, name: &str) -> Result<Self, String> {
        let place = lab.scratch.join("trials").join(name);
        let _ = std::fs::remove_dir_all(&place);
        std::fs::create_dir_all(&place).map_err(broken)?;
        Ok(Self { lab, dice, place, story: Vec::new(), commands: 0 })
    }

    /// Chooses a start and prepares the run for it. Returns the command that trains.
    pub fn start(&mut self) -> Result<(Start, Command), String> {
        let start = if self.dice.below(2) == 0 { Start::Fresh } else { Start::Half };
        Ok((start, self.start_at(start)?))
    }

    /// Prepares the run for a start and returns the command that trains.
    pub fn start_at(&mut self, start: Start) -> Result<Command, String> {
        let workload = &self.lab.workload;
        match start {
            Start::Fresh => {
                self.note("a new run");
                Ok(workload.train(&self.place))
            }
            Start::Half => {
                self.note("a run resumed half-way");
                copy(&self.lab.half, &self.run()).map_err(broken)?;
                Ok(workload.resume(&self.place, Path::new(RUN)))
            }
        }
    }

    /// The folder of the run. A run that was killed before it was complete enough to be one is replaced by one with the next number.
    pub fn run(&self) -> PathBuf {
        let runs = std::fs::read_dir(self.place.join("runs")).into_iter().flatten().flatten();
        let is_run =
            |run: &PathBuf| run.join("config.toml").is_file() && !run.to_string_lossy().ends_with(".partial");
        runs.map(|entry| entry.path()).find(is_run).unwrap_or_else(|| self.place.join(RUN))
    }

    /// The command that resumes the run, or starts a new one if none was created.
    pub fn next_command(&self) -> Command {
        let (workload, run) = (&self.lab.workload, self.run());
        let is_run = run.join("config.toml").is_file();
        if is_run { workload.resume(&self.place, &run) } else { workload.train(&self.place) }
    }

    /// A random time within that of a complete run.
    pub fn random_time(&mut self) -> Duration {
        self.lab.time.mul_f64(self.dice.below(1000) as f64 / 1000.0)
    }

    /// Adds a remark to the story of the trial.
    pub fn note(&mut self, text: impl Into<String>) {
        self.story.push(text.into());
    }

    /// Preloads the library of faults into a command. The trial must be of a kind that needs the library.
    pub fn inject(&mut self, command: &mut Command, fault: &Fault) -> Result<(), String> {
        let library = self.lab.library.as_ref()?;
        fault.apply(command, library, &self.place.join("runs"), &self.log());
        Ok(())
    }

    /// Notes the call at which a fault happened. Returns whether one happened.
    pub fn note_call(&mut self) -> bool {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let line = log.lines().next().map(|line| line.replace(&format!("{}/", self.place.display()), ""));
        self.note(
            line.clone().map_or("the call was not reached".into(), |line| format!("at the call `{line}`")),
        );
        line.is_some()
    }

    fn log(&self) -> PathBuf {
        self.place.join("fault.log")
    }

    /// The files for the output of the next command, whose line is added to the file `commands`.
    pub fn next_files(&mut self, command: &Command) -> Result<[PathBuf; 2], String> {
        self.commands += 1;
        let open = std::fs::File::options().create(true).append(true).open(self.place.join("commands"));
        open.and_then(|mut file| writeln!(file, "{}: {command:?}", self.commands)).map_err(broken)?;
        Ok(["out", "err"].map(|end| self.place.join(format!("{}.{end}", self.commands))))
    }

    /// Starts a command.
    pub fn launch(&mut self, command: &mut Command) -> Result<Child, String> {
        self.next_files(command)?;
        Child::start(command, &self.place, &self.commands.to_string()).map_err(broken)
    }

    /// Runs a command to its end.
    pub fn execute(&mut self, command: &mut Command) -> Result<Ended, String> {
        self.launch(command)?.finish().map_err(broken)
    }

    /// Checks a training after a disturbance. If it reports success, the run must be complete; otherwise it is resumed.
    ///
    /// # Errors
    /// A sentence if the run differs from the undisturbed one in a scope, or cannot be resumed.
    pub fn completes(&mut self, ended: &Ended, scope: Scope) -> Verdict {
        if ended.is_success() {
            let differ = self.differences(scope)?;
            return match differ.is_empty() {
                true => self.has_nothing_partial(),
                false => Err(ended.with_output(&format!("it reports success, but {}", list(&differ)))),
            };
        }
        self.resumes(scope)
    }

    /// Resumes the run, or starts a new one if none was created, without any fault. It must become equal to the undisturbed run.
    pub fn resumes(&mut self, scope: Scope) -> Verdict {
        let mut command = self.next_command();
        let ended = self.execute(&mut command)?;
        ended.check().map_err(|problem| format!("resumed afterwards, {problem}"))?;
        if !ended.is_success() {
            return Err(ended.with_output("the run cannot be resumed afterwards"));
        }
        let differ = self.differences(scope)?;
        if !differ.is_empty() {
            return Err(ended.with_output(&format!("resumed afterwards, {}", list(&differ))));
        }
        self.has_nothing_partial()
    }

    /// The files in a scope in which the run differs from the undisturbed one.
    pub fn differences(&self, scope: Scope) -> Result<Vec<String>, String> {
        let found = outcome(&self.run()).map_err(broken)?;
        Ok(differences(&found, &self.lab.expected, scope, &last_checkpoint()))
    }

    fn has_nothing_partial(&self) -> Verdict {
        let run = self.run();
        match partial(&run).map_err(broken)?.first() {
            Some(path) => Err(format!("the unfinished {} remains", name_in(&run, path))),
            None => Ok(()),
        }
    }
}

/// A sentence about files that differ.
fn list(differ: &[String]) -> String {
    let first: Vec<&str> = differ.iter().take(4).map(String::as_str).collect();
    format!("{} files differ from the undisturbed run: {}", differ.len(), first.join(", "))
}
