//! The trained times that a sub-sequence visits.

use crate::strategies::any_schedule;
use proptest::prelude::*;
use tweedie_math::subsequence::{karras, uniform_log_snr};
use tweedie_math::{DiscreteProcess, DiscreteVp, Error, RectifiedFlow, Spacing, Subsequence};

/// Any rule with numbers up to `most`. Not every process of `most` levels allows every rule.
pub fn any_subsequence(most: usize) -> impl Strategy<Value = Subsequence> {
    let n = 1..=most;
    let spacing = prop_oneof![
        Just(Spacing::Leading),
        Just(Spacing::Trailing),
        Just(Spacing::Linspace),
        Just(Spacing::Quadratic)
    ];
    prop_oneof![
        Just(Subsequence::All),
        (spacing, n.clone()).prop_map(|(spacing, n)| Subsequence::Spaced { spacing, n }),
        prop::collection::vec(0..=most, 1..4).prop_map(Subsequence::Sections),
        n.clone().prop_map(Subsequence::Strided),
        (n.clone(), 0.1..20.0).prop_map(|(n, rho)| Subsequence::Karras { n, rho }),
        n.clone().prop_map(|n| Subsequence::UniformLogSnr { n }),
        prop::collection::vec(n, 1..9).prop_map(Subsequence::Times),
    ]
}

/// The number of times of a rule, and whether it is exact or an upper bound.
fn number(rule: &Subsequence, last: usize) -> (usize, bool) {
    match rule {
        Subsequence::All => (last, true),
        Subsequence::Spaced { spacing, n } => (*n, *spacing != Spacing::Quadratic),
        Subsequence::Sections(counts) => (counts.iter().sum(), true),
        Subsequence::Strided(n) => (*n, true),
        Subsequence::Karras { n, .. } | Subsequence::UniformLogSnr { n } => (*n, false),
        Subsequence::Times(times) => (times.len(), false),
        _ => panic!("a rule without a number here"),
    }
}

proptest! {
    /// The times are descending, distinct and trained, and there are as many as requested. Rules with a number return an error only for
    /// an impossible number.
    #[test]
    fn times_descend_within_the_process(
        (schedule, steps) in any_schedule(), rule in any_subsequence(200),
    ) {
        let process = schedule.process(steps).unwrap();
        let (requested, exactly) = number(&rule, steps);
        match rule.times(&*process) {
            Ok(times) => {
                prop_assert!(times.windows(2).all(|pair| pair[0] > pair[1]), "{:?}", times);
                prop_assert!(times[0] <= steps && times[times.len() - 1] >= 1, "{:?}", times);
                prop_assert!(times.len() == requested || (!exactly && times.len() < requested), "{:?}", times);
            }
            Err(refusal) => match rule {
                Subsequence::All => prop_assert!(false, "{}", refusal),
                Subsequence::Spaced { n, .. } | Subsequence::Karras { n, .. } | Subsequence::UniformLogSnr { n } => {
                    prop_assert!(n > steps, "{}", refusal);
                }
                Subsequence::Times(times) => prop_assert!(times.iter().any(|time| *time > steps)),
                Subsequence::Strided(n) => {
                    // There, strides are below T: one of T, which gives the first time alone, is none.
                    prop_assert!((1..steps).all(|stride| steps.div_ceil(stride) != n), "{}", refusal);
                }
                Subsequence::Sections(counts) => {
                    let shortest = steps / counts.len();
                    let is_none = counts.iter().all(|count| *count == 0);
                    prop_assert!(is_none || counts.iter().any(|count| *count > shortest), "{}", refusal);
                }
                _ => panic!("a rule that is not known here"),
            },
        }
    }

    /// Rules of levels take the trained times nearest to them, both ends among them; pure noise stands beside them.
    #[test]
    fn level_rules_take_the_nearest_times((schedule, steps) in any_schedule(), share in 0.0..1.0, rho in 1.0..10.0) {
        let process = schedule.process(steps).unwrap();
        let with_signal = (1..=steps).rfind(|t| process.level(*t).signal_rate() > 0.0).unwrap_or(0);
        let beside = usize::from(with_signal < steps);
        let n = 1 + beside + (share * (steps - 1) as f64) as usize;
        if n > steps || with_signal == 0 {
            return Ok(());
        }
        let (noisiest, cleanest) = (process.level(with_signal), process.level(1));
        let all = [
            (Subsequence::Karras { n, rho }, karras(&*process, noisiest, cleanest, n - beside, rho)),
            (Subsequence::UniformLogSnr { n }, uniform_log_snr(&*process, noisiest, cleanest, n - beside)),
        ];
        for (rule, levels) in all {
            let times = rule.times(&*process).unwrap();
            let mut expected: Vec<usize> =
                levels.unwrap().iter().map(|level| (process.time_of(*level).round() as usize).max(1)).collect();
            expected.extend((beside == 1).then_some(steps));
            expected.sort_by(|a, b| b.cmp(a));
            expected.dedup();
            prop_assert_eq!(&times, &expected);
            prop_assert!(times[0] == steps && times.contains(&with_signal));
            prop_assert!(n - beside == 1 || times[times.len() - 1] == 1);
        }
    }

    /// One section is n times with both ends. A stride is the least that gives n times.
    #[test]
    fn sections_and_strides(steps in 2usize..2000, share in 0.0..1.0) {
        let process = DiscreteVp::cosine(steps).unwrap();
        let n = 2 + (share * (steps - 2) as f64) as usize;
        let section = Subsequence::Sections(vec![n]).times(&process).unwrap();
        prop_assert_eq!((section[0], section[n - 1]), (steps, 1));
        let even = (steps - 1) as f64 / (n - 1) as f64;
        for pair in section.windows(2) {
            prop_assert!(((pair[0] - pair[1]) as f64 - even).abs() <= 1.0, "{:?}", pair);
        }
        if let Ok(strided) = Subsequence::Strided(n).times(&process) {
            let stride = strided[0] - strided[1];
            prop_assert!(strided.windows(2).all(|pair| pair[0] - pair[1] == stride));
            prop_assert_eq!((strided.len(), strided[n - 1]), (n, 1));
            // Another step would leave the process; a shorter stride would give more.
            prop_assert!(strided[0] + stride > steps);
            prop_assert!(stride == 1 || steps.div_ceil(stride - 1) > n);
        }
    }
}

