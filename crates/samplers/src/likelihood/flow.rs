//! The flow with its density, every sample with steps of its own.

use super::dormand_prince::{ERROR, NODES, STAGES, step_factor};
use super::slope::{cotangents, moved, slope};
use crate::{Coefficient, Differentiable, Error, NoiseSource, State};
use tweedie_math::NoiseLevel;

/// How div v̂ is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Divergence {
    /// One product with the Jacobian per dimension.
    Exact,
    /// Hutchinson's estimate by so many random signs (1990), the same ones along the whole flow; unbiased.
    Probes(usize),
}

/// How the flow is solved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FlowOptions {
    /// How div v̂ is found.
    pub divergence: Divergence,
    /// The local error that a step may have, per dimension: of x relative to 1 + |x|, of ln q in nats.
    pub tolerance: f64,
    /// More steps than this, rejected ones included, are an error.
    pub most_steps: usize,
}

impl Default for FlowOptions {
    fn default() -> Self {
        Self { divergence: Divergence::Probes(1), tolerance: 1e-5, most_steps: 10_000 }
    }
}

/// What the flow found, sample by sample.
#[derive(Debug)]
pub struct FlowLikelihood<X> {
    /// ln q of each sample by each probe, in nats: `log_likelihood[sample][probe]`; one "probe" where the divergence is exact.
    pub log_likelihood: Vec<Vec<f64>>,
    /// The solver's own estimate of its error in ln q, in nats: its local errors of the divergence, and of x as it enters the last density,
    /// summed up. An estimate, not a bound.
    pub solver_error: Vec<f64>,
    /// How often the denoiser was asked about the batch.
    pub evaluations: usize,
    /// Where each sample ends, in variance-preserving coordinates: its latent code.
    pub latent: X,
}

