//! Paths that start or end exactly at a given level.

use crate::{level, path};
use proptest::prelude::*;
use tweedie_math::NoiseLevel;
use tweedie_samplers::{Error, Path};

/// Levels from noise to data, at least .01 apart in log-SNR, and clean data.
fn descending() -> impl Strategy<Value = Path> {
    prop::collection::btree_set(-800i32..800, 2..8)
        .prop_map(|hundredths| path(&hundredths.iter().map(|&h| f64::from(h) / 100.0).collect::<Vec<_>>()))
}

fn log_snrs(path: &Path) -> Vec<f64> {
    path.levels().iter().map(NoiseLevel::log_snr).collect()
}

proptest! {
    /// The parts end and start exactly at the level, descend all the way, and one after the other visit the levels of the whole and it.
    #[test]
    fn two_parts_are_the_whole(whole in descending(), share in 0.0..1.0) {
        let levels = whole.levels();
        let (first, last) = (levels[0].log_snr(), levels[levels.len() - 2].log_snr());
        // Half between two levels as a rule, and never one of them.
        let at = level(first + 0.005 + share * (last + 1.0 - first));
        prop_assume!(levels.iter().all(|level| (level.log_snr() - at.log_snr()).abs() > 1e-9));
        let (before, after) = (whole.ending_at(at).unwrap(), whole.starting_at(at).unwrap());
        prop_assert_eq!((before.first(), *before.levels().last().unwrap()), (whole.first(), at));
        prop_assert_eq!((after.first(), *after.levels().last().unwrap()), (at, NoiseLevel::CLEAN));
        for part in [&before, &after] {
            prop_assert!(log_snrs(part).windows(2).all(|pair| pair[0] < pair[1]));
        }
        let joined = [before.levels(), &after.levels()[1..]].concat();
        let mut expected = levels.to_vec();
        let place = levels.iter().position(|level| level.log_snr() > at.log_snr()).unwrap();
        expected.insert(place, at);
        prop_assert_eq!(joined, expected);
    }

    /// A level of the path that the given one differs from by rounding is replaced by it: no level is visited twice.
    #[test]
    fn a_level_of_the_path_is_replaced(whole in descending(), place in 1usize..7, off in -0.9e-9..0.9e-9) {
        let levels = whole.levels();
        let place = place.min(levels.len() - 2);
        let at = level(levels[place].log_snr() + off);
        let (before, after) = (whole.ending_at(at).unwrap(), whole.starting_at(at).unwrap());
        let mut expected = levels.to_vec();
        expected[place] = at;
        prop_assert_eq!(before.levels(), &expected[..=place]);
        prop_assert_eq!(after.levels(), &expected[place..]);
    }

    /// At its own ends a path is whole.
    #[test]
    fn ends_of_a_path(whole in descending()) {
        prop_assert_eq!(&whole.starting_at(whole.first()).unwrap(), &whole);
        prop_assert_eq!(&whole.ending_at(NoiseLevel::CLEAN).unwrap(), &whole);
    }

    /// A path that climbs is cut where it first is as clean as the level.
    #[test]
    fn climbing_paths_are_cut_once(log_snrs in crate::any_log_snrs(), log_snr in -8.0..8.0) {
        let (whole, at) = (path(&log_snrs), level(log_snr));
        prop_assume!(log_snrs.iter().all(|other| (other - log_snr).abs() > 1e-9));
        match (whole.ending_at(at), whole.starting_at(at)) {
            (Ok(before), Ok(after)) => {
                let joined = [before.levels(), &after.levels()[1..]].concat();
                let without: Vec<_> = joined.into_iter().filter(|level| *level != at).collect();
                prop_assert_eq!(without, whole.levels());
                let n = before.n_steps();
                prop_assert!(before.levels()[..n].iter().all(|level| level.log_snr() < log_snr));
            }
            (before, after) => {
                prop_assert!(whole.first().log_snr() > log_snr, "{before:?} {after:?}");
            }
        }
    }
}

/// Levels outside the path, and parts without a step, are refused with their numbers.
#[test]
fn parts_that_do_not_exist() {
    let whole = Path::new(vec![level(-2.0), level(0.0), level(3.0)]).unwrap();
    let pure = NoiseLevel::new(0.0, 1.0).unwrap();
    let sentence = |refused: Result<Path, Error>| {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, Error::Path(_)), "{refused:?}");
        refused.to_string()
    };
    let cases = [
        (whole.starting_at(level(3.0)), "no level follows the log-SNR 3"),
        (whole.ending_at(level(-2.0)), "no level precedes the log-SNR -2"),
        (whole.starting_at(level(-2.5)), "it does not reach the log-SNR -2.5: its first level has -2"),
        (whole.ending_at(level(-2.5)), "it does not reach the log-SNR -2.5: its first level has -2"),
        (whole.starting_at(level(3.5)), "it does not reach the log-SNR 3.5: its cleanest level has 3"),
        (whole.ending_at(NoiseLevel::CLEAN), "it does not reach the log-SNR inf: its cleanest level has 3"),
        (whole.starting_at(pure), "it does not reach the log-SNR -inf: its first level has -2"),
    ];
    for (refused, expected) in cases {
        let found = sentence(refused);
        assert!(found.ends_with(expected), "{found}");
    }
    // Pure noise is a level as any other.
    let from_pure = Path::new(vec![pure, level(0.0)]).unwrap();
    assert_eq!(from_pure.starting_at(pure).unwrap(), from_pure);
}
