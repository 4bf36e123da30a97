//! Levels spread by their noise.

use crate::strategies::{any_continuous, any_vp};
use crate::{close, within};
use proptest::prelude::*;
use tweedie_math::subsequence::{karras, uniform_log_snr};
use tweedie_math::{DiscreteVp, Edm, Error, MOST_LEVELS, NoiseLevel, Process};

/// Eq. 5 of Karras et al. 2022 with their constants, from 40-digit numbers (Python's `mpmath`).
#[test]
fn karras_levels_are_the_papers() {
    let edm = Edm::new(80.0).unwrap();
    let level = |sigma: f64| edm.at_time(sigma).unwrap();
    let found = karras(&edm, level(80.0), level(0.002), 18, 7.0).unwrap();
    let expected = [
        80.0,
        57.585_984_721_248_16,
        40.785_573_796_507_96,
        28.374584604156837,
        19.352_452_980_325_22,
        12.910082380757316,
        8.400_935_309_099_822,
        5.3151945217963789,
        3.256_821_519_765_538,
        1.9233398370400499,
        1.0881706365452794,
        0.5853481231945423,
        0.29644228447915726,
        0.13951646873101648,
        0.059_947_311_235_471_57,
        0.022934518372333368,
        0.007_528_019_962_784_071,
        0.002,
    ];
    assert_eq!(found.len(), expected.len());
    for (level, sigma) in found.iter().zip(expected) {
        assert_eq!(level.signal_rate(), 1.0);
        // A seventh power of a sum has seven of its roundings, and a logarithm and an exponential between them.
        close(level.sigma(), sigma, 1e-14);
    }
}

proptest! {
    /// In any process the roots σ^(1/ρ) are evenly spread between the given ends, and the levels are levels of the process.
    #[test]
    fn karras_levels_have_evenly_spread_roots(
        it in any_continuous(), ends in [0.05..0.95, 0.05..0.95], n in 2usize..40, rho in 0.5..10.0,
    ) {
        let process = &*it.process;
        let mut levels = ends.map(|share: f64| process.at_time(share * process.last_time()).unwrap());
        levels.sort_by(|a, b| a.log_snr().total_cmp(&b.log_snr()));
        let [noisiest, cleanest] = levels;
        let found = karras(process, noisiest, cleanest, n, rho).unwrap();
        prop_assert_eq!(found.len(), n);
        let root = |level: &NoiseLevel| level.sigma().powf(1.0 / rho);
        for (i, level) in found.iter().enumerate() {
            let share = i as f64 / (n - 1) as f64;
            let expected = root(&noisiest) + share * (root(&cleanest) - root(&noisiest));
            // A log-SNR has roundings of its size, and the sum those of its greatest term.
            let rounding = 1e-14 * (4.0 + level.log_snr().abs()) * (1.0 + 1.0 / rho);
            within(root(level), expected, rounding * expected + 1e-15 * root(&noisiest));
            close(process.at_log_snr(level.log_snr()).unwrap().noise_rate(), level.noise_rate(), 1e-12);
        }
        within(found[0].log_snr(), noisiest.log_snr(), 1e-13 * (1.0 + noisiest.log_snr().abs()));
        within(found[n - 1].log_snr(), cleanest.log_snr(), 1e-13 * (1.0 + cleanest.log_snr().abs()));
    }

    /// The log-SNR rises evenly (Lu et al. 2022).
    #[test]
    fn log_snr_levels_are_evenly_spread(process in any_vp(), n in 2usize..40) {
        let with_signal = (1..=process.steps()).rfind(|t| process.level(*t).signal_rate() > 0.0);
        let Some(with_signal) = with_signal else { return Ok(()) };
        let (noisiest, cleanest) = (process.level(with_signal), process.level(1));
        let found = uniform_log_snr(&process, noisiest, cleanest, n).unwrap();
        prop_assert_eq!(found.len(), n);
        let size = 1.0 + noisiest.log_snr().abs() + cleanest.log_snr().abs();
        for (i, level) in found.iter().enumerate() {
            let share = i as f64 / (n - 1) as f64;
            let expected = noisiest.log_snr() + share * (cleanest.log_snr() - noisiest.log_snr());
            within(level.log_snr(), expected, 1e-15 * size);
        }
    }
}

#[test]
fn one_level_is_the_noisiest() {
    let process = DiscreteVp::cosine(100).unwrap();
    let (noisiest, cleanest) = (process.level(90), process.level(3));
    for found in
        [karras(&process, noisiest, cleanest, 1, 7.0), uniform_log_snr(&process, noisiest, cleanest, 1)]
    {
        let [level] = found.unwrap()[..] else { panic!("not one level") };
        within(level.log_snr(), noisiest.log_snr(), 1e-14 * noisiest.log_snr().abs());
    }
}

#[test]
fn levels_that_cannot_be_spread_are_refused() {
    let process = DiscreteVp::linear(100, 1e-3, 0.1).unwrap();
    let (noisiest, cleanest) = (process.level(100), process.level(1));
    let none = karras(&process, noisiest, cleanest, 0, 7.0);
    assert!(matches!(none, Err(Error::Parameter { name: "the number of steps", .. })), "{none:?}");
    for n in [MOST_LEVELS + 1, usize::MAX] {
        for refused in
            [karras(&process, noisiest, cleanest, n, 7.0), uniform_log_snr(&process, noisiest, cleanest, n)]
        {
            assert!(matches!(refused, Err(Error::Parameter { name: "the number of steps", .. })), "{n}");
        }
    }
    for rho in [0.0, -1.0, 1e308, 1e-300, f64::NAN, f64::INFINITY] {
        let refused = karras(&process, noisiest, cleanest, 5, rho);
        assert!(matches!(refused, Err(Error::Parameter { name: "rho", .. })), "{rho}: {refused:?}");
    }
    let pure = NoiseLevel::new(0.0, 1.0).unwrap();
    for (from, to) in [(pure, cleanest), (noisiest, NoiseLevel::CLEAN)] {
        for refused in [karras(&process, from, to, 5, 7.0), uniform_log_snr(&process, from, to, 5)] {
            assert!(matches!(refused, Err(Error::Singular { .. })), "{refused:?}");
        }
    }
    // Noisier than the process ever is.
    let beyond = NoiseLevel::variance_preserving(noisiest.log_snr() - 1.0).unwrap();
    let refused = uniform_log_snr(&process, beyond, cleanest, 5);
    assert!(matches!(refused, Err(Error::LogSnr { .. })), "{refused:?}");
}