/// ln q(x) of each sample under the model that samples N(0, `start_std`²) at the level `to` and follows the flow down to `from`, where
/// x lies. After each step `watch` hears which share of the way the slowest sample has behind it, and says whether to go on; `None` is
/// what comes of a flow that was stopped.
///
/// # Errors
/// [`Error::Parameter`] for a tolerance that is not positive, no probe, or steps used up; levels in the wrong order; what the
/// denoiser reports.
pub fn flow_log_likelihood<X: State>(
    denoiser: &(impl Differentiable<X> + ?Sized),
    x: &X,
    (from, to): (NoiseLevel, NoiseLevel),
    start_std: f64,
    options: FlowOptions,
    noise: &dyn NoiseSource<X>,
    watch: &mut dyn FnMut(f64) -> bool,
) -> Result<Option<FlowLikelihood<X>>, Error> {
    let wrong = |name, found, allowed| Err(Error::Parameter { name, found, allowed });
    if !(options.tolerance > 0.0 && options.tolerance.is_finite()) {
        return wrong("tolerance", options.tolerance, "positive");
    }
    let (begin, end) = (angle(from), angle(to));
    if begin >= end {
        return Err(tweedie_math::Error::NotNoisier { from: from.log_snr(), to: to.log_snr() }.into());
    }
    let n = x.n_samples();
    let cotangents = cotangents(x, options.divergence, noise)?;
    let dimensions = x.n_elements() as f64 / n.max(1) as f64;
    // From the caller's units to cos φ·x_0 + sin φ·ε.
    let rescale = rescaling(from);
    let mut x = X::combine(&[(Coefficient::Same(rescale), x)])?;
    let n_probes = match options.divergence {
        Divergence::Exact => 1,
        Divergence::Probes(probes) => probes,
    };
    let mut log_growth = vec![vec![0.0; n_probes]; n];
    let mut solver_error = vec![0.0; n];
    let mut moved_by = vec![0.0; n];
    let mut at = vec![begin; n];
    let mut step = vec![0.01 * (end - begin); n];
    let slope = |x: &X, at: &[f64]| slope(denoiser, x, at, &cotangents, options.divergence);
    let mut first = slope(&x, &at)?;
    let (mut evaluations, mut steps) = (1, 0);
    while at.iter().any(|&at| at < end) {
        steps += 1;
        if steps > options.most_steps {
            let allowed = "enough to solve the flow; a larger tolerance needs fewer";
            return wrong("the number of steps", options.most_steps as f64, allowed);
        }
        // A sample that has arrived stays: its step is 0.
        let h: Vec<f64> = at.iter().zip(&step).map(|(&at, &step)| step.min(end - at)).collect();
        let mut slopes = vec![first];
        let mut next = x.share();
        for stage in 1..7 {
            let places: Vec<f64> =
                at.iter().zip(&h).map(|(at, h)| (at + NODES[stage] * h).min(end)).collect();
            next = moved(Some(&x), &slopes, STAGES[stage], &h)?;
            slopes.push(slope(&next, &places)?);
            evaluations += 1;
        }
        let error = moved(None, &slopes, &ERROR, &h)?;
        let (squares, size) = (error.dot_per_sample(&error)?, next.dot_per_sample(&next)?);
        let mut accepted = vec![false; n];
        for i in 0..n {
            if h[i] == 0.0 {
                continue;
            }
            let sum = |weights: &[f64], probe: usize| -> f64 {
                weights
                    .iter()
                    .zip(&slopes)
                    .map(|(weight, slope)| h[i] * weight * slope.divergence[i][probe])
                    .sum()
            };
            let of_x = (squares[i] / dimensions).sqrt() / (1.0 + (size[i] / dimensions).sqrt());
            let of_log = (0..n_probes).map(|probe| sum(&ERROR, probe).abs()).sum::<f64>() / n_probes as f64;
            let error = of_x.max(of_log / dimensions) / options.tolerance;
            step[i] = h[i] * step_factor(error);
            if error <= 1.0 {
                accepted[i] = true;
                at[i] = if h[i] >= end - at[i] { end } else { at[i] + h[i] };
                solver_error[i] += of_log;
                moved_by[i] += squares[i].sqrt();
                for (probe, growth) in log_growth[i].iter_mut().enumerate() {
                    *growth += sum(STAGES[6], probe);
                }
            }
        }
        // The last stage is the next step's first; rejected samples begin again where they were.
        let last = slopes.pop();
        first = match (last, slopes.into_iter().next()) {
            (Some(last), Some(before)) => last.chosen(&before, &accepted)?,
            _ => return Err(Error::Path("a step without stages".into())),
        };
        x = next.select_per_sample(&x, &accepted)?;
        let slowest = at.iter().copied().fold(end, f64::min);
        if !watch((slowest - begin) / (end - begin)) {
            return Ok(None);
        }
    }
    // ln q(x_from) = ln N(x_to; 0, start_std²) + ∫ div v̂ dφ, and the change of units on the way in.
    let std = start_std * rescaling(to);
    let squares = x.dot_per_sample(&x)?;
    let units = dimensions * rescale.ln();
    let constant = units - dimensions * (std.ln() + 0.5 * std::f64::consts::TAU.ln());
    let log_likelihood = (0..n)
        .map(|i| {
            log_growth[i].iter().map(|growth| growth + constant - 0.5 * squares[i] / (std * std)).collect()
        })
        .collect();
    // An error δ of x in no particular direction moves ln N(x) by |δ|·|x|/√D in the root mean square.
    for i in 0..n {
        solver_error[i] += moved_by[i] * (squares[i] / dimensions).sqrt() / (std * std);
    }
    Ok(Some(FlowLikelihood { log_likelihood, solver_error, evaluations, latent: x }))
}

/// φ of a level: tan φ = noise/signal.
fn angle(level: NoiseLevel) -> f64 {
    level.noise_rate().atan2(level.signal_rate())
}

/// What x is multiplied by to come to variance-preserving coordinates.
fn rescaling(level: NoiseLevel) -> f64 {
    1.0 / level.signal_rate().hypot(level.noise_rate())
}
