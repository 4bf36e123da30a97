//! Values that are known: printed in papers, or by limits.

use crate::close;
use tweedie_math::{DiscreteVp, Process, Schedule, Transition, VpSde};

/// ᾱ_{T/2} and ᾱ_T from 60-digit numbers (Python's `mpmath`).
#[test]
fn known_values() {
    let (beta_start, beta_end) = (1e-4, 0.02);
    let warm_up = |share| Schedule::WarmUp { beta_start, beta_end, share };
    for (schedule, steps, middle, last) in [
        (Schedule::LINEAR, 1000, 0.078_587_242_881_778_24, 4.035_829_765_375_683e-5),
        (
            Schedule::ScaledLinear { beta_start, beta_end },
            1000,
            0.078_587_242_881_778_24,
            4.035_829_765_375_683e-5,
        ),
        (
            Schedule::ScaledLinear { beta_start, beta_end },
            4000,
            0.078_944_873_324_599_89,
            4.246_652_275_802_231e-5,
        ),
        (Schedule::Quadratic { beta_start, beta_end }, 1000, 0.3331877673562998, 7.334_124_595_808_148e-4),
        (Schedule::Constant { beta: 0.01 }, 1000, 0.006_570_483_042_414_632, 4.317_124_741_065_824e-5),
        (warm_up(0.1), 1000, 1.1246315211238267e-4, 4.613_686_681_671_41e-9),
        (warm_up(0.5), 1000, 0.006_352_710_797_015_05, 2.6061351337022866e-7),
        (Schedule::Binomial {}, 1000, 0.5, 0.0),
        (Schedule::COSINE, 1000, 0.493_843_590_440_637_7, 2.4287669070344705e-9),
        (Schedule::COSINE, 4000, 0.493_843_590_440_637_7, 1.5179804688495645e-10),
        (Schedule::Sigmoid { beta_start, beta_end }, 1000, 0.301_931_056_602_195_1, 3.968_181_990_533_207e-5),
        (Schedule::SIGMOID_ALPHA_BAR, 1000, 0.5, 3.002_791_997_491_863e-7),
        (Schedule::SR3, 2000, 0.081_783_792_051_691_33, 4.3859782361332084e-5),
        (Schedule::ZeroTerminalSnr { of: Box::new(Schedule::LINEAR) }, 1000, 0.076_028_750_547_114_72, 0.0),
    ] {
        let process = DiscreteVp::new(&schedule, steps).unwrap();
        // Thousands of sums, each with half a rounding of |ln ᾱ|, which ends near 10 to 23; the cosine's last angles are some
        // roundings away from π/2 − π/(2T).
        close(process.alpha_bar(steps / 2), middle, 3e-12);
        close(process.alpha_bar(steps), last, 3e-12);
    }
    let linear = DiscreteVp::linear(1000, 1e-4, 0.02).unwrap();
    let posterior = Transition::between(linear.level(1), linear.level(2)).unwrap().posterior();
    close(posterior.variance, 5.45e-5, 1e-3);
}

/// The SNR that zero-terminal rescaling leaves before the last step is small but right: √ᾱ_{T−1} − √ᾱ_T would have lost four digits.
#[test]
fn rescaling_keeps_its_digits() {
    let process =
        DiscreteVp::new(&Schedule::ZeroTerminalSnr { of: Box::new(Schedule::LINEAR) }, 1000).unwrap();
    close(process.alpha_bar(999), 4.213_262_465_088_055e-9, 1e-13);
    close(process.beta(999), 0.752_267_231_150_469, 1e-13);
}

/// The cosine's small betas from 60-digit decimals (Python's `decimal`), of which 1 − f(t)/f(t − 1) in f64
/// keeps eleven digits; an angle that has a rounding moves them by some.
#[test]
fn the_cosines_small_betas_keep_their_digits() {
    for (steps, t, beta) in [
        (1000, 1, 4.1284224821777805e-5),
        (1000, 2, 4.614175273669451e-5),
        (4000, 1, 9.865818813591633e-6),
        (4000, 2, 1.0169414884318671e-5),
    ] {
        close(DiscreteVp::cosine(steps).unwrap().beta(t), beta, 1e-13);
    }
}

/// The scaled linear schedule tends to the VP-SDE at every share of the way, from below at the end, with an error that halves with the
/// step (Song et al. 2021, app. B).
#[test]
fn finer_scaled_schedules_tend_to_the_continuous_one() {
    let schedule = Schedule::ScaledLinear { beta_start: 0.1 / 1000.0, beta_end: 20.0 / 1000.0 };
    let error = |steps: usize, share: f64| {
        let t = (share * steps as f64).round();
        let limit = VpSde::USUAL.at_time(t / steps as f64).unwrap().signal_rate().powi(2);
        1.0 - DiscreteVp::new(&schedule, steps).unwrap().alpha_bar(t as usize) / limit
    };
    for steps in [1000, 2000, 4000] {
        for share in [0.25, 0.5, 1.0] {
            let ratio = error(steps, share) / error(2 * steps, share);
            assert!((1.9..2.1).contains(&ratio), "{steps} steps, {share}: ratio {ratio}");
        }
        assert!(error(steps, 1.0) > 0.0, "{steps} steps");
    }
}
