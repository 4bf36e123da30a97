//! Every sampler is the same in any process, and leaves pure noise in those that have it.

use crate::roster::{Sampler, diffusions, others, solvers};
use crate::{Batch, level};
use ndarray::array;
use tweedie_math::{GaussianData, Mixture, NoiseLevel};
use tweedie_samplers::{Exact, Path, StreamNoise};

/// Two round modes.
pub fn mixture() -> Mixture {
    let at = |x, y, variance| GaussianData::isotropic(vec![x, y], variance).unwrap();
    Mixture::new(vec![(0.6, at(-1.0, 0.3, 0.05)), (0.4, at(0.8, -0.5, 0.2))]).unwrap()
}

/// Every sampler can start at pure noise, where σ is infinite, from x̂_0 and ε̂ = x. Annealed Langevin dynamics and the corrector, which
/// divide by the signal, are not tested.
#[test]
fn every_sampler_leaves_pure_noise() {
    let levels = [NoiseLevel::new(0.0, 1.0).unwrap(), level(-3.0), level(0.0), NoiseLevel::CLEAN];
    let (path, noise) = (Path::new(levels.to_vec()).unwrap(), StreamNoise::new(4, 0));
    let data = mixture();
    let flow_and_churn = others().into_iter().filter(|it| it.0 == "flow" || it.0 == "churn");
    for (name, sampler) in solvers().into_iter().chain(diffusions()).chain(flow_and_churn) {
        let x = array![[0.3, -1.2], [2.0, 0.1]];
        let found = sampler(&Exact(&data), x, &path, &noise, &mut ()).unwrap();
        assert!(found.iter().all(|x| x.abs() < 4.0), "{name}: {found}");
    }
}

/// A path's levels in another process, each of the same log-SNR.
fn in_process(levels: &[NoiseLevel], rates: impl Fn(f64) -> (f64, f64)) -> Path {
    let level = |level: &NoiseLevel| {
        let (signal, noise) = rates(level.sigma());
        NoiseLevel::new(signal, noise).unwrap()
    };
    Path::new(levels.iter().map(level).collect()).unwrap()
}

/// In x/signal every process is the same: from proportional starts and with the same noise every sampler makes the same of an exploding, a
/// preserving and a straight path, to the roundings of states of up to 40. Three are not among them and do differ: the forward step's variance,
/// which σ̂ and DDPM's larger one add to the next level, is measured in the units of the level before, and the corrector's α is that
/// of the process, both as published.
#[test]
fn the_process_does_not_matter() {
    let sigmas = [30.0, 6.0, 2.0, 3.0, 0.8, 0.3, 0.1, 0.0];
    let exploding: Vec<NoiseLevel> = sigmas.iter().map(|&s| NoiseLevel::new(1.0, s).unwrap()).collect();
    let preserving = in_process(&exploding, |s| (1.0 / 1.0_f64.hypot(s), s / 1.0_f64.hypot(s)));
    let straight = in_process(&exploding, |s| (1.0 / (1.0 + s), s / (1.0 + s)));
    let exploding = Path::new(exploding).unwrap();
    let (data, noise) = (mixture(), StreamNoise::new(2, 0));
    let x = array![[20.0, -31.0], [3.0, 8.0], [-40.0, 0.5]];
    let on = |path: &Path, sampler: Sampler<Batch>| {
        let x = &x * path.first().signal_rate();
        sampler(&Exact(&data), x, path, &noise, &mut ()).unwrap()
    };
    for (name, sampler) in solvers().into_iter().chain(diffusions()).chain(others()) {
        let expected = on(&exploding, sampler);
        for other in [&preserving, &straight] {
            let off = (on(other, sampler) - &expected).iter().fold(0.0, |m: f64, off| m.max(off.abs()));
            let differs = matches!(name, "sigma hat" | "ddpm large" | "pc");
            assert!(if differs { off > 1e-3 } else { off < 1e-12 }, "{name}: off by {off:e}");
        }
    }
}
