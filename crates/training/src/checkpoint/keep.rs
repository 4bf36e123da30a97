//! Which checkpoints may go.

use crate::TrainingConfig;

/// Which checkpoints stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// The newest so many.
    pub last: usize,
    /// Beside those, of the scheduled ones, the first at or after each multiple of this; 0 keeps none for that.
    pub every: u64,
    /// Checkpoints are scheduled every so many images …
    pub scheduled: u64,
    /// … at the end of a batch of so many.
    pub batch: u64,
}

impl Keep {
    /// What a training's configuration says.
    pub fn of(config: &TrainingConfig) -> Self {
        let report = &config.report;
        Self {
            last: report.keep_last,
            every: report.keep_every,
            scheduled: report.checkpoint,
            batch: config.batch as u64,
        }
    }

    /// Of checkpoints by images seen, those that may be removed. One that an interruption wrote between two scheduled ones
    /// is no milestone: an undisturbed run would not have it.
    pub fn stale(&self, images: &[u64]) -> Vec<u64> {
        let mut sorted = images.to_vec();
        sorted.sort_unstable();
        let crosses = |every: u64, before: u64, now: u64| every > 0 && now / every != before / every;
        let mut before = 0;
        let mut older = Vec::new();
        for (i, &at) in sorted.iter().enumerate() {
            let is_scheduled = crosses(self.scheduled, at.saturating_sub(self.batch), at);
            let is_milestone = is_scheduled && crosses(self.every, before, at);
            if is_scheduled {
                before = at;
            }
            if !is_milestone && i + self.last.max(1) < sorted.len() {
                older.push(at);
            }
        }
        older
    }
}

#[cfg(test)]
mod tests {
    use super::Keep;

    fn stale(images: &[u64], last: usize, every: u64) -> Vec<u64> {
        Keep { last, every, scheduled: 100, batch: 1 }.stale(images)
    }

    #[test]
    fn the_newest_and_the_milestones_stay() {
        let all = [100, 200, 300, 400, 500];
        assert_eq!(stale(&all, 1, 0), [100, 200, 300, 400]);
        assert_eq!(stale(&all, 2, 0), [100, 200, 300]);
        assert_eq!(stale(&all, 1, 200), [100, 300]);
        // The first at or after 250 is 300.
        assert_eq!(stale(&all, 1, 250), [100, 200, 400]);
        assert_eq!(stale(&all, 0, 0), [100, 200, 300, 400], "the newest is never removed");
        assert_eq!(stale(&[], 1, 10), [0u64; 0]);
    }

    #[test]
    fn what_an_interruption_wrote_is_no_milestone() {
        // Undisturbed, 300 is the first after 250; the run was ended at 260.
        assert_eq!(stale(&[100, 200, 260, 300, 400], 1, 250), [100, 200, 260]);
        assert_eq!(stale(&[100, 200, 260], 1, 250), [100, 200], "the newest stays all the same");
    }

    #[test]
    fn removing_step_by_step_keeps_the_same_milestones() {
        // As a run does it: after every write, the stale ones go.
        let keep = Keep { last: 2, every: 1000, scheduled: 64, batch: 64 };
        let mut kept: Vec<u64> = Vec::new();
        for at in (64..=6400).step_by(64) {
            kept.push(at);
            let gone = keep.stale(&kept);
            kept.retain(|at| !gone.contains(at));
        }
        let milestones: Vec<u64> = (1..=6).map(|k: u64| (k * 1000).next_multiple_of(64)).collect();
        for milestone in &milestones {
            assert!(kept.contains(milestone), "{kept:?}");
        }
        assert_eq!(kept.len(), milestones.len() + 2, "{kept:?}");
    }
}
