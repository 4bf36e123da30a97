//! The result of a campaign: counts by kind, and how to repeat the trials that failed.

use super::Kind;
use std::collections::BTreeMap;
use std::fmt;

/// The result of a campaign.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    seed: u64,
    /// The counts by kind.
    pub rows: BTreeMap<Kind, Row>,
    /// The trials that failed.
    pub failures: Vec<Failure>,
}

/// The counts of a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    /// Trials that were carried out.
    pub trials: u64,
    /// Trials that failed.
    pub failures: u64,
    /// The reason why trials of this kind were skipped.
    pub skipped: Option<String>,
}

/// A trial that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind of the trial.
    pub kind: Kind,
    /// Its number.
    pub number: u64,
    /// What was done.
    pub story: String,
    /// What is wrong.
    pub problem: String,
}

impl Report {
    /// A report without trials.
    pub(super) fn new(seed: u64, kinds: &[Kind]) -> Self {
        Self { seed, rows: kinds.iter().map(|kind| (*kind, Row::default())).collect(), failures: Vec::new() }
    }

    /// Notes why the kinds that are not among the remaining ones are skipped.
    pub(super) fn skip(&mut self, all: &[Kind], remaining: &[Kind], reason: &str) {
        for kind in all.iter().filter(|kind| !remaining.contains(kind)) {
            self.rows.entry(*kind).or_default().skipped = Some(reason.into());
        }
    }

    /// Counts a trial.
    pub(super) fn add(&mut self, kind: Kind, result: Result<(), Failure>) {
        let row = self.rows.entry(kind).or_default();
        row.trials += 1;
        if let Err(failure) = result {
            row.failures += 1;
            self.failures.push(failure);
        }
    }

    /// The number of trials.
    pub fn trials(&self) -> u64 {
        self.rows.values().map(|row| row.trials).sum()
    }

    /// One line with the counts of all kinds.
    pub fn summary(&self) -> String {
        format!("{} trials, {} failures", self.trials(), self.failures.len())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FAILED {} {}: {}: {}", self.kind, self.number, self.story, self.problem)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<14} {:>7} {:>9}", "kind", "trials", "failures")?;
        for (kind, row) in &self.rows {
            match &row.skipped {
                Some(reason) => writeln!(f, "{kind:<14} skipped, because {reason}")?,
                None => writeln!(f, "{kind:<14} {:>7} {:>9}", row.trials, row.failures)?,
            }
        }
        write!(f, "{}", self.summary())?;
        if !self.failures.is_empty() {
            write!(f, "\nto repeat a trial that failed:")?;
        }
        let mut failures: Vec<&Failure> = self.failures.iter().collect();
        failures.sort_by_key(|failure| (failure.kind, failure.number));
        for Failure { kind, number, .. } in failures {
            write!(f, "\n  cargo xtask faults --seed {} --only {kind} --trial {number}", self.seed)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_and_repeats() {
        let mut report = Report::new(7, &[Kind::Kill, Kind::Fault, Kind::Corrupt]);
        report.skip(
            &[Kind::Kill, Kind::Fault, Kind::Corrupt],
            &[Kind::Kill, Kind::Corrupt],
            "there is no cc",
        );
        report.add(Kind::Kill, Ok(()));
        let failure = Failure { kind: Kind::Corrupt, number: 3, story: "a".into(), problem: "b".into() };
        report.add(Kind::Corrupt, Err(failure));
        let text = report.to_string();
        for line in [
            "kill                 1         0",
            "fault          skipped, because there is no cc",
            "corrupt              1         1",
            "2 trials, 1 failures",
            "  cargo xtask faults --seed 7 --only corrupt --trial 3",
        ] {
            assert!(text.lines().any(|own| own == line), "{line} is not in\n{text}");
        }
        assert_eq!(report.failures[0].to_string(), "FAILED corrupt 3: a: b");
    }
}
