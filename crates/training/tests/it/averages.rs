//! Averages of a width that is chosen after the training, computed from the stored ones.

use crate::common::{config, environment, model, train_all, trainer, weights};
use tweedie_math::Parameterization;
use tweedie_math::power_average::MOST_RESIDUAL;
use tweedie_models::Model;
use tweedie_training::{Error, Run, average_of_width};

/// A run of 80 images that stores averages of some widths at ten times.
fn run_storing(folder: &std::path::Path, std: &[f64]) -> (std::path::PathBuf, Model) {
    let mut config = config();
    config.images = 80;
    config.posthoc_ema.std = std.to_vec();
    config.posthoc_ema.every = 8;
    // Without its decay the learning rate moves the weights until the end.
    config.optimizer.decay = tweedie_training::RateDecay::Constant;
    let mut run = Run::create(folder, "run", "", &environment()).unwrap();
    train_all(&mut trainer(config), &mut run);
    (run.folder().to_path_buf(), model(Parameterization::Epsilon))
}

/// The root mean square difference between two lists of weights.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
    (squares.sum::<f64>() / a.len() as f64).sqrt()
}

/// Averages of widths that are carried equal those that another training of the same seed stored, but for what the residual states.
#[test]
fn an_average_is_that_of_a_training_which_stored_it() {
    let place = tempfile::tempdir().unwrap();
    let (run, model) = run_storing(&place.path().join("two"), &[0.05, 0.1]);
    let average = |run: &std::path::Path, std: f64| {
        let found = average_of_width(&model, run, std).unwrap();
        (found, weights(&model))
    };
    let stored_std = [0.04, 0.07, 0.15, 0.2];
    let (other, _) = run_storing(&place.path().join("four"), &stored_std);
    let raw = weights(&Model::load(&run, tch::Device::Cpu).unwrap());
    for std in stored_std {
        let ((found, combined), (own, exact)) = (average(&run, std), average(&other, std));
        assert_eq!((found.images, found.combined, own.combined, own.residual), (80, 20, 1, 0.0));
        assert!(found.residual > 0.0 && found.residual < MOST_RESIDUAL);
        // ‖p_r‖ is at most 3.4 here (at .04), and the weights move by less than five times as far as the average is from the last ones.
        let (error, reach) = (distance(&combined, &exact), distance(&raw, &exact).max(1e-4));
        assert!(error < 3.4 * found.residual * 5.0 * reach + 1e-6, "{std}: {error} of {reach}");
    }
    // A stored width needs one stored average.
    let ((found, first), (_, again)) = (average(&run, 0.1), average(&run, 0.1));
    assert!(found.combined == 1 && found.residual == 0.0 && first == again);
}

/// A width beyond the stored ones is an error that leaves the weights as they were.
#[test]
fn a_width_that_is_not_carried_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let (run, model) = run_storing(place.path(), &[0.05, 0.1]);
    let before = weights(&model);
    for (std, residual) in [(0.288, "0.386"), (0.01, "0.480")] {
        let error = average_of_width(&model, &run, std).unwrap_err();
        assert!(matches!(error, Error::Width { .. }), "{error:?}");
        let text = error.to_string();
        for part in [&std.to_string(), residual, "carry the widths 0.0", " to 0.2"] {
            assert!(text.contains(part), "`{part}` is not in {text}");
        }
    }
    assert!(matches!(average_of_width(&model, &run, 0.3), Err(Error::Math(_))));
    assert!(matches!(average_of_width(&model, place.path(), 0.1), Err(Error::NoAverages { .. })));
    assert_eq!(weights(&model), before);
}
