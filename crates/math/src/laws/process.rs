//! Laws of processes.

use super::{Broken, law};
use crate::{DiscreteVp, NoiseLevel, Process};

/// Every rate is finite and not negative, the signal rate is at most 1, and time 0 is clean data.
pub fn rates_are_in_range(process: &dyn Process, times: &[f64]) -> Result<(), Broken> {
    let law = law("rates are in range");
    let clean = law.at(&0.0).value(process.at_time(0.0))?;
    law.at(&"time 0").within(clean.signal_rate(), 1.0, 0.0)?;
    law.at(&"time 0").within(clean.noise_rate(), 0.0, 0.0)?;
    for time in times {
        let law = law.at(time);
        let level = law.value(process.at_time(*time))?;
        law.at_most(level.signal_rate(), 1.0)?;
        law.at_most(-level.signal_rate(), 0.0)?;
        law.at_most(-level.noise_rate(), 0.0)?;
        law.at_most(level.noise_rate(), f64::MAX)?;
    }
    Ok(())
}

/// Along ascending times, the signal rate does not increase, the noise rate does not decrease, and the log-SNR decreases.
pub fn noise_grows(process: &dyn Process, times: &[f64]) -> Result<(), Broken> {
    let law = law("noise grows with time");
    for pair in times.windows(2) {
        let law = law.at(&pair);
        let (before, after) = (law.value(process.at_time(pair[0]))?, law.value(process.at_time(pair[1]))?);
        law.at_most(after.signal_rate(), before.signal_rate())?;
        law.at_most(before.noise_rate(), after.noise_rate())?;
        if after.log_snr() >= before.log_snr() {
            law.within(after.log_snr(), f64::NEG_INFINITY, 0.0)?;
        }
    }
    Ok(())
}

/// signal² + noise² = 1.
pub fn variance_is_preserved(process: &dyn Process, times: &[f64]) -> Result<(), Broken> {
    for time in times {
        let law = law("variance is preserved");
        let law = law.at(time);
        let level = law.value(process.at_time(*time))?;
        let (s, n) = (level.signal_rate(), level.noise_rate());
        // Each of the two squares has a rounding error of its rate and one of the square.
        law.within(s * s + n * n, 1.0, 1e-15)?;
    }
    Ok(())
}

/// `at_time` inverts `time_of`, up to a few roundings of the level's log-SNR and of the time.
pub fn times_and_levels_invert(process: &dyn Process, times: &[f64]) -> Result<(), Broken> {
    let last = process.last_time();
    for time in times {
        let law = law("times and levels invert each other");
        let law = law.at(time);
        let level = law.value(process.at_time(*time))?;
        let again = law.value(process.at_time(process.time_of(level)))?;
        let beside = |by: f64| process.at_time((time * (1.0 + by)).clamp(0.0, last)).map(|it| it.log_snr());
        let (above, below) =
            (law.value(beside(4.0 * f64::EPSILON))?, law.value(beside(-4.0 * f64::EPSILON))?);
        // Next to pure noise or clean data, a rounding of the time may change the log-SNR by any amount.
        let steep = if above.is_finite() && below.is_finite() { below - above } else { f64::INFINITY };
        let allowed = 32.0 * f64::EPSILON * (2.0 + level.log_snr().abs()) + steep;
        law.within(again.log_snr(), level.log_snr(), allowed)?;
        // The time does not depend on the scale of x.
        let scaled = NoiseLevel::new(3.0 * level.signal_rate(), 3.0 * level.noise_rate());
        law.within(process.time_of(law.value(scaled)?), process.time_of(level), 1e-9 * last)?;
    }
    Ok(())
}

/// `at_log_snr` of a level's log-SNR is that level.
pub fn log_snr_names_levels(process: &dyn Process, times: &[f64]) -> Result<(), Broken> {
    for time in times {
        let law = law("a log-SNR names its level");
        let law = law.at(time);
        let level = law.value(process.at_time(*time))?;
        let again = law.value(process.at_log_snr(level.log_snr()))?;
        let relative = 4.0 * f64::EPSILON * (2.0 + level.log_snr().abs());
        let relative = if relative.is_finite() { relative } else { 0.0 };
        law.close(again.signal_rate(), level.signal_rate(), relative)?;
        law.close(again.noise_rate(), level.noise_rate(), relative)?;
    }
    Ok(())
}

/// A re-spaced process has the levels of the original at the kept times, and the α of its steps are the products of the original α.
pub fn respaced_agrees(process: &DiscreteVp, times: &[usize]) -> Result<(), Broken> {
    let law = law("a re-spaced process agrees at the kept levels");
    let mut kept = times.to_vec();
    kept.sort_unstable();
    let respaced = law.at(&times).value(process.respaced(times))?;
    law.at(&"T").within(respaced.steps() as f64, kept.len() as f64, 0.0)?;
    let mut before = 0;
    for (i, &time) in kept.iter().enumerate() {
        let law = law.at(&time);
        let (own, original) = (respaced.level(i + 1), process.level(time));
        law.within(own.signal_rate(), original.signal_rate(), 0.0)?;
        law.within(own.noise_rate(), original.noise_rate(), 0.0)?;
        let product: f64 = (before + 1..=time).map(|t| process.alpha(t)).product();
        // The logarithm of each factor is a difference of two sums, and has their rounding error.
        let size = if product > 0.0 { 2.0 + process.level(time).log_snr().abs() } else { 1.0 };
        law.within(respaced.alpha(i + 1), product, f64::EPSILON * size * (time - before + 1) as f64)?;
        before = time;
    }
    Ok(())
}
