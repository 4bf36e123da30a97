//! What was recorded, judged in f64; each tolerance is what f32 leaves of it.

use super::{ALL, PIXELS, Recording};
use crate::{close, within};
use tweedie_math::DiscreteVp;
use tweedie_math::bound::{bits_per_dimension, prior_term};

/// β, ᾱ, both coefficients of the posterior's mean and its log-variance, all clipped as there, at each of the 1,000 levels.
#[test]
fn tables_are_the_same() {
    for recording in ALL.into_iter().filter_map(Recording::read) {
        let process = DiscreteVp::linear(1000, 1e-4, 0.02).unwrap();
        let [betas, alpha_bars, c1, c2, small] =
            ["betas", "ac", "c1", "c2", "plvc"].map(|name| recording.numbers(name));
        for (i, step) in recording.steps.iter().enumerate() {
            close(process.beta(i + 1), betas[i], 1e-12);
            close(step.log_large.exp(), betas[i], 1e-12);
            close(process.alpha_bar(i + 1), alpha_bars[i], 1e-12);
            close(step.posterior.x0_coefficient, c1[i], 1e-12);
            close(step.posterior.xt_coefficient, c2[i], 1e-12);
            close(step.log_small, small[i], 1e-12);
        }
    }
}

/// L_{t−1} in bits per dimension, x̂_0 clamped. The terms of a divergence in f32, of size 1, have roundings of 6e-8 each; the means'
/// difference, some .01 between numbers of size 1, keeps five digits in a pixel and more in the mean of 192.
#[test]
fn divergences_are_the_same() {
    for recording in ALL.into_iter().filter_map(Recording::read) {
        recording.for_each(|case| {
            if case.t > 0 {
                within(case.term(true).0, case.bits, 3e-7 + 1e-5 * case.bits);
            }
        });
    }
}

/// L_0 in bits per dimension. A bin's probability p is a difference of two f32 near 1, so that ln p has an error of 1.2e-7/p. Most of
/// the error comes from a bin that is nearly impossible. In every case the term is off by less than 3e-4 of itself.
#[test]
fn decoder_terms_are_the_same() {
    for recording in ALL.into_iter().filter_map(Recording::read) {
        recording.for_each(|case| {
            if case.t == 0 {
                let (bits, doubt) = case.term(true);
                within(bits, case.bits, (1e-5 + doubt).min(3e-4 * bits));
            }
        });
    }
}

/// The mean squared error of ε. For the learned range, T/1000 of the bound's term is added, in bits and with the predicted x̂_0.
#[test]
fn losses_are_the_same() {
    for recording in ALL.into_iter().filter_map(Recording::read) {
        recording.for_each(|case| {
            let squared: f64 = case.pixels().map(|pixel| (pixel.noise - pixel.predicted).powi(2)).sum();
            let mse = squared / PIXELS as f64;
            // Errors of .1 and more, each with roundings of 1e-7.
            let mut allowed = 3e-7 * (0.1 + mse);
            let loss = if case.learns_variance() {
                let (bits, doubt) = case.term(false);
                allowed += 3e-7 + 1e-5 * bits + doubt;
                mse + bits
            } else {
                mse
            };
            within(loss, case.loss, allowed);
        });
    }
}

/// Means of numbers up to 4, which have roundings of 1.2e-7; log-variances near −10, whose f32 is half a unit of 9.5e-7 off, and
/// three times that where it was put together from two.
#[test]
fn means_and_log_variances_are_the_same() {
    for recording in ALL.into_iter().filter_map(Recording::read) {
        recording.for_each(|case| {
            let allowed = if case.learns_variance() { 1.5e-6 } else { 4.8e-7 };
            for (i, pixel) in case.pixels().enumerate() {
                let mean = case.step.posterior.mean(case.x0_hat(&pixel, true), pixel.xt);
                within(mean, case.mean[i], 4e-7);
                within(pixel.log_variance, case.log_variance[i], allowed);
            }
        });
    }
}

/// L_T in bits per dimension: e^(ln σ²) near 1 has a rounding of 3e-8 there, of which half enters, in bits.
#[test]
fn the_prior_is_the_same() {
    for recording in ALL.into_iter().filter_map(Recording::read) {
        let last = recording.steps[999].transition.to();
        let (x0, prior) = (recording.numbers("x0"), recording.numbers("prior"));
        for (image, prior) in x0.chunks_exact(PIXELS).zip(prior) {
            let nats = image.iter().map(|x0| prior_term(*x0, last, 1.0)).sum();
            within(bits_per_dimension(nats, PIXELS), prior, 2.2e-8);
        }
    }
}
