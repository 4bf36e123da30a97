//! Timing of several ways to compute the same, in turn.

/// The seconds for the timed runs of a race, without the preparation of its contenders.
const BUDGET: f64 = 0.6;

/// An earlier contender is preferred to one that is faster by less than this factor. Earlier ones are more exact or better known.
const MARGIN: f64 = 1.05;

/// A contender that is slower with one example by this factor does not take part.
const HOPELESS: f64 = 3.0;

/// The same for the first run, which also prepares memory and kernels.
const HOPELESS_AT_FIRST: f64 = 30.0;

/// A contender that is slower in the race by this factor runs only once.
const BEATEN: f64 = 1.5;

/// The rounds after which a race ends early.
const MOST_ROUNDS: usize = 9;

/// The result of a race.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Race {
    /// The number of examples in a run.
    pub(super) examples: usize,
    /// The median seconds of each contender; `None` for one that was left out because it is too slow.
    pub(super) seconds: Vec<Option<f64>>,
}

impl Race {
    /// Times `n` contenders with as many of `batch` examples as the budget allows. `run` runs a contender with a number of examples and
    /// returns its seconds. `None` if a single example takes too long.
    ///
    /// Each contender runs first without being timed. Then they run in turn, so that a change of the machine's speed affects all of them.
    ///
    /// # Errors
    /// Those of `run`.
    pub(super) fn of<E>(
        n: usize,
        batch: usize,
        mut run: impl FnMut(usize, usize) -> Result<f64, E>,
    ) -> Result<Option<Self>, E> {
        if run(0, 1)? > BUDGET {
            return Ok(None);
        }
        let first = run(0, 1)?;
        if first * 2.0 * n as f64 > 2.0 * BUDGET {
            return Ok(None);
        }
        let mut single = vec![first];
        for contender in 1..n {
            let cold = run(contender, 1)?;
            single.push(if cold > HOPELESS_AT_FIRST * first { cold } else { run(contender, 1)? });
        }
        let best = least(single.iter().copied());
        let running: Vec<usize> = (0..n).filter(|&own| single[own] <= HOPELESS * best).collect();
        let examples = affordable(running.len(), batch, best, |examples| run(running[0], examples))?;
        for &contender in &running {
            run(contender, examples)?;
        }
        let mut seconds = vec![Vec::new(); n];
        let mut spent = 0.0;
        for round in 0..MOST_ROUNDS {
            let best = least(running.iter().map(|&own| median(&seconds[own])));
            for &contender in &running {
                if round == 0 || median(&seconds[contender]) < BEATEN * best {
                    let taken = run(contender, examples)?;
                    seconds[contender].push(taken);
                    spent += taken;
                }
            }
            if spent >= BUDGET {
                break;
            }
        }
        let medians = seconds.iter().map(|own| (!own.is_empty()).then(|| median(own)));
        Ok(Some(Self { examples, seconds: medians.collect() }))
    }

    /// The first contender that is not slower than the fastest one by more than the margin.
    pub(super) fn winner(&self) -> usize {
        let best = least(self.seconds.iter().flatten().copied());
        self.seconds.iter().position(|own| own.is_some_and(|own| own <= MARGIN * best)).unwrap_or(0)
    }
}

/// The number of examples with which `n` contenders can run three times within the budget, given the seconds of a run with one example.
fn affordable<E>(
    n: usize,
    batch: usize,
    one: f64,
    mut run: impl FnMut(usize) -> Result<f64, E>,
) -> Result<usize, E> {
    let few = batch.min(8);
    // The time of one example is mostly that of the calls if the network is small.
    let each = if few > 1 && one * few as f64 <= BUDGET / 2.0 {
        run(few)?;
        run(few)? / few as f64
    } else {
        one
    };
    Ok(((BUDGET / (3.0 * n as f64 * each)) as usize).clamp(1, batch))
}

fn least(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::INFINITY, f64::min)
}

/// The median; 0 of no values.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::{BUDGET, MOST_ROUNDS, Race};
    use std::convert::Infallible;

    /// The race of contenders that take 1 ms for a call and the given seconds for an example, and the seconds of all runs. The first run
    /// of a contender takes five times as long.
    fn race(batch: usize, each: &[f64]) -> (Option<Race>, f64) {
        let (mut known, mut total) = (vec![false; each.len()], 0.0);
        let race = Race::of(each.len(), batch, |contender, examples| {
            let warm = 1e-3 + each[contender] * examples as f64;
            let taken = if std::mem::replace(&mut known[contender], true) { warm } else { 5.0 * warm };
            total += taken;
            Ok::<_, Infallible>(taken)
        });
        (race.unwrap(), total)
    }

    #[test]
    fn the_fastest_wins_and_the_first_run_does_not_count() {
        let (found, _) = race(64, &[2e-3, 1e-3, 2.2e-3]);
        let found = found.unwrap();
        assert_eq!(found.winner(), 1);
        let n = found.examples as f64;
        assert!((found.seconds[0].unwrap() - (1e-3 + 2e-3 * n)).abs() < 1e-12);
    }

    #[test]
    fn an_earlier_contender_wins_within_the_margin() {
        assert_eq!(race(64, &[1.04e-3, 1e-3, 1.2e-3]).0.unwrap().winner(), 0);
        assert_eq!(race(64, &[1.07e-3, 1e-3, 1.2e-3]).0.unwrap().winner(), 1);
        assert_eq!(race(64, &[2e-3, 1.03e-3, 1e-3]).0.unwrap().winner(), 1);
    }

    #[test]
    fn a_very_slow_contender_is_left_out() {
        let (found, total) = race(64, &[1e-3, 0.1, 0.5]);
        let found = found.unwrap();
        assert!(found.seconds[0].is_some() && found.seconds[1..] == [None, None]);
        assert!(total < 3.0 + 2.0 * BUDGET, "{total}");
    }

    #[test]
    fn as_many_examples_run_as_fit() {
        let examples = |batch, each: &[f64]| race(batch, each).0.map(|race| race.examples);
        assert_eq!(examples(16, &[1e-3, 1e-3]), Some(16));
        let n = examples(256, &[1e-3, 1e-3]).unwrap();
        assert!((80..=100).contains(&n), "{n}");
        assert_eq!(examples(16, &[0.1, 0.1]), Some(1));
        assert_eq!(examples(16, &[0.2; 4]), None);
        assert_eq!(examples(16, &[7.0, 0.1]), None);
    }

    #[test]
    fn the_time_is_bounded() {
        for each in [[1e-6; 4], [1e-4; 4], [3e-3; 4], [2e-2; 4]] {
            let (found, total) = race(64, &each);
            assert!(found.is_some());
            assert!(total < 4.0 * BUDGET, "{each:?}: {total}");
        }
        let mut runs = 0;
        let _ = Race::of(2, 1, |_, _| {
            runs += 1;
            Ok::<_, Infallible>(1e-9)
        });
        assert!(runs <= 8 + 2 * MOST_ROUNDS);
    }
}
