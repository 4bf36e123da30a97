//! One trial: its folder, its random choices, the commands that it runs, and the checks at its end.

use super::child::{Child, Ended};
use super::compare::{Scope, differences, name_in, outcome, partial};
use super::inject::Fault;
use super::lab::{Lab, RUN, Undisturbed, copy};
use super::workload::{Work, last_checkpoint};
use crate::Dice;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

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

    /// Chooses between a new run and a half-way run, which is prepared. Returns the command that trains.
    pub fn training(&mut self) -> Result<Command, String> {
        let work = if self.dice.below(2) == 0 { Work::Train } else { Work::Resume };
        self.begin(work)
    }

    /// Prepares the half-way run, if a command reads it. Returns the command.
    pub fn begin(&mut self, work: Work) -> Result<Command, String> {
        self.note(format!("`{}`", work.name()));
        if work != Work::Train {
            copy(&self.lab.half.run, &self.place.join(RUN)).map_err(broken)?;
        }
        Ok(self.command(work))
    }

    /// The command for a work, which reads the run of this trial.
    pub fn command(&self, work: Work) -> Command {
        self.lab.workload.command(work, &self.place, Path::new(RUN))
    }

    /// Whether the result of a command that reads an undisturbed run is right.
    pub fn has_result(&self, work: Work, undisturbed: &Undisturbed) -> bool {
        let found = work.result().map(|name| std::fs::read(self.place.join(name)).unwrap_or_default());
        found.as_ref() == undisturbed.results.get(&work)
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
        let run = self.run();
        let work = if run.join("config.toml").is_file() { Work::Resume } else { Work::Train };
        self.lab.workload.command(work, &self.place, &run)
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

    /// The lines of the log for the calls at which a fault happened. The log is then empty.
    pub fn take_calls(&mut self) -> Vec<String> {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let _ = std::fs::remove_file(self.log());
        let place = format!("{}/", self.place.display());
        let calls: Vec<String> = log.lines().map(|line| line.replace(&place, "")).collect();
        self.note(
            calls.first().map_or("the call was not reached".into(), |call| format!("at the call `{call}`")),
        );
        calls
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
        Ok(differences(&found, &self.lab.whole.outcome, scope, &last_checkpoint()))
    }

    /// Checks that no unfinished file remains in the folder of the runs.
    pub fn has_nothing_partial(&self) -> Verdict {
        let runs = self.place.join("runs");
        match partial(&runs).map_err(broken)?.first() {
            Some(path) => Err(format!("the unfinished {} remains", name_in(&runs, path))),
            None => Ok(()),
        }
    }
}

/// A sentence about files that differ.
fn list(differ: &[String]) -> String {
    let first: Vec<&str> = differ.iter().take(4).map(String::as_str).collect();
    format!("{} files differ from the undisturbed run: {}", differ.len(), first.join(", "))
}
