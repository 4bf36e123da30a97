//! Shared by solvers with a memory: the linear part solved exactly, and earlier predictions.

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

/// Remembers x̂_0 as the newest of at most `most`. At pure noise λ is −∞: the prediction there takes part in no difference.
pub(super) fn remember<X: State>(past: &mut Vec<Past<X>>, level: NoiseLevel, x0: &X, most: usize) {
    if level.signal_rate() > 0.0 {
        past.insert(0, Past { level, x0: x0.share() });
        past.truncate(most);
    }
}

/// The solution where x̂_0 stays the same over the step: (noise_s/noise_t)·x + signal_s·(1 − e^(−h))·x̂_0, h = λ_s − λ_t; to clean data
/// it is signal_s·x̂_0 (DPM-Solver++ of first order, Lu et al. 2022b, sec. 4). `changes` are added with signal_s times their factors.
///
/// # Errors
/// States of other shapes.
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
