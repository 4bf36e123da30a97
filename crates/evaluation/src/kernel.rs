//! The kernel distance (Bińkowski et al. 2018): an unbiased estimate of a squared maximum mean discrepancy, with its standard error.

use crate::Error;
use tch::{Kind, Tensor};

/// An estimate with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Estimate {
    /// The estimate; an unbiased one may be negative.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// Number of groups of the jackknife.
const GROUPS: i64 = 20;

/// The smallest number of samples for a kernel distance, and so for [`judge_samples`](crate::judge_samples): two in each group.
pub const FEWEST_SAMPLES: usize = 2 * GROUPS as usize;

/// The unbiased MMD² of features (N, D) and (M, D) with the kernel (x·y/D + 1)³.
///
/// The standard error is a jackknife estimate that leaves out one of 20 groups on both sides at a time. Near an MMD² of 0 it is about
/// 1.5 times the true standard error.
///
/// # Errors
/// [`Error::TooFew`] below [`FEWEST_SAMPLES`] on either side.
pub fn kernel_distance(a: &Tensor, b: &Tensor) -> Result<Estimate, Error> {
    let _no_gradient = tch::no_grad_guard();
    for side in [a, b] {
        let n = side.size()[0];
        let needed = FEWEST_SAMPLES as i64;
        if n < needed {
            return Err(Error::TooFew { what: "features for a kernel distance", found: n, needed });
        }
    }
    let (a, b) = (a.f_to_kind(Kind::Double)?, b.f_to_kind(Kind::Double)?);
    let sums =
        Sums { aa: block_sums(&a, &a, true)?, bb: block_sums(&b, &b, true)?, ab: block_sums(&a, &b, false)? };
    let (n, m) = (sizes(a.size()[0]), sizes(b.size()[0]));
    let value = sums.estimate(&n, &m, None);
    let left_out: Vec<f64> = (0..GROUPS as usize).map(|g| sums.estimate(&n, &m, Some(g))).collect();
    let mean = left_out.iter().sum::<f64>() / GROUPS as f64;
    let spread: f64 = left_out.iter().map(|value| (value - mean).powi(2)).sum();
    Ok(Estimate { value, error: (spread * (GROUPS - 1) as f64 / GROUPS as f64).sqrt() })
}

/// Sums of the kernel between groups.
struct Sums {
    aa: Vec<Vec<f64>>,
    bb: Vec<Vec<f64>>,
    ab: Vec<Vec<f64>>,
}

impl Sums {
    /// The unbiased estimate from all groups, or from all except `without`.
    fn estimate(&self, n: &[f64], m: &[f64], without: Option<usize>) -> f64 {
        let kept = |g: usize| without != Some(g);
        let count =
            |sizes: &[f64]| sizes.iter().enumerate().filter(|(g, _)| kept(*g)).map(|(_, n)| n).sum::<f64>();
        let total = |sums: &[Vec<f64>]| {
            let row = |(i, row): (usize, &Vec<f64>)| {
                row.iter().enumerate().filter(|(j, _)| kept(i) && kept(*j)).map(|(_, sum)| sum).sum::<f64>()
            };
            sums.iter().enumerate().map(row).sum::<f64>()
        };
        let (n, m) = (count(n), count(m));
        total(&self.aa) / (n * (n - 1.0)) + total(&self.bb) / (m * (m - 1.0))
            - 2.0 * total(&self.ab) / (n * m)
    }
}

/// The index at which group g of n elements begins.
fn edge(n: i64, g: i64) -> i64 {
    n * g / GROUPS
}

fn sizes(n: i64) -> Vec<f64> {
    (0..GROUPS).map(|g| (edge(n, g + 1) - edge(n, g)) as f64).collect()
}

/// The sums of the kernel over every pair of groups. For a set with itself (`same`), the diagonal is left out.
fn block_sums(x: &Tensor, y: &Tensor, same: bool) -> Result<Vec<Vec<f64>>, Error> {
    let (n, m, d) = (x.size()[0], y.size()[0], x.size()[1] as f64);
    let turned = y.f_transpose(0, 1)?;
    let mut sums = Vec::new();
    for g in 0..GROUPS {
        let (from, to) = (edge(n, g), edge(n, g + 1));
        // One group of rows at a time, so that the whole kernel matrix need not fit into memory.
        let mut kernel =
            x.f_narrow(0, from, to - from)?.f_matmul(&turned)?.f_div_scalar(d)?.f_add_scalar(1.0)?;
        kernel = kernel.f_pow_tensor_scalar(3)?;
        let mut row = Vec::new();
        for h in 0..GROUPS {
            let part = kernel.f_narrow(1, edge(m, h), edge(m, h + 1) - edge(m, h))?;
            let mut sum = f64::try_from(part.f_sum(Kind::Double)?)?;
            if same && g == h {
                sum -= f64::try_from(part.f_trace()?)?;
            }
            row.push(sum);
        }
        sums.push(row);
    }
    Ok(sums)
}
