//! What `diffusers` 0.42.1 makes of inversion: its `DDIMInverseScheduler` is [`ddim_invert`] conditioned on the upper level.

use crate::recordings::{Images, Recording, distance, numbers};
use crate::{linear, within};
use safetensors::SafeTensors;
use tweedie_math::{Parameterization, Spacing};
use tweedie_samplers::{
    ConditionedOn, Denoiser, Error, Estimate, Inversion, Levels, Path, Step, ddim_invert,
};

/// Replays the network's outputs, found by the level that it is conditioned on.
struct Replay {
    path: Path,
    model_out: Vec<Images>,
}

impl Denoiser<Images> for Replay {
    fn denoise(&self, x: &Images, at: Levels<'_>) -> Result<Estimate<Images>, Error> {
        self.denoise_conditioned(x, at, at)
    }

    fn denoise_conditioned(
        &self,
        x: &Images,
        at: Levels<'_>,
        network: Levels<'_>,
    ) -> Result<Estimate<Images>, Error> {
        let from_the_top = self.path.levels().iter().position(|level| *level == network.get(0)).unwrap();
        let out = &self.model_out[self.path.n_steps() - 1 - from_the_top];
        let reading = Parameterization::Epsilon.reading(at.get(0), None)?;
        let x0 = reading.x0_from_x * x + reading.x0_from_out * out;
        Ok(Estimate { x0, eps: out.clone(), spread: None })
    }
}

#[test]
fn the_upper_level_told_is_the_inverse_scheduler() {
    let Some(path) = tweedie_testing::shared("reference/diffusers/ddim_inverse.safetensors") else { return };
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let images = |name: &str| -> Vec<Images> {
        let shape: [usize; 5] = file.tensor(name).unwrap().shape().try_into().unwrap();
        let all = ndarray::Array::from(numbers(&file, name)).into_shape_with_order(shape).unwrap();
        all.outer_iter().map(|images| images.to_owned()).collect()
    };
    let times = Spacing::Leading.times(1000, 50, 0).unwrap();
    let (xs, model_out) = (images("xs"), images("model_out"));
    let worst = |path: Path| {
        let denoiser = Replay { path: path.clone(), model_out: model_out.clone() };
        let mut worst = 0.0_f64;
        let mut compare = |step: &Step, x: &Images| worst = worst.max(distance(x, &xs[step.index + 1]));
        let inversion = Inversion { conditioned_on: ConditionedOn::Upper, refinements: 0 };
        ddim_invert(&denoiser, xs[0].clone(), &path, inversion, &mut compare).unwrap();
        worst
    };
    // As a user would choose it. The scheduler's 1 − ᾱ_1 has one rounding of ᾱ_1, of 1.66e-4 relative, so that its n_1 = .01 is off by
    // 8.3e-7; ε is below 4. All further steps carry that along. Measured: 3.3e-6.
    let path = Path::of_times(&linear(), &times).unwrap();
    within(worst(path), 0.0, 4.0 * 8.3e-7);
    // On the scheduler's own levels the roundings of fifty steps of f32 are left.
    let Some(recording) = Recording::read("ddim_eta0.0") else { return };
    assert_eq!(recording.times, times);
    // Measured: 15.8 of them, or 9.4e-7.
    within(worst(recording.on_its_own_levels().path), 0.0, 17.0 / f64::from(1 << 24));
}
