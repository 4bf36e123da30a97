//! The memory of solvers, when it is emptied, and the number of evaluations.

use crate::roster::{Named, Sampler, solvers};
use crate::{Batch, Silent, path};
use ndarray::array;
use std::cell::Cell;
use tweedie_math::{GaussianData, GaussianDenoiser, Mixture, NoiseLevel};
use tweedie_samplers::{
    Adaptive, Annealed, Churn, Corrector, Denoiser, Dynamics, Error, Estimate, Exact, Hook, Levels, Next,
    NoiseSource, Norms, Path, Predictor, ReverseVariance, Step, StreamNoise, ThirdOrder, annealed_langevin,
    ddpm, dpm_solver_2m, dpm_solver_3m, heun, predictor_corrector, probability_flow,
};

const LEVELS: [f64; 9] = [-6.0, -4.5, -3.0, -2.0, -1.0, 0.0, 1.5, 3.0, 5.0];

/// A denoiser that is not linear. For a linear one a solver with a memory would give the same results as one without.
fn mixture() -> Mixture {
    let at = |x, y| GaussianData::isotropic(vec![x, y], 0.05).unwrap();
    Mixture::new(vec![(0.6, at(-1.0, 0.3)), (0.4, at(0.8, -0.5))]).unwrap()
}

fn start() -> Batch {
    array![[0.3, -1.2], [1.4, 0.1]]
}

/// Replaces x after one step.
struct Replaced {
    after: usize,
    by: Batch,
}

impl Hook<Batch> for Replaced {
    fn after(
        &mut self,
        _: &Batch,
        step: &Step,
        _: Option<&Estimate<Batch>>,
        _: &dyn NoiseSource<Batch>,
    ) -> Result<Next<Batch>, Error> {
        Ok(if step.index == self.after { Next::Replace(self.by.clone()) } else { Next::Go })
    }
}

/// Adds a number to x after one step, and samplers keep their memory.
struct Adjusted {
    after: usize,
    add: f64,
}

impl Hook<Batch> for Adjusted {
    fn after(
        &mut self,
        x: &Batch,
        step: &Step,
        _: Option<&Estimate<Batch>>,
        _: &dyn NoiseSource<Batch>,
    ) -> Result<Next<Batch>, Error> {
        Ok(if step.index == self.after { Next::Adjust(x + self.add) } else { Next::Go })
    }
}

/// The solvers that remember.
fn multistep() -> impl Iterator<Item = Named<Batch>> {
    let remembers = ["2m", "3m", "3m published", "unipc 1", "unipc 2", "unipc 3", "unipc 3, h"];
    solvers().into_iter().filter(move |it| remembers.contains(&it.0))
}

fn walk(sampler: Sampler<Batch>, x: Batch, path: &Path, hook: &mut dyn Hook<Batch>) -> Batch {
    sampler(&Exact(&mixture()), x, path, &StreamNoise::new(0, 0), hook).unwrap()
}

/// After a hook has replaced x the walk is that of the rest of the path from there, bit for bit.
#[test]
fn a_replaced_state_has_no_past() {
    for (name, sampler) in solvers() {
        for after in [0, 2, 5, 8] {
            let by = array![[-0.3, 0.2], [0.7, -0.4]];
            let found = walk(sampler, start(), &path(&LEVELS), &mut Replaced { after, by: by.clone() });
            let expected = match &LEVELS[after + 1..] {
                [] => by,
                rest => walk(sampler, by, &path(rest), &mut ()),
            };
            assert_eq!(found, expected, "{name}, after {after}");
        }
    }
}

/// And otherwise they do remember: replaced by itself, x is walked on from otherwise. (UniPC of order 1 remembers what it corrects.)
#[test]
fn a_state_that_stays_has_one() {
    for (name, sampler) in multistep() {
        let mut third = None;
        let whole = walk(sampler, start(), &path(&LEVELS), &mut |step: &Step, x: &Batch| {
            if step.index == 3 {
                third = Some(x.clone());
            }
        });
        let by = third.unwrap();
        let forgetful = walk(sampler, start(), &path(&LEVELS), &mut Replaced { after: 3, by });
        assert_ne!(whole, forgetful, "{name}");
    }
}

