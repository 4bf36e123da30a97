//! The estimate at clean data, where DDIM inversion starts.

use super::{Conditioned, Model};
use crate::Error;
use crate::backbone::coefficient;
use tch::Tensor;
use tweedie_math::NoiseLevel;
use tweedie_networks::Pass;
use tweedie_samplers::{Estimate, Levels, State};

impl Model {
    /// Whether some of the levels are clean and the prediction does not determine x_0 and ε there.
    pub(super) fn is_undefined_at_clean(&self, at: Levels<'_>) -> bool {
        at.as_slice().iter().any(NoiseLevel::is_clean)
            && self.parameterization().reading(NoiseLevel::CLEAN, None).is_err()
    }
}

impl Conditioned<'_> {
    /// The estimate of a batch with clean examples, for a prediction that does not determine ε without noise, such as x̂_0. For clean
    /// examples, x̂_0 is x itself, and ε̂ is the prediction for x at the level that the network is conditioned on, or at the first trained
    /// level if that is noisier.
    pub(super) fn estimate_clean(
        &self,
        x: &Tensor,
        at: Levels<'_>,
        network_levels: Levels<'_>,
        pass: Pass,
    ) -> Result<Estimate<Tensor>, Error> {
        let n = x.n_samples();
        let is_clean: Vec<bool> = (0..n).map(|i| at.get(i).is_clean()).collect();
        let first = self.model.process().level(1);
        let near = |i: usize| match (is_clean[i], network_levels.get(i)) {
            (false, _) => at.get(i),
            (true, level) if level.log_snr() > first.log_snr() => first,
            (true, level) => level,
        };
        let levels: Vec<NoiseLevel> = (0..n).map(near).collect();
        let factor =
            |i: usize| if is_clean[i] { levels[i].signal_rate() / at.get(i).signal_rate() } else { 1.0 };
        let factors: Vec<f64> = (0..n).map(factor).collect();
        let noisy = Tensor::combine(&[(coefficient(&factors), x)])?;
        let estimate = self.estimate(&noisy, Levels::Each(&levels), network_levels, pass)?;
        let own: Vec<f64> =
            (0..n).map(|i| if is_clean[i] { 1.0 / at.get(i).signal_rate() } else { 1.0 }).collect();
        let x0 = Tensor::combine(&[(coefficient(&own), x)])?.select_per_sample(&estimate.x0, &is_clean)?;
        Ok(Estimate { x0, ..estimate })
    }
}
