//! The visited times: those of `diffusers`, and what holds for any number of them.

use proptest::prelude::*;
use tweedie_math::{Error, Spacing};

use Spacing::{Leading, Linspace, Quadratic, Trailing};

fn ends(times: &[usize]) -> (usize, usize) {
    (times[0], times[times.len() - 1])
}

/// `diffusers` 0.42.1 with T = 1000, whose timesteps are 0-based.
#[test]
fn times_of_diffusers() {
    let first = |n: usize| Leading.times(1000, n, 0).unwrap()[0];
    assert_eq!((first(50), first(30), first(7), first(300)), (981, 958, 853, 898));
    let recorded: Vec<usize> = (0..50).rev().map(|i| 20 * i + 1).collect();
    assert_eq!(Leading.times(1000, 50, 0).unwrap(), recorded);
    assert_eq!(Trailing.times(1000, 50, 0).unwrap()[..3], [1000, 980, 960]);
    // round(1000 − i·142.857…).
    assert_eq!(Trailing.times(1000, 7, 0).unwrap(), [1000, 857, 714, 571, 429, 286, 143]);
    // round(i·111), exactly.
    let linspace = [1000, 889, 778, 667, 556, 445, 334, 223, 112, 1];
    assert_eq!(Linspace.times(1000, 10, 0).unwrap(), linspace);
    // Halves are rounded to even, as NumPy does: 0, 4.5, 9 and 9, 4.5.
    assert_eq!(Linspace.times(10, 3, 0).unwrap(), [10, 5, 1]);
    assert_eq!(Trailing.times(9, 2, 0).unwrap(), [9, 4]);
    assert_eq!(Linspace.times(1000, 1, 0).unwrap(), [1]);
    assert_eq!(Leading.times(1000, 1, 0).unwrap(), [1]);
    assert_eq!(Trailing.times(1000, 1, 0).unwrap(), [1000]);
}

proptest! {
    /// n descending trained times, with the first and last time of the spacing.
    #[test]
    fn times_descend_within_the_process(last in 1usize..2000, share in 0.0..1.0) {
        let n = 1 + ((last - 1) as f64 * share) as usize;
        for spacing in [Leading, Trailing, Linspace, Quadratic] {
            let times = spacing.times(last, n, 0).unwrap();
            prop_assert!(times.len() == n || (spacing == Quadratic && times.len() < n));
            prop_assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "{:?}: {:?}", spacing, times);
            prop_assert!(times[0] <= last && times[times.len() - 1] >= 1);
            match spacing {
                Leading => prop_assert_eq!(ends(&times), ((n - 1) * (last / n) + 1, 1)),
                Trailing => prop_assert_eq!(times[0], last),
                Linspace if n > 1 => prop_assert_eq!(ends(&times), (last, 1)),
                // √(.8·T) squared may round to the whole number below.
                Quadratic if n > 1 => {
                    let far = 1 + 4 * last / 5;
                    prop_assert!(times[0] == far || (last % 5 == 0 && times[0] == far - 1), "{times:?}");
                    prop_assert_eq!(times[times.len() - 1], 1);
                }
                Linspace | Quadratic => prop_assert_eq!(&times, &[1]),
            }
        }
    }

    #[test]
    fn all_times_are_all_times(last in 1usize..500) {
        let all: Vec<usize> = (1..=last).rev().collect();
        for spacing in [Leading, Trailing, Linspace] {
            prop_assert_eq!(spacing.times(last, last, 0), Ok(all.clone()));
        }
    }

    /// An offset moves leading times alone, and not past the last trained one.
    #[test]
    fn an_offset_moves_leading_times(last in 2usize..500, share in 0.0..1.0, offset in 0usize..20) {
        let n = 1 + ((last - 1) as f64 * share) as usize;
        let plain = Leading.times(last, n, 0).unwrap();
        match Leading.times(last, n, offset) {
            Ok(moved) => {
                prop_assert!(moved[0] <= last);
                let by_hand: Vec<usize> = plain.iter().map(|time| time + offset).collect();
                prop_assert_eq!(moved, by_hand);
            }
            Err(error) => {
                prop_assert!(plain[0] + offset > last);
                let is_named = matches!(error, Error::Parameter { name: "steps_offset", found, .. }
                    if found == offset as f64);
                prop_assert!(is_named, "{:?}", error);
            }
        }
        prop_assert_eq!(Trailing.times(last, n, offset), Trailing.times(last, n, 0));
        prop_assert_eq!(Linspace.times(last, n, offset), Linspace.times(last, n, 0));
        prop_assert_eq!(Quadratic.times(last, n, offset), Quadratic.times(last, n, 0));
    }
}

#[test]
fn too_few_or_too_many_times_are_refused() {
    for (last, n) in [(10, 0), (10, 11), (0, 0), (0, 1)] {
        for spacing in [Leading, Trailing, Linspace, Quadratic] {
            let refused = spacing.times(last, n, 0);
            let is_named =
                matches!(&refused, Err(Error::Steps { found, trained }) if (*found, *trained) == (n, last));
            assert!(is_named, "{n} of {last}: {refused:?}");
        }
    }
}

/// Configurations are written by the names of `diffusers`, which has no quadratic spacing.
#[test]
fn names_are_those_of_diffusers() {
    let all = [Leading, Trailing, Linspace, Quadratic];
    let json = serde_json::to_string(&all).unwrap();
    assert_eq!(json, r#"["leading","trailing","linspace","quadratic"]"#);
    assert_eq!(serde_json::from_str::<[Spacing; 4]>(&json).unwrap(), all);
}

/// An offset so great that the sum would wrap around is an error as any other that leaves the trained times.
#[test]
fn an_offset_beyond_the_process_is_refused() {
    for offset in [1000, usize::MAX] {
        let refused = Leading.times(1000, 50, offset);
        assert!(matches!(refused, Err(Error::Parameter { name: "steps_offset", .. })), "{refused:?}");
        assert!(Trailing.times(1000, 50, offset).is_ok());
    }
}
