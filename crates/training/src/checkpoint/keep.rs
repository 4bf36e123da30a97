//! Which checkpoints may go.

/// Of checkpoints by images seen, those that may be removed: all but the newest `last` and every one that lies at, or is
/// the first after, a multiple of `every` (0: none is kept for that).
pub fn stale(images: &[u64], last: usize, every: u64) -> Vec<u64> {
    let mut sorted = images.to_vec();
    sorted.sort_unstable();
    let mut before = 0;
    let mut older = Vec::new();
    for (i, &at) in sorted.iter().enumerate() {
        let is_milestone = every > 0 && at / every != before / every;
        before = at;
        if !is_milestone && i + last.max(1) < sorted.len() {
            older.push(at);
        }
    }
    older
}

#[cfg(test)]
mod tests {
    use super::stale;

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
    fn removing_step_by_step_keeps_the_same_milestones() {
        // As a run does it: after every write, the stale ones go.
        let mut kept: Vec<u64> = Vec::new();
        for at in (64..=6400).step_by(64) {
            kept.push(at);
            let gone = stale(&kept, 2, 1000);
            kept.retain(|at| !gone.contains(at));
        }
        let milestones: Vec<u64> = (1..=6).map(|k: u64| (k * 1000).next_multiple_of(64)).collect();
        for milestone in &milestones {
            assert!(kept.contains(milestone), "{kept:?}");
        }
        assert_eq!(kept.len(), milestones.len() + 2, "{kept:?}");
    }
}
