//! An average of any width as a linear combination of stored averages (Karras et al. 2024, appendix C.5).

use super::solve::solve;
use super::{Snapshot, WIDEST, gamma_of};
use crate::Error;

/// The greatest residual of a combination that is used. If the weights move as a random walk, the error of the average is there at most
/// 6 % of its distance from the last weights, for two stored widths of .05 and .1 at ten times; it grows faster than the residual.
pub const MOST_RESIDUAL: f64 = 0.1;

/// The distance of the widths at which [`carried`] computes the residual.
const GRID: f64 = 0.005;

/// The linear combination of stored averages that approximates another average.
#[derive(Debug, Clone, PartialEq)]
pub struct Combination {
    /// The weight of each stored average. Their sum is 1.
    pub weights: Vec<f64>,
    /// The relative residual ‖Σ x_i·p_i − p_r‖/‖p_r‖ of the weight profiles, in the norm of L². It is 0 for a stored average. Rounding
    /// limits its accuracy to about 1e-7.
    ///
    /// The error of the average of θ is at most this residual times ‖p_r‖·‖θ − c‖ for any constant c, because the weights add up to 1.
    pub residual: f64,
}

/// The combination of stored averages that approximates another one: it minimises ‖Σ x_i·p_i − p_r‖² (eq. 134) among the x whose sum
/// is 1. Without this constraint, which the paper does not have, weights outside the stored widths are scaled by the sum of x.
///
/// # Errors
/// [`Error::Averages`] for no averages, or averages so similar that the linear system has no solution.
pub fn combination(stored: &[Snapshot], target: Snapshot) -> Result<Combination, Error> {
    combinations(stored, &[target])?.pop().ok_or(Error::Averages)
}

/// The ranges of widths whose averages at a time have a residual of at most [`MOST_RESIDUAL`], as `[least, greatest]`, computed at
/// the multiples of 0.005 and at the stored widths.
///
/// # Errors
/// Those of [`combination`].
pub fn carried(stored: &[Snapshot], time: f64) -> Result<Vec<[f64; 2]>, Error> {
    let grid = (1..).map(|i| f64::from(i) * GRID).take_while(|std| *std < WIDEST);
    let mut widths: Vec<f64> = grid.chain(stored.iter().map(|it| super::std_of(it.gamma))).collect();
    widths.sort_by(f64::total_cmp);
    let target = |&std: &f64| Ok(Snapshot { time, gamma: gamma_of(std)? });
    let targets = widths.iter().map(target).collect::<Result<Vec<_>, Error>>()?;
    let found = combinations(stored, &targets)?;
    let mut ranges: Vec<[f64; 2]> = Vec::new();
    let mut is_open = false;
    for (&std, found) in widths.iter().zip(found) {
        let is_carried = found.residual <= MOST_RESIDUAL;
        match ranges.last_mut() {
            Some(range) if is_open && is_carried => range[1] = std,
            _ if is_carried => ranges.push([std, std]),
            _ => {}
        }
        is_open = is_carried;
    }
    Ok(ranges)
}

/// The combinations for several averages.
fn combinations(stored: &[Snapshot], targets: &[Snapshot]) -> Result<Vec<Combination>, Error> {
    let n = stored.len();
    if n == 0 {
        return Err(Error::Averages);
    }
    // A_ij = ⟨p_i, p_j⟩, b_i = ⟨p_i, p_r⟩ for each target (eq. 142, 143), and a column of ones for the constraint.
    let row = |p: &Snapshot| {
        let a = stored.iter().map(|other| p.overlap(other));
        a.chain(targets.iter().map(|target| p.overlap(target))).chain([1.0]).collect()
    };
    let mut solved = solve(stored.iter().map(row).collect())?;
    let ones = solved.pop().ok_or(Error::Averages)?;
    let of_ones: f64 = ones.iter().sum();
    let combine = |(target, x): (&Snapshot, Vec<f64>)| {
        if let Some(own) = stored.iter().position(|it| it == target) {
            let weights = (0..n).map(|i| if i == own { 1.0 } else { 0.0 }).collect();
            return Combination { weights, residual: 0.0 };
        }
        // A·x = b − λ·1 with Σ x = 1, hence x = A⁻¹·b − λ·A⁻¹·1.
        let lambda = (x.iter().sum::<f64>() - 1.0) / of_ones;
        let weights: Vec<f64> = x.iter().zip(&ones).map(|(x, one)| x - lambda * one).collect();
        // ‖Σ x_i·p_i − p_r‖² = xᵀ·A·x − 2·bᵀ·x + ⟨p_r, p_r⟩ = ⟨p_r, p_r⟩ − bᵀ·x − λ.
        let product: f64 = weights.iter().zip(stored).map(|(x, p)| x * p.overlap(target)).sum();
        let own = target.overlap(target);
        Combination { weights, residual: libm::sqrt(((own - product - lambda) / own).max(0.0)) }
    };
    Ok(targets.iter().zip(solved).map(combine).collect())
}
