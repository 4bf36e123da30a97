//! What is said of clean data, where codes begin.

use super::Conditioned;
use super::tensors::coefficient;
use tch::Tensor;
use tweedie_math::NoiseLevel;
use tweedie_samplers::{Denoiser, Error, Estimate, State};

impl Conditioned<'_> {
    /// The estimate where some samples are clean, of which what the network says cannot be read (x̂_0 tells ε only where there is
    /// some): x_0 is x itself, and ε̂ what is said of x at the level that the network is told, the first trained one at least.
    pub(super) fn denoise_clean(
        &self,
        x: &Tensor,
        at: &[NoiseLevel],
        told: &[NoiseLevel],
    ) -> Result<Estimate<Tensor>, Error> {
        let n = x.n_samples();
        let of = |levels: &[NoiseLevel], i: usize| levels[i.min(levels.len() - 1)];
        let is_clean: Vec<bool> = (0..n).map(|i| of(at, i).is_clean()).collect();
        let first = self.model.process.level(1);
        let near = |i: usize| match (is_clean[i], of(told, i)) {
            (false, _) => of(at, i),
            (true, told) if told.log_snr() > first.log_snr() => first,
            (true, told) => told,
        };
        let levels: Vec<NoiseLevel> = (0..n).map(near).collect();
        let factor =
            |i: usize| if is_clean[i] { levels[i].signal_rate() / of(at, i).signal_rate() } else { 1.0 };
        let factors: Vec<f64> = (0..n).map(factor).collect();
        let noisy = Tensor::combine(&[(coefficient(&factors), x)])?;
        let said = self.denoise_told(&noisy, &levels, told)?;
        let own: Vec<f64> =
            (0..n).map(|i| if is_clean[i] { 1.0 / of(at, i).signal_rate() } else { 1.0 }).collect();
        let x0 = Tensor::combine(&[(coefficient(&own), x)])?.select_per_sample(&said.x0, &is_clean)?;
        Ok(Estimate { x0, ..said })
    }
}
