//! What a network's output means: errors change units as predicted, and the outputs that papers print.

use crate::{close, level, within};
use proptest::prelude::*;
use tweedie_math::{Error, NoiseLevel, Parameterization, Reading, Target, Transition};

use Parameterization::{Edm, Epsilon, PosteriorMean, Score, V, Velocity, X0};

const ALL: [Parameterization; 7] = [Epsilon, X0, V, Velocity, Score, PosteriorMean, Edm { sigma_data: 0.5 }];

/// Rates of any process, unrelated to each other, and a level that is cleaner by .1 or more in log-SNR.
fn rates() -> impl Strategy<Value = (NoiseLevel, Option<NoiseLevel>)> {
    (-6.0..3.0, -6.0..3.0, 0.1..3.0, 0.2..5.0).prop_map(|(s, n, gap, size): (f64, f64, f64, f64)| {
        let noisy = NoiseLevel::new(s.exp(), n.exp()).unwrap();
        (noisy, Some(level(noisy.log_snr() + gap, size)))
    })
}

/// x_0 and ε as read from x and an output.
fn read(reading: Reading, x: f64, out: f64) -> [f64; 2] {
    [reading.x0_from_x * x + reading.x0_from_out * out, reading.eps_from_x * x + reading.eps_from_out * out]
}

