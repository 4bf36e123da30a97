//! Samplers whose steps do not depend on x can be differentiated through.

use crate::{images, model};
use tch::{Kind, Tensor};
use tweedie_math::Parameterization;
use tweedie_models::sampling::SamplingConfig;
use tweedie_samplers::{Dynamics, StreamNoise, ddim, dpm_solver_2m, heun};

/// ∂⟨w, x_0⟩/∂x_T of three DDIM steps, and of two other samplers, along some directions, against central differences.
#[test]
fn the_gradient_through_three_steps_is_the_difference_quotient() {
    let model = model(Parameterization::V);
    let path = model.path(&SamplingConfig { steps: 3, ..SamplingConfig::default() }).unwrap();
    let (start, weights) = (images(1, 1), images(1, 2));
    let noise = StreamNoise::new(0, 0);
    for which in 0..3 {
        let result = |x: Tensor| {
            let x = match which {
                0 => ddim(&model, x, &path, 0.3, &noise, &mut ()),
                1 => heun(&model, x, &path, Default::default(), &noise, &mut ()),
                _ => dpm_solver_2m(&model, x, &path, Dynamics::Sde, &noise, &mut ()),
            };
            (x.unwrap() * &weights).sum(Kind::Double)
        };
        let leaf = start.detach().copy().set_requires_grad(true);
        let gradient =
            Tensor::run_backward(&[result(leaf.shallow_clone())], &[&leaf], false, false).remove(0);
        for seed in 3..7 {
            let direction = images(1, seed);
            let step = 1e-2;
            let at = |sign: f64| tch::no_grad(|| result(&start + &direction * (sign * step)));
            // Of f32 networks: 1e-2 balances the quotient's own error, of its square, against roundings of 1e-6/1e-2.
            let quotient = (at(1.0) - at(-1.0)) / (2.0 * step);
            let slope = (&gradient * &direction).sum(Kind::Double);
            let off = (&slope - &quotient).abs().double_value(&[]);
            let scale = (gradient.norm() * direction.norm()).double_value(&[]);
            assert!(off < 2e-3 * scale && scale > 0.1, "sampler {which}: off by {off:e} of {scale}");
        }
    }
}
