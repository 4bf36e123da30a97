//! Common parts of the solvers with a memory: the exact solution of the linear part, and earlier predictions.

use crate::{Coefficient, Error, State};
use tweedie_math::NoiseLevel;

/// The prediction of x_0 at an earlier level.
#[derive(Debug)]
pub struct Past<X> {
    /// The earlier level.
    pub level: NoiseLevel,
    /// x̂_0 at that level.
    pub x0: X,
}

/// λ = ln(signal/noise), half the log-SNR.
pub(super) fn lambda(level: NoiseLevel) -> f64 {
    0.5 * level.log_snr()
}

/// Stores x̂_0 as the newest of at most `most` predictions. A prediction at pure noise, where λ is −∞, is not stored.
pub(super) fn remember<X: State>(past: &mut Vec<Past<X>>, level: NoiseLevel, x0: &X, most: usize) {
    if level.signal_rate() > 0.0 {
        past.insert(0, Past { level, x0: x0.share() });
        past.truncate(most);
    }
}

/// The exact solution for an x̂_0 that is constant over the step: (noise_s/noise_t)·x + signal_s·(1 − e^(−h))·x̂_0 with h = λ_s − λ_t,
/// and signal_s·x̂_0 for a step to clean data (DPM-Solver++ of first order, Lu et al. 2022b, sec. 4). Each of `changes` is added with
/// signal_s times its factor.
///
/// # Errors
/// [`Error::Mismatch`] for states of different shapes.
pub fn exponential_step<X: State>(
    x: &X,
    x0: &X,
    from: NoiseLevel,
    to: NoiseLevel,
    changes: &[(f64, &X)],
) -> Result<X, Error> {
    use Coefficient::Same;
    let h = lambda(to) - lambda(from);
    let (kept, signal) = (to.noise_rate() / from.noise_rate(), to.signal_rate());
    let mut terms = vec![(Same(kept), x), (Same(-signal * (-h).exp_m1()), x0)];
    terms.extend(changes.iter().map(|(factor, change)| (Same(signal * factor), *change)));
    X::combine(&terms)
}