/// `(np.linspace(0, np.sqrt(T * 0.8), S)**2).astype(int)` of Song, Meng & Ermon's code, times that fall together once.
#[test]
fn quadratic_times_are_numpys() {
    let mut times = Spacing::Quadratic.times(1000, 20, 0).unwrap();
    times.reverse();
    let expected = [0, 2, 8, 19, 35, 55, 79, 108, 141, 179, 221, 268, 319, 374, 434, 498, 567, 640, 718, 800];
    assert_eq!(times, expected.map(|time| time + 1));
    let mut times = Spacing::Quadratic.times(50, 7, 0).unwrap();
    times.reverse();
    assert_eq!(times, [0, 1, 4, 10, 17, 27, 40].map(|time| time + 1));
    let times = Spacing::Quadratic.times(1000, 50, 0).unwrap();
    assert_eq!((times.len(), &times[45..], times[0]), (49, &[6, 3, 2, 1][..], 801));
    assert_eq!(Spacing::Quadratic.times(1000, 1, 0).unwrap(), [1]);
}

#[test]
fn what_a_process_does_not_have_is_refused_by_name() {
    let flow = RectifiedFlow::new(10, 1.0).unwrap();
    let cosine = DiscreteVp::cosine(10).unwrap();
    for process in [&flow as &dyn DiscreteProcess, &cosine] {
        let outside = |time: f64| Err(Error::Time { time, last: 10.0 });
        assert_eq!(Subsequence::Times(vec![3, 0]).times(process), outside(0.0));
        assert_eq!(Subsequence::Times(vec![11, 3]).times(process), outside(11.0));
        let spaced = |n| Subsequence::Spaced { spacing: Spacing::Trailing, n };
        for (rule, name, found) in [
            (Subsequence::Times(vec![]), "the number of times", 0.0),
            (spaced(0), "the number of steps", 0.0),
            (spaced(11), "the number of steps", 11.0),
            (Subsequence::Sections(vec![]), "the number of sections", 0.0),
            (Subsequence::Sections(vec![11]), "a section's count", 11.0),
            (Subsequence::Sections(vec![5, 6]), "a section's count", 6.0),
            (Subsequence::Sections(vec![0, 0]), "a section's count", 0.0),
            (Subsequence::Strided(0), "the number of strided steps", 0.0),
            (Subsequence::Strided(6), "the number of strided steps", 6.0),
            (Subsequence::Karras { n: 0, rho: 7.0 }, "the number of steps", 0.0),
            (Subsequence::Karras { n: 11, rho: 7.0 }, "the number of steps", 11.0),
            (Subsequence::Karras { n: 5, rho: -1.0 }, "rho", -1.0),
            (Subsequence::UniformLogSnr { n: 0 }, "the number of steps", 0.0),
            (Subsequence::UniformLogSnr { n: 11 }, "the number of steps", 11.0),
        ] {
            let refused = rule.times(process);
            let is_named = match &refused {
                Err(Error::Parameter { name: by, found: value, .. }) => *by == name && *value == found,
                Err(Error::Steps { found: n, .. }) => name == "the number of steps" && *n as f64 == found,
                _ => false,
            };
            assert!(is_named, "{rule}: {refused:?}");
        }
    }
}

/// A level without signal has no place among levels spread by their noise, and is visited first.
#[test]
fn pure_noise_is_visited_beside_the_levels() {
    let flow = RectifiedFlow::new(100, 1.0).unwrap();
    for rule in [Subsequence::Karras { n: 5, rho: 7.0 }, Subsequence::UniformLogSnr { n: 5 }] {
        let times = rule.times(&flow).unwrap();
        assert_eq!((times.len(), &times[..2], times[4]), (5, &[100, 99][..], 1), "{rule}");
    }
    let one = RectifiedFlow::new(1, 1.0).unwrap();
    assert_eq!(Subsequence::UniformLogSnr { n: 1 }.times(&one), Ok(vec![1]));
}