/// An adjusted state keeps its past: adjusted by nothing, the walk is the same, bit for bit.
#[test]
fn an_unchanged_adjustment_changes_nothing() {
    for (name, sampler) in solvers() {
        let whole = walk(sampler, start(), &path(&LEVELS), &mut ());
        for after in [0, 2, 5, 8] {
            let found = walk(sampler, start(), &path(&LEVELS), &mut Adjusted { after, add: 0.0 });
            assert_eq!(found, whole, "{name}, after {after}");
        }
    }
}

/// An adjustment moves x, and what follows with it: by as much as a replacement does to first order, which the corrector of UniPC does
/// not undo.
#[test]
fn an_adjustment_changes_x() {
    for (name, sampler) in solvers() {
        let whole = walk(sampler, start(), &path(&LEVELS), &mut ());
        let mut third = None;
        walk(sampler, start(), &path(&LEVELS), &mut |step: &Step, x: &Batch| {
            if step.index == 3 {
                third = Some(x.clone());
            }
        });
        let third = third.unwrap();
        let add = 0.01;
        let moved = walk(sampler, start(), &path(&LEVELS), &mut Adjusted { after: 3, add }) - &whole;
        let replaced = |by| walk(sampler, start(), &path(&LEVELS), &mut Replaced { after: 3, by });
        let expected = replaced(&third + add) - replaced(third);
        for (found, expected) in moved.iter().zip(&expected) {
            assert!(
                *expected != 0.0 && found / expected > 0.5 && found / expected < 2.0,
                "{name}: {found} for {expected}"
            );
        }
    }
}

/// The error of 2M falls with the square of the step where each step is adjusted by nothing, and with the step alone where each is
/// replaced.
#[test]
fn replacements_lose_the_order() {
    let data = GaussianDenoiser { mean: 0.0, variance: 0.25 };
    struct Each(fn(Batch) -> Next<Batch>);
    impl Hook<Batch> for Each {
        fn after(
            &mut self,
            x: &Batch,
            _: &Step,
            _: Option<&Estimate<Batch>>,
            _: &dyn NoiseSource<Batch>,
        ) -> Result<Next<Batch>, Error> {
            Ok(self.0(x.clone()))
        }
    }
    let error = |n: usize, next| {
        let levels = (0..=n).map(|i| crate::level(-4.0 + 8.0 * i as f64 / n as f64)).collect();
        let path = Path::new(levels).unwrap();
        let (first, last) = (path.first(), path.levels()[n]);
        let exact = (data.marginal_variance(last) / data.marginal_variance(first)).sqrt();
        let ode = Dynamics::Ode;
        let found = dpm_solver_2m(&data, array![[1.0]], &path, ode, &Silent, &mut Each(next)).unwrap();
        (found[[0, 0]] / exact - 1.0).abs()
    };
    let order = |next: fn(Batch) -> Next<Batch>| {
        -crate::order::slope([80, 160, 320].map(|n| (n as f64, error(n, next))))
    };
    let (adjusted, replaced) = (order(Next::Adjust), order(Next::Replace));
    assert!((adjusted - 2.0).abs() < 0.1 && (replaced - 1.0).abs() < 0.1, "orders {adjusted} and {replaced}");
}

/// A climb is a new beginning: what follows is the walk from where it led.
#[test]
fn climbs_are_forgotten_over() {
    let climbing = [-4.0, -2.0, 0.0, 1.0, -1.0, 0.5, 2.0, 4.0];
    for (name, sampler) in solvers() {
        let mut top = None;
        let found = walk(sampler, start(), &path(&climbing), &mut |step: &Step, x: &Batch| {
            if step.ascends() {
                top = Some(x.clone());
            }
        });
        let expected = walk(sampler, top.unwrap(), &path(&climbing[4..]), &mut ());
        assert_eq!(found, expected, "{name}");
    }
}

