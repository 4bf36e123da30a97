//! DDIM inversion and reconstruction of images by models of any parameterization.

use crate::{ALL, greatest, images, model, near, on, random, tiny};
use tweedie_math::{NoiseLevel, Parameterization, Schedule};
use tweedie_models::sampling::SamplingConfig;
use tweedie_samplers::{ConditionedOn, Denoiser, Inversion, Levels, ddim_invert, reconstruct};

fn path(model: &tweedie_models::Model, steps: usize) -> tweedie_samplers::Path {
    model.path(&SamplingConfig { steps, ..SamplingConfig::default() }).unwrap()
}

/// At clean data, x̂0 is x itself, and ε̂ is the prediction at the first trained level or the level of conditioning, for every parameterization.
#[test]
fn clean_data_is_its_own_estimate() {
    let x = images(3, 5) * 0.5;
    for parameterization in ALL {
        let model = model(parameterization);
        let first = model.process().level(1);
        for conditioned_on in [NoiseLevel::CLEAN, first, model.process().level(7)] {
            let estimate = tch::no_grad(|| {
                model.denoise_conditioned(&x, NoiseLevel::CLEAN.into(), conditioned_on.into())
            })
            .unwrap();
            near(&estimate.x0, &x, 1e-6);
            assert!(bool::try_from(estimate.eps.isfinite().all()).unwrap(), "{parameterization:?}");
            // Beside a noisy sample it is the same.
            let levels = [NoiseLevel::CLEAN, model.process().level(9), NoiseLevel::CLEAN];
            let mixed = tch::no_grad(|| {
                model.denoise_conditioned(&x, Levels::Each(&levels), Levels::Each(&[conditioned_on; 3]))
            })
            .unwrap();
            near(&mixed.x0.get(0), &x.get(0), 1e-6);
            near(&mixed.eps.get(2), &estimate.eps.get(2), 1e-4);
        }
    }
}

/// Encoding and decoding along one path comes back, the better the more steps, and exactly where each step is solved.
#[test]
fn codes_give_images_back() {
    let x = images(2, 6) * 0.5;
    for parameterization in [Parameterization::Epsilon, Parameterization::X0, Parameterization::V] {
        // Small steps: the fixed point of one is found where ε̂ changes less over it than x.
        let schedule = Schedule::Linear { beta_start: 5e-4, beta_end: 0.01 };
        let model = random(&tiny(), on(schedule, parameterization), 1);
        let back = |steps, how| {
            let path = path(&model, steps);
            let x = tch::no_grad(|| reconstruct(&model, x.shallow_clone(), &path, how)).unwrap();
            greatest(&x, &(images(2, 6) * 0.5))
        };
        let plain = Inversion::default();
        let (few, many) = (back(4, plain), back(20, plain));
        assert!(many < few, "{parameterization:?}: {few} by 4 steps, {many} by 20");
        if parameterization == Parameterization::X0 {
            // A random x̂0 is no contraction: its steps have no fixed point to be found.
            continue;
        }
        let solved = back(20, Inversion { refinements: 30, ..plain });
        assert!(
            solved < 1e-3 && solved < 0.1 * many,
            "{parameterization:?}: {solved} where each step is solved"
        );
        let upper = Inversion { conditioned_on: ConditionedOn::Upper, refinements: 0 };
        assert!(back(20, upper).is_finite());
        let latent =
            |how| tch::no_grad(|| ddim_invert(&model, x.shallow_clone(), &path(&model, 4), how, &mut ()));
        assert!(greatest(&latent(plain).unwrap(), &latent(upper).unwrap()) > 1e-4);
    }
}
