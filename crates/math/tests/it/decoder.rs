//! The likelihood of a pixel: bins that share out all probability, tails to all digits, and the limits of a fine grid.

use crate::{close, within};
use proptest::prelude::*;
use tweedie_math::decoder::{
    Grid, NormalCdf, continuous_log_likelihood, discretised_log_likelihood, log_normal_between,
};

/// The values of a grid.
fn values(grid: Grid) -> impl Iterator<Item = f64> {
    (0..grid.n).map(move |i| grid.low + (grid.high - grid.low) * f64::from(i) / f64::from(grid.n - 1))
}

proptest! {
    /// The 256 bins share out all probability, wherever the mean is and however wide it is spread; so do those of other grids.
    #[test]
    fn bins_share_out_all_probability(mean in -3.0..3.0, log_std in -9.0..4.0f64, n in 2u32..300, low in -5.0..5.0, size in 0.1..9.0) {
        for grid in [Grid::BYTES, Grid { low, high: low + size, n }] {
            let probability = |x: f64| discretised_log_likelihood(x, mean, 2.0 * log_std, grid, NormalCdf::Exact).exp();
            // A logarithm l has a rounding of itself, and l·e^l is below 1. Neighbours' common edge is a rounding of its place
            // off for either: that much of the density at each, which adds up to σ over a bin's width of them or to one.
            let place = f64::EPSILON * (3.0 + low.abs() + size);
            let edges = place * ((-log_std).exp() + 0.5 / grid.half_width());
            within(values(grid).map(probability).sum(), 1.0, 1e-14 + edges);
        }
    }

    /// The mirror image is as likely, and the whole is its parts.
    #[test]
    fn intervals_mirror_and_add_up(a in -30.0..30.0, first in 1e-3..5.0, second in 1e-3..5.0) {
        let (b, c) = (a + first, a + first + second);
        prop_assert_eq!(log_normal_between(a, b), log_normal_between(-b, -a));
        let (whole, parts) = (log_normal_between(a, c), [log_normal_between(a, b), log_normal_between(b, c)]);
        let most = parts[0].max(parts[1]);
        let sum = most + parts.iter().map(|part| (part - most).exp()).sum::<f64>().ln();
        // Logarithms down to −600 have roundings of 1e-13; where the whole is nearly everything, 1e-16 is what is left of it.
        within(whole, sum, 1e-15 * (4.0 + whole.abs()) + 1e-13 * most.abs().min(1.0));
    }

    /// OpenAI's tanh is off by at most 1.8e-4 in each distribution function (at z = 2.59), and never below 1e-12.
    #[test]
    fn tanh_is_nearly_exact(mean in -3.0..3.0, log_std in -9.0..4.0, byte in 0u32..256) {
        let x = f64::from(byte) / 127.5 - 1.0;
        let [exact, tanh] = [NormalCdf::Exact, NormalCdf::Tanh]
            .map(|cdf| discretised_log_likelihood(x, mean, 2.0 * log_std, Grid::BYTES, cdf));
        within(tanh.exp(), exact.exp(), 2.0 * 1.79e-4);
        prop_assert!(tanh >= f64::ln(1e-12));
    }

    /// −½·(ln 2π + ln σ² + (x − μ)²/σ²).
    #[test]
    fn a_density_is_the_gaussian(x in -2.0..2.0, mean in -2.0..2.0, log_std in -1.5..3.0f64) {
        let found = continuous_log_likelihood(x, mean, 2.0 * log_std);
        let expected = crate::density(x, mean, (2.0 * log_std).exp()).ln();
        // Up to 170 nats.
        within(found, expected, 1e-14 * (4.0 + found.abs()));
    }

    /// As the grid gets finer a bin's probability over its width tends to the density, with an error that falls with the width's square.
    #[test]
    fn a_fine_grid_tends_to_the_density(x in 0.3..0.7, score in 0.0..3.0, log_std in -2.5..0.5f64) {
        let mean = x - score * log_std.exp();
        let error = |n: u32| {
            let grid = Grid { low: 0.0, high: 1.0, n };
            let log = discretised_log_likelihood(x, mean, 2.0 * log_std, grid, NormalCdf::Exact);
            log - (2.0 * grid.half_width()).ln() - continuous_log_likelihood(x, mean, 2.0 * log_std)
        };
        // ln of the mean of the density over the bin: h²·(z² − 1)/6 in the bin's half-width h in standard deviations.
        for n in [65, 257, 1025] {
            let h = 0.5 / f64::from(n - 1) / log_std.exp();
            // A bin's edges have roundings of 1e-16 over its width.
            within(error(n), h * h * (score * score - 1.0) / 6.0, h.powi(4) * 9.0 + 2e-15 / h);
        }
    }
}

