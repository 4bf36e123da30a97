//! Laws of network outputs.

use super::{Broken, law};
use crate::{NoiseLevel, Parameterization, Reading, Target, Weighting};

/// x_0 and ε computed from x and an output.
fn read(reading: Reading, x: f64, out: f64) -> [f64; 2] {
    [reading.x0_from_x * x + reading.x0_from_out * out, reading.eps_from_x * x + reading.eps_from_out * out]
}

/// The sizes of the terms of x_0 and ε, which determine their rounding errors.
fn size(reading: Reading, x: f64, out: f64) -> [f64; 2] {
    [
        (reading.x0_from_x * x).abs() + (reading.x0_from_out * out).abs(),
        (reading.eps_from_x * x).abs() + (reading.eps_from_out * out).abs(),
    ]
}

/// The reading of x = s·x_0 + n·ε and the target is (x_0, ε).
pub fn readings_invert_targets(
    output: Parameterization,
    level: NoiseLevel,
    trained_previous: Option<NoiseLevel>,
    x0: f64,
    eps: f64,
) -> Result<(), Broken> {
    let law = law("a reading inverts its target");
    let place = (output, level);
    let law = law.at(&place);
    let Target { from_x0, from_eps } = law.value(output.target(level, trained_previous))?;
    let reading = law.value(output.reading(level, trained_previous))?;
    let x = level.signal_rate() * x0 + level.noise_rate() * eps;
    let out = from_x0 * x0 + from_eps * eps;
    let inputs = (level.signal_rate() * x0).abs() + (level.noise_rate() * eps).abs();
    let outputs = (from_x0 * x0).abs() + (from_eps * eps).abs();
    let rounding = size(reading, inputs, outputs);
    let found = read(reading, x, out);
    law.within(found[0], x0, 16.0 * f64::EPSILON * (rounding[0] + x0.abs()))?;
    law.within(found[1], eps, 16.0 * f64::EPSILON * (rounding[1] + eps.abs()))
}

/// An output that is converted into another parameterisation has the same x_0 and ε.
pub fn outputs_convert(
    from: Parameterization,
    to: Parameterization,
    level: NoiseLevel,
    trained_previous: Option<NoiseLevel>,
    x: f64,
    out: f64,
) -> Result<(), Broken> {
    let law = law("outputs convert into each other");
    let place = (from, to, level);
    let law = law.at(&place);
    let first = law.value(from.reading(level, trained_previous))?;
    let [x0, eps] = read(first, x, out);
    let target = law.value(to.target(level, trained_previous))?;
    let second = law.value(to.reading(level, trained_previous))?;
    let converted = target.from_x0 * x0 + target.from_eps * eps;
    let [x0_size, eps_size] = size(first, x, out);
    let converted_size = target.from_x0.abs() * x0_size + target.from_eps.abs() * eps_size;
    let [x0_rounding, eps_rounding] = size(second, x, converted_size);
    let again = read(second, x, converted);
    law.within(again[0], x0, 32.0 * f64::EPSILON * (x0_size + x0_rounding))?;
    law.within(again[1], eps, 32.0 * f64::EPSILON * (eps_size + eps_rounding))
}

/// A loss has the same value for the same error, measured on x_0, on ε or on the network's output:
/// w_x0·(x_0 − x̂_0)² = w_ε·(ε − ε̂)² = w_out·(out − ôut)².
pub fn weights_convert(
    weighting: Weighting,
    output: Parameterization,
    level: NoiseLevel,
    trained_previous: Option<NoiseLevel>,
) -> Result<(), Broken> {
    let law = law("a loss weighs the same error the same");
    let place = (weighting, output, level);
    let law = law.at(&place);
    let reading = law.value(output.reading(level, trained_previous))?;
    let squared = |factor: f64| factor * factor;
    // The loss of an output with an error of 1.
    let as_output = law.value(weighting.on(output, level, trained_previous))?;
    let as_x0 = law.value(weighting.on_x0(level, trained_previous))? * squared(reading.x0_from_out);
    let as_eps = law.value(weighting.on_eps(level, trained_previous))? * squared(reading.eps_from_out);
    law.close(as_x0, as_output, 1e-12)?;
    law.close(as_eps, as_output, 1e-12)
}
