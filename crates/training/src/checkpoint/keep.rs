//! The rule that decides which checkpoints are removed.

use super::ResumeState;
use crate::run::failed;
use crate::{Error, TrainingConfig};
use std::path::Path;

/// The checkpoints that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// The number of newest checkpoints to keep.
    pub last: usize,
    /// In addition, the first checkpoint at or after each multiple of this number of images is kept; 0 turns this off.
    pub every: u64,
}

impl Keep {
    /// The rule of a training configuration.
    pub fn of(config: &TrainingConfig) -> Self {
        Self { last: config.report.keep_last, every: config.report.keep_every }
    }

    /// The checkpoints that may be removed. Each checkpoint is given by its images seen and by whether it was scheduled.
    ///
    /// A checkpoint written because of an interruption is kept while it is the newest. It does not count towards `last` or `every`,
    /// because an uninterrupted run would not have it.
    pub fn stale(self, checkpoints: &[(u64, bool)]) -> Vec<u64> {
        let mut sorted = checkpoints.to_vec();
        sorted.sort_unstable();
        let n_scheduled = sorted.iter().filter(|(_, scheduled)| *scheduled).count();
        let (mut before, mut seen) = (0, 0);
        let mut older = Vec::new();
        for (i, &(at, scheduled)) in sorted.iter().enumerate() {
            let is_newest = i + 1 == sorted.len();
            let is_milestone = scheduled && self.every > 0 && at / self.every != before / self.every;
            if scheduled {
                (before, seen) = (at, seen + 1);
            }
            let is_among_the_last = scheduled && n_scheduled - seen < self.last;
            if !(is_newest || is_milestone || is_among_the_last) {
                older.push(at);
            }
        }
        older
    }
}

/// Removes the checkpoints in a folder that are not kept.
///
/// # Errors
/// [`Error::Run`] if a checkpoint cannot be removed.
pub(crate) fn remove_stale_ones(folder: &Path, keep: Keep) -> Result<(), Error> {
    let found = crate::checkpoints_in(folder)?;
    // A checkpoint whose state cannot be read may be half removed. It counts as scheduled, so that its number decides.
    let scheduled = |path: &Path| ResumeState::read(path).map_or(true, |state| state.scheduled);
    let known: Vec<(u64, bool)> = found.iter().map(|(images, path)| (*images, scheduled(path))).collect();
    for images in keep.stale(&known) {
        for (_, path) in found.iter().filter(|(at, _)| *at == images) {
            std::fs::remove_dir_all(path).map_err(failed("cannot remove", path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Keep;

    fn stale(images: &[u64], last: usize, every: u64) -> Vec<u64> {
        let scheduled: Vec<(u64, bool)> = images.iter().map(|at| (*at, at % 100 == 0)).collect();
        Keep { last, every }.stale(&scheduled)
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
    fn what_an_interruption_wrote_counts_for_nothing() {
        // In an uninterrupted run, 300 is the first checkpoint after 250; this run was stopped at 260.
        assert_eq!(stale(&[100, 200, 260, 300, 400], 1, 250), [100, 200, 260]);
        assert_eq!(
            stale(&[100, 200, 260], 1, 250),
            [100],
            "the newest stays, and 200 is the last of the others"
        );
        assert_eq!(stale(&[100, 200, 260, 300], 2, 0), [100, 260]);
    }

    #[test]
    fn removing_step_by_step_keeps_the_same_milestones() {
        // As in a run, stale checkpoints are removed after every write.
        let keep = Keep { last: 2, every: 1000 };
        let mut kept: Vec<(u64, bool)> = Vec::new();
        for at in (64..=6400).step_by(64) {
            kept.push((at, true));
            let gone = keep.stale(&kept);
            kept.retain(|(at, _)| !gone.contains(at));
        }
        let milestones: Vec<u64> = (1..=6).map(|k: u64| (k * 1000).next_multiple_of(64)).collect();
        for milestone in &milestones {
            assert!(kept.contains(&(*milestone, true)), "{kept:?}");
        }
        assert_eq!(kept.len(), milestones.len() + 2, "{kept:?}");
    }
}
