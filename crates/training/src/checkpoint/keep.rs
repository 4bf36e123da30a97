//! Which checkpoints may go.

use super::ResumeState;
use crate::run::failed;
use crate::{Error, TrainingConfig};
use std::path::Path;

/// Which checkpoints stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// The newest so many.
    pub last: usize,
    /// Beside those the first at or after each multiple of so many images; 0 keeps none for that.
    pub every: u64,
}

impl Keep {
    /// What a training's configuration says.
    pub fn of(config: &TrainingConfig) -> Self {
        Self { last: config.report.keep_last, every: config.report.keep_every }
    }

    /// Of checkpoints by images seen, and whether each was scheduled, those that may be removed. One that an interruption
    /// wrote stays while it is the newest and is counted for nothing: an undisturbed run would not have it.
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

/// Removes the checkpoints in a folder that may go.
///
/// # Errors
/// [`Error::Run`] for one that cannot be removed.
pub(crate) fn remove_stale_ones(folder: &Path, keep: Keep) -> Result<(), Error> {
    let found = crate::checkpoints_in(folder)?;
    // One whose state cannot be read is taken for scheduled: half removed, it goes by its number.
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
        // Undisturbed, 300 is the first after 250; the run was ended at 260.
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
        // As a run does it: after every write, the stale ones go.
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