/// The prediction at pure noise, where λ is −∞, is used in no difference: the walk from the next level on is a new one.
#[test]
fn pure_noise_is_not_remembered() {
    let rest = path(&LEVELS[2..]);
    let mut levels = rest.levels().to_vec();
    levels.insert(0, NoiseLevel::new(0.0, 1.0).unwrap());
    let whole = Path::new(levels).unwrap();
    for (name, sampler) in solvers() {
        let mut second = None;
        let found = walk(sampler, start(), &whole, &mut |step: &Step, x: &Batch| {
            if step.index == 0 {
                second = Some(x.clone());
            }
        });
        assert_eq!(found, walk(sampler, second.unwrap(), &rest, &mut ()), "{name}");
    }
}

/// A denoiser that counts its evaluations.
struct Counted(Cell<usize>);

impl Denoiser<Batch> for Counted {
    fn denoise(&self, x: &Batch, at: Levels<'_>) -> Result<Estimate<Batch>, Error> {
        self.0.set(self.0.get() + 1);
        Exact(&mixture()).denoise(x, at)
    }
}

/// Calls of n levels and the step to clean data: one a level for most, two for Heun but at the end, k + 1 with k corrections, T with T Langevin
/// steps and one to denoise.
#[test]
fn calls_are_counted() {
    let n = LEVELS.len();
    let calls = |sample: &dyn Fn(&Counted) -> Result<Batch, Error>| {
        let denoiser = Counted(Cell::new(0));
        sample(&denoiser).unwrap();
        denoiser.0.get()
    };
    let (path, noise) = (path(&LEVELS), StreamNoise::new(0, 0));
    for (name, sampler) in solvers() {
        let found = calls(&|d| sampler(d, start(), &path, &Silent, &mut ()));
        assert_eq!(found, if name == "heun" { 2 * n - 1 } else { n }, "{name}");
    }
    let sde = Dynamics::Sde;
    let large = ReverseVariance::FixedLarge;
    let churn = Churn { churn: 4.0, ..Churn::default() };
    let form = ThirdOrder::Corrected;
    assert_eq!(calls(&|d| ddpm(d, start(), &path, large, &noise, &mut ())), n);
    assert_eq!(calls(&|d| dpm_solver_2m(d, start(), &path, sde, &noise, &mut ())), n);
    assert_eq!(calls(&|d| dpm_solver_3m(d, start(), &path, sde, form, &noise, &mut ())), n);
    assert_eq!(calls(&|d| heun(d, start(), &path, churn, &noise, &mut ())), 2 * n - 1);
    for k in 0..3 {
        let corrector = Corrector { snr: 0.1, steps: k, norms: Norms::PerSample };
        let of = |predictor| {
            calls(&|d| predictor_corrector(d, start(), &path, predictor, corrector, &noise, &mut ()))
        };
        assert_eq!(of(Predictor::Ancestral(large)), n * (k + 1));
        // Without a predictor a level's last call is not made but at the end.
        assert_eq!(of(Predictor::None), if k == 0 { n } else { n * k + 1 });
    }
    for denoise in [true, false] {
        let how = Annealed { epsilon: 1e-3, steps_per_level: 3, friction: None, denoise };
        let found = calls(&|d| annealed_langevin(d, start(), &path, how, &noise, &mut ()));
        assert_eq!(found, 3 * n + usize::from(denoise));
    }
    // Seven stages a step, the last of which is the next one's first; one call more for each level, and the last step's.
    let how = Adaptive { tolerance: 1e-3, most_steps: 10_000 };
    let flow = calls(&|d| probability_flow(d, start(), &path, how, &Silent, &mut ()));
    assert_eq!((flow - n) % 6, 0, "{flow}");
}