proptest! {
    /// A change of the output by δ changes the measured quantity by √weight·δ.
    #[test]
    fn weights_are_how_errors_change_units((level, before) in rates(), x0 in -1.0..1.0, eps in -2.0..2.0) {
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let x = s * x0 + n * eps;
        for output in ALL {
            let Target { from_x0, from_eps } = output.target(level, before).unwrap();
            let reading = output.reading(level, before).unwrap();
            for measured in ALL {
                let changed = |delta: f64| {
                    let [x0, eps] = read(reading, x, from_x0 * x0 + from_eps * eps + delta);
                    let Target { from_x0, from_eps } = measured.target(level, before).unwrap();
                    from_x0 * x0 + from_eps * eps
                };
                let weight = output.loss_weight(measured, level, before).unwrap();
                // The map is linear, so δ = 1 is exact but for the roundings of numbers of at most some 10⁶: x is
                // below 60, x_0 from a posterior mean has about 100 times the error, and a score is up to e^6 times ε.
                within((changed(1.0) - changed(0.0)).abs(), weight.sqrt(), 1e-9 * (1.0 + weight.sqrt()));
            }
        }
    }

    /// There and back again is 1, and a detour costs nothing.
    #[test]
    fn weights_compose((level, before) in rates()) {
        for a in ALL {
            prop_assert_eq!(a.loss_weight(a, level, before), Ok(1.0));
            for b in ALL {
                let there = a.loss_weight(b, level, before).unwrap();
                close(there * b.loss_weight(a, level, before).unwrap(), 1.0, 1e-13);
                for c in ALL {
                    let on = b.loss_weight(c, level, before).unwrap();
                    close(there * on, a.loss_weight(c, level, before).unwrap(), 1e-13);
                }
            }
        }
    }

    /// The weights that papers print, with SNR = s²/n².
    #[test]
    fn weights_of_the_papers(log_snr in -12.0..12.0, sigma_data in 0.1..2.0, (other, before) in rates()) {
        let vp = level(log_snr, 1.0);
        let snr = log_snr.exp();
        close(X0.loss_weight(Epsilon, vp, None).unwrap(), snr, 1e-13);
        close(X0.loss_weight(V, vp, None).unwrap(), 1.0 + snr, 1e-13);
        close(Epsilon.loss_weight(V, vp, None).unwrap(), 1.0 + 1.0 / snr, 1e-13);
        let (s, n) = (other.signal_rate(), other.noise_rate());
        close(X0.loss_weight(Velocity, other, None).unwrap(), ((s + n) / n).powi(2), 1e-13);
        close(Epsilon.loss_weight(Velocity, other, None).unwrap(), ((s + n) / s).powi(2), 1e-13);
        // Denoising score matching weighs by σ² (Song & Ermon 2019); Karras et al.'s λ(σ) is that of F.
        close(Score.loss_weight(Epsilon, other, None).unwrap(), n * n, 1e-13);
        let (sigma2, data2) = (other.sigma().powi(2), sigma_data * sigma_data);
        let lambda = (sigma2 + data2) / (sigma2 * data2);
        close(X0.loss_weight(Edm { sigma_data }, other, None).unwrap(), lambda, 1e-13);
        // The means of two posteriors differ by c₁ times what their x_0 do (Ho et al. 2020, eq. 8).
        let c1 = Transition::between(before.unwrap(), other).unwrap().posterior().x0_coefficient;
        close(X0.loss_weight(PosteriorMean, other, before).unwrap(), c1 * c1, 1e-12);
    }

    /// x̂_0 = c_skip·x̃ + c_out·F with the four coefficients of Karras et al.'s table 1, in x̃ = x/s and σ = n/s.
    #[test]
    fn edm_is_the_papers((level, _) in rates(), sigma_data in 0.1..2.0) {
        let (s, sigma) = (level.signal_rate(), level.sigma());
        let total2 = sigma * sigma + sigma_data * sigma_data;
        let edm = Edm { sigma_data };
        let reading = edm.reading(level, None).unwrap();
        close(reading.x0_from_x, sigma_data * sigma_data / total2 / s, 1e-14);
        close(reading.x0_from_out, sigma * sigma_data / total2.sqrt(), 1e-14);
        close(edm.input_scale(level), 1.0 / total2.sqrt() / s, 1e-14);
        for output in ALL {
            prop_assert_eq!(output.input_scale(level) == 1.0, !matches!(output, Edm { .. }), "{:?}", output);
        }
        // Its input and its target both have variance 1 where the data has σ_data².
        let (n, Target { from_x0, from_eps }) = (level.noise_rate(), edm.target(level, None).unwrap());
        let variance = (s * sigma_data).powi(2) + n * n;
        close(variance * edm.input_scale(level).powi(2), 1.0, 1e-14);
        close((from_x0 * sigma_data).powi(2) + from_eps * from_eps, 1.0, 1e-14);
    }

    /// The target of a posterior mean is μ̃(x_t, x_0); from clean data it is x_0 itself.
    #[test]
    fn a_posterior_mean_is_the_papers((level, before) in rates(), x0 in -1.0..1.0, eps in -2.0..2.0) {
        let posterior = Transition::between(before.unwrap(), level).unwrap().posterior();
        let Target { from_x0, from_eps } = PosteriorMean.target(level, before).unwrap();
        let x = level.signal_rate() * x0 + level.noise_rate() * eps;
        let size = posterior.x0_coefficient + posterior.xt_coefficient * (level.signal_rate() + level.noise_rate());
        within(from_x0 * x0 + from_eps * eps, posterior.mean(x0, x), 1e-15 * 8.0 * size);
        let of_first = PosteriorMean.target(level, Some(NoiseLevel::CLEAN)).unwrap();
        prop_assert_eq!(of_first, X0.target(level, None).unwrap());
        prop_assert_eq!(PosteriorMean.target(level, None), Err(Error::NoPrevious));
        prop_assert_eq!(PosteriorMean.reading(level, None), Err(Error::NoPrevious));
    }

    /// In a variance-preserving process (x, v) is (x_0, ε) turned by an angle: the reading is the turn back.
    #[test]
    fn v_is_a_rotation(log_snr in -12.0..12.0) {
        let level = level(log_snr, 1.0);
        let (s, n) = (level.signal_rate(), level.noise_rate());
        let reading = V.reading(level, None).unwrap();
        close(reading.x0_from_x, s, 1e-15);
        close(reading.x0_from_out, -n, 1e-15);
        close(reading.eps_from_x, n, 1e-15);
        close(reading.eps_from_out, s, 1e-15);
    }

    /// Only a division by zero is refused: x_0 from ε or the score without signal, ε from x_0 or a posterior mean
    /// without noise.
    #[test]
    fn singular_exactly_where_documented(rate in 0.1..10.0) {
        let (pure, clean) = (NoiseLevel::new(0.0, rate).unwrap(), NoiseLevel::new(rate, 0.0).unwrap());
        let before = Some(NoiseLevel::CLEAN);
        for (level, refusing) in [(pure, [Epsilon, Score]), (clean, [X0, PosteriorMean])] {
            let rates = (level.signal_rate(), level.noise_rate());
            for output in ALL {
                if refusing.contains(&output) {
                    let refusals = [output.reading(level, before).err(), output.loss_weight(V, level, before).err()];
                    for refusal in refusals {
                        let Some(Error::Singular { signal, noise, .. }) = refusal else {
                            panic!("{output:?} at {level:?}: {refusal:?}")
                        };
                        prop_assert_eq!((signal, noise), rates);
                    }
                    prop_assert_eq!(output.loss_weight(output, level, before), Ok(1.0));
                } else {
                    let Reading { x0_from_x, x0_from_out, eps_from_x, eps_from_out } =
                        output.reading(level, before).unwrap();
                    let sum = x0_from_x + x0_from_out + eps_from_x + eps_from_out;
                    prop_assert!(sum.is_finite(), "{output:?} at {level:?}");
                }
            }
        }
        // The score of clean data is that of a point.
        let of_clean = matches!(Score.target(clean, None), Err(Error::Singular { .. }));
        prop_assert!(of_clean);
    }
}

#[test]
fn a_bad_sigma_data_is_refused_by_name() {
    for sigma_data in [0.0, -0.5, f64::NAN, f64::INFINITY] {
        let refused = Edm { sigma_data }.check();
        assert!(matches!(refused, Err(Error::Parameter { name: "sigma_data", .. })), "{refused:?}");
    }
    for output in ALL {
        assert_eq!(output.check(), Ok(()));
    }
}

/// Configurations are written by these names: a change of them breaks checkpoints.
#[test]
fn names_are_kept() {
    let json = serde_json::to_string(&ALL).unwrap();
    let names = r#"["epsilon","x0","v","velocity","score","posterior_mean",{"edm":{"sigma_data":0.5}}]"#;
    assert_eq!(json, names);
    assert_eq!(serde_json::from_str::<[Parameterization; 7]>(&json).unwrap(), ALL);
}
