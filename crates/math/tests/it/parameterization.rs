//! What a network's output means: readings invert targets, and errors change units as predicted.

use crate::{close, level, within};
use proptest::prelude::*;
use tweedie_math::{Error, NoiseLevel, Parameterization, Reading, Target};

use Parameterization::{Epsilon, V, Velocity, X0};

const ALL: [Parameterization; 4] = [Epsilon, X0, V, Velocity];

/// Rates of any process, unrelated to each other.
fn rates() -> impl Strategy<Value = NoiseLevel> {
    (-6.0..3.0, -6.0..3.0).prop_map(|(s, n): (f64, f64)| NoiseLevel::new(s.exp(), n.exp()).unwrap())
}

/// x_0 and ε as read from x and an output.
fn read(reading: Reading, x: f64, out: f64) -> [f64; 2] {
    [reading.x0_from_x * x + reading.x0_from_out * out, reading.eps_from_x * x + reading.eps_from_out * out]
}

proptest! {
    /// Put in x = s·x_0 + n·ε and the target, and (x_0, ε) come out: two 2×2 matrices are inverses.
    #[test]
    fn readings_invert_targets(level in rates()) {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        for output in ALL {
            let Target { from_x0, from_eps } = output.target(level);
            let reading = output.reading(level).unwrap();
            let columns = [read(reading, s, from_x0), read(reading, n, from_eps)];
            // Each entry is a sum of two terms, of which the greater sets the rounding.
            let scale = |row: [f64; 2]| 4.0 * f64::EPSILON
                * (1.0 + (row[0] * s.max(n)).abs() + (row[1] * from_x0.abs().max(from_eps.abs())).abs());
            let scales = [
                scale([reading.x0_from_x, reading.x0_from_out]),
                scale([reading.eps_from_x, reading.eps_from_out]),
            ];
            for (i, column) in columns.into_iter().enumerate() {
                for (j, entry) in column.into_iter().enumerate() {
                    within(entry, if i == j { 1.0 } else { 0.0 }, scales[j]);
                }
            }
        }
    }

    /// Perturb the output by δ, read, and say the result in the measured units: it moves by √weight·δ.
    #[test]
    fn weights_are_how_errors_change_units(level in rates(), x0 in -1.0..1.0, eps in -2.0..2.0) {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let x = s * x0 + n * eps;
        for output in ALL {
            let Target { from_x0, from_eps } = output.target(level);
            let reading = output.reading(level).unwrap();
            for measured in ALL {
                let said = |delta: f64| {
                    let [x0, eps] = read(reading, x, from_x0 * x0 + from_eps * eps + delta);
                    let Target { from_x0, from_eps } = measured.target(level);
                    from_x0 * x0 + from_eps * eps
                };
                let weight = output.loss_weight(measured, level).unwrap();
                // The map is linear, so δ = 1 is exact but for the roundings of numbers below e^9·(1 + e^3).
                within((said(1.0) - said(0.0)).abs(), weight.sqrt(), 1e-10 * (1.0 + weight.sqrt()));
            }
        }
    }

    /// There and back again is 1, and a detour costs nothing.
    #[test]
    fn weights_compose(level in rates()) {
        for a in ALL {
            prop_assert_eq!(a.loss_weight(a, level), Ok(1.0));
            for b in ALL {
                let there = a.loss_weight(b, level).unwrap();
                close(there * b.loss_weight(a, level).unwrap(), 1.0, 1e-13);
                for c in ALL {
                    let on = b.loss_weight(c, level).unwrap();
                    close(there * on, a.loss_weight(c, level).unwrap(), 1e-13);
                }
            }
        }
    }

    /// The weights that papers print, with SNR = s²/n².
    #[test]
    fn weights_of_the_papers(log_snr in -12.0..12.0, other in rates()) {
        let vp = level(log_snr, 1.0);
        let snr = log_snr.exp();
        close(X0.loss_weight(Epsilon, vp).unwrap(), snr, 1e-13);
        close(X0.loss_weight(V, vp).unwrap(), 1.0 + snr, 1e-13);
        close(Epsilon.loss_weight(V, vp).unwrap(), 1.0 + 1.0 / snr, 1e-13);
        let (s, n) = (other.signal_rate(), other.noise_rate());
        close(X0.loss_weight(Velocity, other).unwrap(), ((s + n) / n).powi(2), 1e-13);
        close(Epsilon.loss_weight(Velocity, other).unwrap(), ((s + n) / s).powi(2), 1e-13);
    }

    /// In a variance-preserving process (x, v) is (x_0, ε) turned by an angle: the reading is the turn back.
    #[test]
    fn v_is_a_rotation(log_snr in -12.0..12.0) {
        let level = level(log_snr, 1.0);
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let reading = V.reading(level).unwrap();
        close(reading.x0_from_x, s, 1e-15);
        close(reading.x0_from_out, -n, 1e-15);
        close(reading.eps_from_x, n, 1e-15);
        close(reading.eps_from_out, s, 1e-15);
    }

    /// Only a division by zero is refused: x_0 from ε without signal, ε from x_0 without noise.
    #[test]
    fn singular_exactly_where_documented(rate in 0.1..10.0) {
        let (pure, clean) = (NoiseLevel::new(0.0, rate).unwrap(), NoiseLevel::new(rate, 0.0).unwrap());
        for (level, refusing) in [(pure, Epsilon), (clean, X0)] {
            let rates = (level.signal_rate(), level.noise_rate());
            for output in ALL {
                if output == refusing {
                    let refusals = [output.reading(level).err(), output.loss_weight(V, level).err()];
                    for refusal in refusals {
                        let Some(Error::Singular { signal, noise, .. }) = refusal else {
                            panic!("{output:?} at {level:?}: {refusal:?}")
                        };
                        prop_assert_eq!((signal, noise), rates);
                    }
                    prop_assert_eq!(output.loss_weight(output, level), Ok(1.0));
                } else {
                    let Reading { x0_from_x, x0_from_out, eps_from_x, eps_from_out } =
                        output.reading(level).unwrap();
                    let sum = x0_from_x + x0_from_out + eps_from_x + eps_from_out;
                    prop_assert!(sum.is_finite(), "{output:?} at {level:?}");
                }
            }
        }
    }
}

/// Configurations are written by these names: a change of them breaks checkpoints.
#[test]
fn names_are_kept() {
    let json = serde_json::to_string(&ALL).unwrap();
    assert_eq!(json, r#"["epsilon","x0","v","velocity"]"#);
    assert_eq!(serde_json::from_str::<[Parameterization; 4]>(&json).unwrap(), ALL);
}
