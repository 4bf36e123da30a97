//! UniPC: a predictor and a corrector of any order that share the evaluations (Zhao et al. 2023), with data prediction.

use super::multistep::{Past, exponential_step, lambda, remember};
use crate::walk::{self, walk};
use crate::{Coefficient, Denoiser, Error, Hook, NoiseSource, Path, State, Step};
use serde::{Deserialize, Serialize};
use tweedie_math::NoiseLevel;

/// The function B(h) that scales the differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UniPcKernel {
    /// B₁(h) = −h (for data prediction).
    H,
    /// B₂(h) = e^(−h) − 1.
    #[default]
    ExpH,
}

/// The options of UniPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UniPc {
    /// The order of the predictor, 1 to 3. The corrector increases the order by 1.
    pub order: usize,
    /// The function B(h).
    pub kernel: UniPcKernel,
}

impl Default for UniPc {
    fn default() -> Self {
        Self { order: 2, kernel: UniPcKernel::default() }
    }
}

impl UniPc {
    /// Checks the ranges of the options.
    ///
    /// # Errors
    /// [`Error::Parameter`] for an order outside 1 ..= 3.
    pub fn check(&self) -> Result<(), Error> {
        Error::unless((1..=3).contains(&self.order), "the order", self.order as f64, "1, 2 or 3")
    }
}

/// The memory of UniPC: x̂_0 at earlier levels, newest first; the corrected x from which the last prediction was made; and the order of
/// that prediction.
struct Memory<X> {
    past: Vec<Past<X>>,
    last: Option<(X, usize)>,
}

impl<X> Default for Memory<X> {
    fn default() -> Self {
        Self { past: Vec::new(), last: None }
    }
}

impl<X: State> walk::Memory<X> for Memory<X> {
    /// The corrected x is linear in the x from which the last prediction was made, with the factor noise_s/noise_t. The change of x,
    /// divided by this factor, is added to that earlier x, so that the corrected x has the same change.
    fn adjusted(&mut self, step: &Step, before: &X, after: &X) -> Result<(), Error> {
        use Coefficient::Same;
        let (Some((began, _)), Some(newest)) = (&mut self.last, self.past.first()) else { return Ok(()) };
        let change = X::combine(&[(Same(1.0), after), (Same(-1.0), before)])?;
        let back = newest.level.noise_rate() / step.to.noise_rate();
        *began = X::combine(&[(Same(1.0), &*began), (Same(back), &change)])?;
        Ok(())
    }
}

/// Samples along a path with one evaluation per step, which corrects the previous step and predicts the next one.
///
/// # Errors
/// [`Error::Parameter`] for an order outside 1 ..= 3; errors returned by the denoiser or the hook.
pub fn unipc<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    how: UniPc,
    noise: &dyn NoiseSource<X>,
    hook: &mut dyn Hook<X>,
) -> Result<X, Error> {
    how.check()?;
    walk(x, path, noise, hook, |x, step, memory: &mut Memory<X>| {
        let estimate = denoiser.denoise(x, step.from.into())?;
        let corrected = match &memory.last {
            Some((last, order)) => {
                unipc_corrector(last, &estimate.x0, &memory.past[..*order], step.from, how.kernel)?
            }
            None => x.share(),
        };
        remember(&mut memory.past, step.from, &estimate.x0, how.order);
        // The order decreases towards the end, where few steps are left to correct the errors of a high order.
        let order = how.order.min(memory.past.len()).min(step.count - step.index);
        let (next, last) = match order {
            // A step from pure noise.
            0 => (exponential_step(&corrected, &estimate.x0, step.from, step.to, &[])?, None),
            _ if step.to.is_clean() => {
                (exponential_step(&corrected, &estimate.x0, step.from, step.to, &[])?, None)
            }
            _ => {
                let next = unipc_predictor(&corrected, &memory.past[..order], step.to, how.kernel)?;
                (next, Some((corrected, order)))
            }
        };
        memory.last = last;
        Ok((next, estimate))
    })
}

/// One prediction (UniP) of x at `to` from x at the newest level of `past`. Its order is the length of `past`.
///
/// # Errors
/// [`Error::Mismatch`] for an empty `past`, and for states of different shapes.
pub fn unipc_predictor<X: State>(
    x: &X,
    past: &[Past<X>],
    to: NoiseLevel,
    kernel: UniPcKernel,
) -> Result<X, Error> {
    let Some((newest, before)) = past.split_first() else { return Err(no_past()) };
    let h = lambda(to) - lambda(newest.level);
    let ratios = ratios(newest, before, h);
    step(x, newest, to, kernel, &differences(newest, before, &ratios)?, &weights(&ratios, h, kernel))
}

