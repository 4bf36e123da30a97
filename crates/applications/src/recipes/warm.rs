//! The duration of a step after the warm-up.

/// The time for the measured steps, in seconds.
const BUDGET: f64 = 3.0;

/// The least number of measured steps. They may exceed the budget.
const FEWEST: usize = 3;

/// The greatest number of measured steps.
const MOST: usize = 100;

/// The median duration of warm steps, in seconds. `step` makes a step and returns its duration.
///
/// The first step is not counted, because it prepares kernels, threads and memory for its batch size. Then steps are made until they took
/// three seconds, at least 3 and at most 100.
///
/// # Errors
/// Those of `step`.
pub(super) fn warm_seconds<E>(mut step: impl FnMut() -> Result<f64, E>) -> Result<f64, E> {
    step()?;
    let mut durations = Vec::new();
    while durations.len() < FEWEST || (durations.len() < MOST && durations.iter().sum::<f64>() < BUDGET) {
        durations.push(step()?);
    }
    durations.sort_by(f64::total_cmp);
    Ok(durations[durations.len() / 2])
}

#[cfg(test)]
mod tests {
    use super::{BUDGET, FEWEST, MOST, warm_seconds};

    /// The median of steps of the given durations, the last of which is repeated, and their number.
    fn measured(durations: &[f64]) -> (f64, usize) {
        let mut made = 0;
        let step = || {
            made += 1;
            Ok::<_, ()>(durations[(made - 1).min(durations.len() - 1)])
        };
        (warm_seconds(step).unwrap(), made)
    }

    #[test]
    fn a_cold_step_and_an_interruption_do_not_count() {
        assert_eq!(measured(&[1.6, 0.5]), (0.5, 1 + (BUDGET / 0.5) as usize));
        assert_eq!(measured(&[1.6, 0.5, 0.5, 9.0, 0.5]).0, 0.5);
    }

    #[test]
    fn its_time_is_bounded() {
        assert_eq!(measured(&[7.0]), (7.0, 1 + FEWEST));
        assert_eq!(measured(&[1e-4]), (1e-4, 1 + MOST));
    }

    #[test]
    fn an_error_ends_it() {
        assert_eq!(warm_seconds(|| Err::<f64, _>("broken")), Err("broken"));
    }
}