/// From 80-digit numbers (Python's `mpmath`), around where the asymptotic series takes over and far beyond.
#[test]
fn tails_keep_their_digits() {
    for (a, b, expected) in [
        (-1.0, 1.0, -0.381_715_146_302_126_05),
        (-0.5, 2.0, -0.402_401_312_338_575_1),
        (-1e-9, 1e-9, -20.949_057_189_591_137),
        (0.0, f64::INFINITY, -std::f64::consts::LN_2),
        (0.0, 0.125, -3.000_981_530_224_186),
        (1.0, 1.5, -2.387_619_668_823_935),
        (3.0, f64::INFINITY, -6.607_726_221_510_349),
        (5.0, 5.25, -15.373_295_898_665_702),
        (8.0, 9.0, -35.013_618_593_437_15),
        (19.5, 20.5, -194.016_965_779_458_6),
        (19.9375, f64::INFINITY, -202.665_994_108_357_1),
        (20.0, f64::INFINITY, -203.917_155_371_097_27),
        (20.0625, f64::INFINITY, -205.172_213_261_676_35),
        (25.0, 25.0625, -316.873_463_804_185_7),
        (40.0, f64::INFINITY, -804.608_442_013_753_8),
        (100.0, 100.5, -5_005.524_208_694_205),
        (1e4, f64::INFINITY, -50_000_010.129_278_91),
        (1e4, 10001.0, -50_000_010.129_278_91),
    ] {
        close(log_normal_between(a, b), expected, 1e-14);
        close(log_normal_between(-b, -a), expected, 1e-14);
    }
}

/// Where both ends are nearly the same, from 80-digit numbers: a thousandth of a millionth of a standard deviation is a bin too.
#[test]
fn narrow_intervals_keep_their_digits() {
    for (a, exponent, expected) in [
        (0.0, 20, -14.781_882_144_403_731),
        (0.25, 20, -14.813_132_263_613_017),
        (1.0, 20, -15.281_882_621_240_85),
        (1.0, 40, -29.144_825_755_602_94),
        (3.0, 30, -26.213_353_951_400_016),
        (10.0, 30, -71.713_353_954_659_64),
        (20.0, 30, -221.713_353_959_316_27),
        (30.0, 40, -478.644_825_755_616_1),
        (100.0, 30, -5_021.713_353_996_569),
    ] {
        let b = a + 0.5f64.powi(exponent);
        close(log_normal_between(a, b), expected, 1e-14);
        close(log_normal_between(-b, -a), expected, 1e-14);
    }
}

/// All of it is everything, nothing is −∞, and what is nearly everything falls short of it by both tails.
#[test]
fn limits_of_intervals() {
    assert_eq!(log_normal_between(f64::NEG_INFINITY, f64::INFINITY), 0.0);
    assert_eq!(log_normal_between(f64::NEG_INFINITY, 0.0), -core::f64::consts::LN_2);
    assert_eq!(log_normal_between(f64::INFINITY, f64::INFINITY), f64::NEG_INFINITY);
    for z in [-3.0, 0.0, 1.0, 30.0] {
        assert_eq!(log_normal_between(z, z), f64::NEG_INFINITY);
    }
    within(log_normal_between(-6.0, 40.0), -9.865_876_455_243_758e-10, 2e-16);
}

/// A spread far beyond the grid leaves all to the outermost bins; hardly any leaves all to the mean's own bin, or to the nearest.
#[test]
fn limits_of_the_spread() {
    let log = |x: f64, mean: f64, std: f64| {
        discretised_log_likelihood(x, mean, 2.0 * std.ln(), Grid::BYTES, NormalCdf::Exact)
    };
    for x in [-1.0, 1.0] {
        // Short of a half by the density over the 127 bins between.
        close(log(x, 0.0, 1e9).exp(), 0.5, 1e-9);
    }
    for byte in 0..256 {
        let x = f64::from(byte) / 127.5 - 1.0;
        assert_eq!(log(x, x + 0.003, 1e-6), 0.0);
        // Half-way to the next value each has a half.
        if byte < 255 {
            within(log(x, x + Grid::BYTES.half_width(), 1e-6).exp(), 0.5, 1e-9);
        }
    }
    assert_eq!((log(-1.0, -7.0, 0.1), log(1.0, 7.0, 0.1)), (0.0, 0.0));
    // Far from everything the term is finite, and grows with the square of the distance.
    let far = log(1.0, -1.0, 1e-3);
    within(far, -0.5 * (2.0 - Grid::BYTES.half_width()).powi(2) * 1e6, 10.0);
}

/// Bytes in [−1, 1] lie 1/127.5 apart; a value that is not one of the grid belongs to the outermost bin when it is nearest to that.
#[test]
fn the_outermost_bins_reach_to_infinity() {
    assert_eq!(Grid::BYTES.half_width(), 1.0 / 255.0);
    let log = |x: f64| discretised_log_likelihood(x, 0.9, 0.0, Grid::BYTES, NormalCdf::Exact);
    // Φ(z) of what lies below the bin's upper edge, and above its lower one.
    within(log(-1.0).exp(), 0.5 * libm::erfc((1.9 - 1.0 / 255.0) / core::f64::consts::SQRT_2), 1e-15);
    within(log(1.0).exp(), 0.5 * libm::erfc((0.1 - 1.0 / 255.0) / core::f64::consts::SQRT_2), 1e-15);
    assert!(log(1.0 - 0.9 / 255.0) > -2.0 && log(1.0 - 1.1 / 255.0) < -4.0);
    assert!(log(-1.0 + 0.9 / 255.0) > -4.0 && log(-1.0 + 1.1 / 255.0) < -6.0);
}

#[test]
fn names_are_kept() {
    let json = serde_json::to_string(&[NormalCdf::Exact, NormalCdf::Tanh]).unwrap();
    assert_eq!(json, r#"["exact","tanh"]"#);
    assert_eq!(NormalCdf::default(), NormalCdf::Exact);
}
