//! Data in two far modes, by a denoiser quick enough for many samples.

use crate::{Batch, all_within, level};
use ndarray::array;
use tweedie_math::{GaussianData, Mixture, Oracle};
use tweedie_samplers::{Denoiser, Error, Estimate, Exact, Levels};

/// `share`·N(−m·e₁, v·I) + (1 − `share`)·N(m·e₁, v·I), with any number of dimensions.
#[derive(Debug, Clone, Copy)]
pub struct TwoModes {
    pub share: f64,
    pub m: f64,
    pub v: f64,
}

impl TwoModes {
    /// The same as an oracle.
    pub fn mixture(self, dimensions: usize) -> Mixture {
        let at = |m: f64| {
            let mean = (0..dimensions).map(|axis| if axis == 0 { m } else { 0.0 }).collect();
            GaussianData::isotropic(mean, self.v).unwrap()
        };
        Mixture::new(vec![(self.share, at(-self.m)), (1.0 - self.share, at(self.m))]).unwrap()
    }

    /// The share of samples in the first mode.
    pub fn found_share(x: &Batch) -> f64 {
        x.column(0).iter().filter(|x| **x < 0.0).count() as f64 / x.nrows() as f64
    }
}

impl Denoiser<Batch> for TwoModes {
    fn denoise(&self, x: &Batch, at: Levels<'_>) -> Result<Estimate<Batch>, Error> {
        let (s, n) = (at.get(0).signal_rate(), at.get(0).noise_rate());
        let total = s * s * self.v + n * n;
        let mut off = x.clone();
        let mut middle = Batch::zeros(x.raw_dim());
        for (mut off, mut middle) in off.rows_mut().into_iter().zip(middle.rows_mut()) {
            let first = 1.0 / (1.0 + (1.0 / self.share - 1.0) * (2.0 * s * self.m * off[0] / total).exp());
            middle[0] = self.m * (1.0 - 2.0 * first);
            off[0] -= s * middle[0];
        }
        Ok(Estimate { x0: middle + s * self.v / total * &off, eps: n / total * off, spread: None })
    }
}

/// It is the oracle.
#[test]
fn the_quick_denoiser_is_exact() {
    let quick = TwoModes { share: 0.3, m: 1.5, v: 0.04 };
    let oracle = quick.mixture(3);
    assert_eq!(oracle.dimensions(), 3);
    let x = array![[0.1, -0.4, 2.0], [1.0, 0.0, 0.0], [-0.02, 0.3, 0.3]];
    for at in [level(-3.0), level(0.0), level(4.0)] {
        let [ours, theirs] =
            [quick.denoise(&x, at.into()).unwrap(), Exact(&oracle).denoise(&x, at.into()).unwrap()];
        all_within(&ours.x0, &theirs.x0, 1e-12);
        all_within(&ours.eps, &theirs.eps, 1e-12);
    }
}
