//! Laws of what networks say.

use super::{Broken, law};
use crate::{NoiseLevel, Parameterization, Reading, Target, Weighting};

/// x_0 and ε as read from x and an output.
fn read(reading: Reading, x: f64, out: f64) -> [f64; 2] {
    [reading.x0_from_x * x + reading.x0_from_out * out, reading.eps_from_x * x + reading.eps_from_out * out]
}

/// The greatest of the terms that a reading is summed from, for its rounding.
fn size(reading: Reading, x: f64, out: f64) -> [f64; 2] {
    [
        (reading.x0_from_x * x).abs() + (reading.x0_from_out * out).abs(),
        (reading.eps_from_x * x).abs() + (reading.eps_from_out * out).abs(),
    ]
}

/// Put in x = s·x_0 + n·ε and the target, and (x_0, ε) come out.
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
    let Target { from_x0, from_eps } = law.ask(output.target(level, trained_previous))?;
    let reading = law.ask(output.reading(level, trained_previous))?;
    let x = level.signal_rate() * x0 + level.noise_rate() * eps;
    let out = from_x0 * x0 + from_eps * eps;
    let inputs = (level.signal_rate() * x0).abs() + (level.noise_rate() * eps).abs();
    let outputs = (from_x0 * x0).abs() + (from_eps * eps).abs();
    let rounding = size(reading, inputs, outputs);
    let found = read(reading, x, out);
    law.within(found[0], x0, 16.0 * f64::EPSILON * (rounding[0] + x0.abs()))?;
    law.within(found[1], eps, 16.0 * f64::EPSILON * (rounding[1] + eps.abs()))
}

/// An output read, said in another's terms and read again says the same x_0 and ε.
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
    let first = law.ask(from.reading(level, trained_previous))?;
    let [x0, eps] = read(first, x, out);
    let target = law.ask(to.target(level, trained_previous))?;
    let second = law.ask(to.reading(level, trained_previous))?;
    let said = target.from_x0 * x0 + target.from_eps * eps;
    let [x0_size, eps_size] = size(first, x, out);
    let said_size = target.from_x0.abs() * x0_size + target.from_eps.abs() * eps_size;
    let [x0_rounding, eps_rounding] = size(second, x, said_size);
    let again = read(second, x, said);
    law.within(again[0], x0, 32.0 * f64::EPSILON * (x0_size + x0_rounding))?;
    law.within(again[1], eps, 32.0 * f64::EPSILON * (eps_size + eps_rounding))
}

/// A loss weighs the same error the same, in whatever terms it was said: w_x0·(x_0 − x̂_0)² = w_ε·(ε − ε̂)² = w_said·(out − ôut)².
pub fn weights_convert(
    weighting: Weighting,
    said: Parameterization,
    level: NoiseLevel,
    trained_previous: Option<NoiseLevel>,
) -> Result<(), Broken> {
    let law = law("a loss weighs the same error the same");
    let place = (weighting, said, level);
    let law = law.at(&place);
    let reading = law.ask(said.reading(level, trained_previous))?;
    let squared = |factor: f64| factor * factor;
    // The loss of an output that is off by 1.
    let as_said = law.ask(weighting.on(said, level, trained_previous))?;
    let as_x0 = law.ask(weighting.on_x0(level, trained_previous))? * squared(reading.x0_from_out);
    let as_eps = law.ask(weighting.on_eps(level, trained_previous))? * squared(reading.eps_from_out);
    law.close(as_x0, as_said, 1e-12)?;
    law.close(as_eps, as_said, 1e-12)
}