/// One correction (UniC) of x at `to` from `x` at the newest level of `past` and x̂_0 at `to`.
///
/// # Errors
/// [`Error::Mismatch`] for an empty `past`, and for states of different shapes.
pub fn unipc_corrector<X: State>(
    x: &X,
    x0: &X,
    past: &[Past<X>],
    to: NoiseLevel,
    kernel: UniPcKernel,
) -> Result<X, Error> {
    use Coefficient::Same;
    let Some((newest, before)) = past.split_first() else { return Err(no_past()) };
    let h = lambda(to) - lambda(newest.level);
    let mut ratios = ratios(newest, before, h);
    let mut changes = differences(newest, before, &ratios)?;
    changes.push(X::combine(&[(Same(1.0), x0), (Same(-1.0), &newest.x0)])?);
    ratios.push(1.0);
    step(x, newest, to, kernel, &changes, &weights(&ratios, h, kernel))
}

/// The exponential step plus signal·(−B)·Σ ρ_k·D_k.
fn step<X: State>(
    x: &X,
    newest: &Past<X>,
    to: NoiseLevel,
    kernel: UniPcKernel,
    changes: &[X],
    weights: &[f64],
) -> Result<X, Error> {
    let b = scale(lambda(to) - lambda(newest.level), kernel);
    let terms: Vec<(f64, &X)> = weights.iter().map(|weight| -b * weight).zip(changes).collect();
    exponential_step(x, &newest.x0, newest.level, to, &terms)
}

/// r_k = (λ_k − λ)/h, with λ_k of the k-th earlier level and λ of the newest one.
fn ratios<X>(newest: &Past<X>, before: &[Past<X>], h: f64) -> Vec<f64> {
    before.iter().map(|p| (lambda(p.level) - lambda(newest.level)) / h).collect()
}

/// D_k = (x̂_0 at the k-th earlier level − x̂_0 at the newest level)/r_k.
fn differences<X: State>(newest: &Past<X>, before: &[Past<X>], ratios: &[f64]) -> Result<Vec<X>, Error> {
    use Coefficient::Same;
    let of = |(p, r): (&Past<X>, &f64)| X::combine(&[(Same(1.0 / r), &p.x0), (Same(-1.0 / r), &newest.x0)]);
    before.iter().zip(ratios).map(of).collect()
}

/// B(h) for data prediction.
fn scale(h: f64, kernel: UniPcKernel) -> f64 {
    match kernel {
        UniPcKernel::H => -h,
        UniPcKernel::ExpH => (-h).exp_m1(),
    }
}

/// The weights ρ with Σ_k r_k^(i−1)·ρ_k = i!·h·φ_(i+1)(−h)/B for i = 1 … (theorem 3.1), for which the step is exact for polynomials. A
/// single weight is ½ as in the published code, which gives the same order.
fn weights(ratios: &[f64], h: f64, kernel: UniPcKernel) -> Vec<f64> {
    if ratios.len() == 1 {
        return vec![0.5];
    }
    let (n, b, hh) = (ratios.len(), scale(h, kernel), -h);
    let mut phi = hh.exp_m1() / hh - 1.0;
    let mut factorial = 1.0;
    let mut rows = Vec::with_capacity(n);
    for i in 1..=n {
        let mut row: Vec<f64> = ratios.iter().map(|r| r.powi(i as i32 - 1)).collect();
        row.push(phi * factorial / b);
        rows.push(row);
        factorial *= (i + 1) as f64;
        phi = phi / hh - 1.0 / factorial;
    }
    solved(rows)
}

/// The solution of a small linear system by Gaussian elimination with partial pivoting.
fn solved(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let n = rows.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()));
        rows.swap(column, pivot.unwrap_or(column));
        let own: Vec<f64> = rows[column].iter().map(|value| value / rows[column][column]).collect();
        for (i, row) in rows.iter_mut().enumerate() {
            let factor = if i == column { 0.0 } else { row[column] };
            row.iter_mut().zip(&own).for_each(|(value, own)| *value -= factor * own);
        }
        rows[column] = own;
    }
    rows.iter().map(|row| row[n]).collect()
}

fn no_past() -> Error {
    Error::Mismatch { what: "earlier levels", found: "none".into(), expected: "at least 1".into() }
}
