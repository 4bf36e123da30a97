//! Laws of processes.

use super::{Broken, law};
use crate::{DiscreteVp, NoiseLevel, Process};

/// Every rate is finite and not negative, the signal at most 1, and time 0 is clean data.
pub fn rates_are_in_range(process: &dyn Process, times: &[f64]) -> Result<(), Broken> {
    let law = law("rates are in range");
    let clean = law.at(&0.0).ask(process.at_time(0.0))?;
    law.at(&"time 0").within(clean.signal_rate(), 1.0, 0.0)?;
    law.at(&"time 0").within(clean.noise_rate(), 0.0, 0.0)?;
    for time in times {
        let law = law.at(time);
        let level = law.ask(process.at_time(*time))?;
        law.at_most(level.signal_rate(), 1.0)?;
        law.at_most(-level.signal_rate(), 0.0)?;
        law.at_most(-level.noise_rate(), 0.0)?;
        law.at_most(level.noise_rate(), f64::MAX)?;
    }
    Ok(())
}

/// Along ascending times the signal never grows, the noise never shrinks, and the log-SNR falls.
pub fn noise_grows(process: &dyn Process, times: &[f64]) -> Result<(), Broken> {
    let law = law("noise grows with time");
    for pair in times.windows(2) {
        let law = law.at(&pair);
        let (before, after) = (law.ask(process.at_time(pair[0]))?, law.ask(process.at_time(pair[1]))?);
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
        let level = law.ask(process.at_time(*time))?;
        let (s, n) = (level.signal_rate(), level.noise_rate());
        // Two squares, each with a rounding of its rate and of itself.
        law.within(s * s + n * n, 1.0, 1e-15)?;
    }
    Ok(())
}

/// The level of a level's time is the level, within what some roundings of its log-SNR, and of the time itself, can differ.
pub fn times_and_levels_invert(process: &dyn Process, times: &[f64]) -> Result<(), Broken> {
    let last = process.last_time();
    for time in times {
        let law = law("times and levels invert each other");
        let law = law.at(time);
        let level = law.ask(process.at_time(*time))?;
        let again = law.ask(process.at_time(process.time_of(level)))?;
        let beside = |by: f64| process.at_time((time * (1.0 + by)).clamp(0.0, last)).map(|it| it.log_snr());
        let (above, below) = (law.ask(beside(4.0 * f64::EPSILON))?, law.ask(beside(-4.0 * f64::EPSILON))?);
        // Beside pure noise, or clean data, a rounding of the time is worth any log-SNR.
        let steep = if above.is_finite() && below.is_finite() { below - above } else { f64::INFINITY };
        let allowed = 32.0 * f64::EPSILON * (2.0 + level.log_snr().abs()) + steep;
        law.within(again.log_snr(), level.log_snr(), allowed)?;
        // The same of x in other units.
        let scaled = NoiseLevel::new(3.0 * level.signal_rate(), 3.0 * level.noise_rate());
        law.within(process.time_of(law.ask(scaled)?), process.time_of(level), 1e-9 * last)?;
    }
    Ok(())
}

/// The level of a level's log-SNR is that level, whatever x is multiplied by.
pub fn log_snr_names_levels(process: &dyn Process, times: &[f64]) -> Result<(), Broken> {
    for time in times {
        let law = law("a log-SNR names its level");
        let law = law.at(time);
        let level = law.ask(process.at_time(*time))?;
        let again = law.ask(process.at_log_snr(level.log_snr()))?;
        let relative = 4.0 * f64::EPSILON * (2.0 + level.log_snr().abs());
        let relative = if relative.is_finite() { relative } else { 0.0 };
        law.close(again.signal_rate(), level.signal_rate(), relative)?;
        law.close(again.noise_rate(), level.noise_rate(), relative)?;
    }
    Ok(())
}

/// A process that visits some times only has, at those, the levels it had, and steps whose β are those of the jumps.
pub fn respaced_agrees(process: &DiscreteVp, times: &[usize]) -> Result<(), Broken> {
    let law = law("a re-spaced process agrees at the kept levels");
    let mut kept = times.to_vec();
    kept.sort_unstable();
    let respaced = law.at(&times).ask(process.respaced(times))?;
    law.at(&"T").within(respaced.steps() as f64, kept.len() as f64, 0.0)?;
    let mut before = 0;
    for (i, &time) in kept.iter().enumerate() {
        let law = law.at(&time);
        let (own, original) = (respaced.level(i + 1), process.level(time));
        law.within(own.signal_rate(), original.signal_rate(), 0.0)?;
        law.within(own.noise_rate(), original.noise_rate(), 0.0)?;
        let product: f64 = (before + 1..=time).map(|t| process.alpha(t)).product();
        // Each factor comes with a rounding of the sums that its logarithm is the difference of.
        let size = if product > 0.0 { 2.0 + process.level(time).log_snr().abs() } else { 1.0 };
        law.within(respaced.alpha(i + 1), product, f64::EPSILON * size * (time - before + 1) as f64)?;
        before = time;
    }
    Ok(())
}
