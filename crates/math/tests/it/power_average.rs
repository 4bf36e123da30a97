//! Power-function averages: their width, their update, and putting one together from others.

use proptest::prelude::*;
use tweedie_math::power_average::{Snapshot, WIDEST, combination, gamma_of, kept, std_of};

proptest! {
    #[test]
    fn width_and_exponent_are_inverse(std in 0.001f64..WIDEST) {
        prop_assert!((std_of(gamma_of(std).unwrap()) - std).abs() < 1e-12);
    }

    #[test]
    fn the_update_weighs_time_by_its_power(gamma in 0.0f64..20.0) {
        // Averaging the function τ itself: ∫ τ·τ^γ / ∫ τ^γ = t·(γ + 1)/(γ + 2) in the limit of small steps.
        let n = 4000;
        let mut average = 0.0;
        for i in 1..=n {
            let share = kept(gamma, f64::from(i), 1.0);
            average = share * average + (1.0 - share) * f64::from(i);
        }
        let exact = f64::from(n) * (gamma + 1.0) / (gamma + 2.0);
        prop_assert!((average / exact - 1.0).abs() < 2.0 * (gamma + 1.0) / f64::from(n), "{average} {exact}");
    }

    #[test]
    fn a_stored_average_is_found_again(which in 0usize..8) {
        let stored = snapshots(4);
        let weights = combination(&stored, stored[which]).unwrap();
        for (i, weight) in weights.iter().enumerate() {
            prop_assert!((weight - f64::from(u8::from(i == which))).abs() < 1e-6, "{weights:?}");
        }
    }

    #[test]
    fn another_length_is_approached_and_weights_add_up_to_one(std in 0.06f64..0.14) {
        // The average of the function τ at another width, from the exact averages of the stored widths.
        let stored = snapshots(16);
        let target = Snapshot { time: 1.0, gamma: gamma_of(std).unwrap() };
        let weights = combination(&stored, target).unwrap();
        let exact = |it: &Snapshot| it.time * (it.gamma + 1.0) / (it.gamma + 2.0);
        let found: f64 = weights.iter().zip(&stored).map(|(weight, it)| weight * exact(it)).sum();
        prop_assert!((weights.iter().sum::<f64>() - 1.0).abs() < 2e-3);
        prop_assert!((found - exact(&target)).abs() < 2e-3, "{found} {}", exact(&target));
    }
}

/// Two widths at `n` times up to 1.
fn snapshots(n: usize) -> Vec<Snapshot> {
    let widths = [gamma_of(0.05).unwrap(), gamma_of(0.1).unwrap()];
    (1..=n).flat_map(|i| widths.map(|gamma| Snapshot { time: i as f64 / n as f64, gamma })).collect()
}

#[test]
fn what_has_no_answer_is_refused() {
    for std in [0.0, -0.1, 0.3, f64::NAN] {
        assert!(gamma_of(std).is_err(), "{std}");
    }
    assert!(combination(&[], Snapshot { time: 1.0, gamma: 6.9 }).is_err());
    // The paper's figures for its two stored widths, to two digits: γ = 16.97 and 6.94.
    assert!((gamma_of(0.05).unwrap() - 16.97).abs() < 0.01 && (gamma_of(0.10).unwrap() - 6.94).abs() < 0.01);
}
