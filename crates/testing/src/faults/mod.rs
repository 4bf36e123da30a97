//! A campaign that disturbs the training of a `tweedie` binary and checks that nothing is lost.
//!
//! A trial trains a tiny network, disturbs the training, resumes the run, and compares the result bit for bit with that of an
//! undisturbed run. [`Kind`] lists the disturbances. In no trial may the program hang, panic, be ended by a signal that it was
//! not sent, or report success with an incomplete run. A trial is determined by (seed, kind, number), apart from the time that
//! the machine needs, so that it can be repeated.

mod child;
mod compare;
mod inject;
mod kinds;
mod lab;
mod report;
mod trial;
mod workload;

pub use kinds::Kind;
pub use report::{Failure, Report, Row};

use crate::Dice;
use lab::Lab;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use trial::Trial;

/// The interval between lines of progress.
const INTERVAL: Duration = Duration::from_secs(20);

/// The options of a campaign.
#[derive(Debug, Clone)]
pub struct Campaign {
    /// The `tweedie` binary.
    pub binary: PathBuf,
    /// A folder for the files of the trials. It is emptied first. The files of failed trials are kept in `trials`, and `log` has a line
    /// for every trial.
    pub scratch: PathBuf,
    /// The seed of the random choices.
    pub seed: u64,
    /// The kinds of trials, which take turns.
    pub kinds: Vec<Kind>,
    /// The number of trials.
    pub budget: Budget,
    /// The number of trials that run at the same time.
    pub jobs: usize,
}

/// The number of trials of a campaign.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Budget {
    /// As many trials as begin within a time.
    Time(Duration),
    /// This number of trials of each kind.
    Each(u64),
    /// The trial with this number, of each kind.
    One(u64),
}

impl Campaign {
    /// Carries out the campaign. `progress` receives lines of text for the user.
    ///
    /// # Errors
    /// A sentence if the undisturbed runs fail, with which the trials are compared.
    pub fn run(&self, progress: &(dyn Fn(&str) + Sync)) -> Result<Report, String> {
        let began = Instant::now();
        let lab = Lab::prepare(&self.binary, &self.scratch)?;
        progress(&format!("an undisturbed run takes {:.2} s", lab.time.as_secs_f64()));
        let mut report = Report::new(self.seed, &self.kinds);
        let mut kinds = self.kinds.clone();
        if let Err(reason) = &lab.library {
            kinds.retain(|kind| !kind.needs_library());
            report.skip(&self.kinds, &kinds, reason);
        }
        let (next, shared, shown) = (AtomicU64::new(0), Mutex::new(report), Mutex::new(Instant::now()));
        let work = || {
            while let Some((kind, number)) = self.choose(&kinds, next.fetch_add(1, Ordering::Relaxed), began)
            {
                let result = self.trial(&lab, kind, number);
                let mut report = lock(&shared);
                if let Err(failure) = &result {
                    progress(&failure.to_string());
                }
                report.add(kind, result);
                let mut shown = lock(&shown);
                if shown.elapsed() > INTERVAL {
                    *shown = Instant::now();
                    progress(&format!("{} after {:.0} s", report.summary(), began.elapsed().as_secs_f64()));
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(work);
            }
        });
        Ok(shared.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// The kind and the number of the i-th trial, unless the campaign is over.
    fn choose(&self, kinds: &[Kind], i: u64, began: Instant) -> Option<(Kind, u64)> {
        let n = kinds.len() as u64;
        let kind = *kinds.get(i.checked_rem(n)? as usize)?;
        let round = i / n;
        match self.budget {
            Budget::Time(time) => (began.elapsed() < time).then_some((kind, round)),
            Budget::Each(rounds) => (round < rounds).then_some((kind, round)),
            Budget::One(number) => (round == 0).then_some((kind, number)),
        }
    }

    /// Carries out one trial, adds a line to the log, and removes the files of the trial if it passes.
    fn trial(&self, lab: &Lab, kind: Kind, number: u64) -> Result<(), Failure> {
        let name = format!("{kind}-{number}");
        let trial = Trial::new(lab, Dice::of(mixed(self.seed, kind, number)), &name);
        let failure = |story: String, problem| Failure { kind, number, story, problem };
        let mut trial = trial.map_err(|problem| failure(String::new(), problem))?;
        let verdict = kind.carry_out(&mut trial);
        let story = trial.story.join(", ");
        if verdict.is_ok() {
            let _ = std::fs::remove_dir_all(&trial.place);
            lab.log(&format!("passed {kind} {number}: {story}"));
        }
        verdict.map_err(|problem| {
            let failure = failure(story, problem);
            lab.log(&failure.to_string());
            failure
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// One number of a trial's seed, kind and number: the finaliser of SplitMix64 after each.
fn mixed(seed: u64, kind: Kind, number: u64) -> u64 {
    [kind as u64, number].into_iter().fold(seed, |state, value| {
        let mut z = (state ^ value).wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}
