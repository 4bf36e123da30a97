//! Every sampler behind one signature, for laws that all of them obey.

use tweedie_samplers::{
    Adaptive, Annealed, Churn, Corrector, DdimNoise, Denoiser, Dynamics, Error, Hook, NoiseSource, Norms,
    Path, Predictor, ReverseVariance, State, ThirdOrder, UniPc, UniPcKernel, annealed_langevin, ddim,
    ddim_with, ddpm, dpm_solver_2m, dpm_solver_3m, euler, euler_ancestral, heun, predictor_corrector,
    probability_flow, unipc,
};

pub type Sampler<X> =
    fn(&dyn Denoiser<X>, X, &Path, &dyn NoiseSource<X>, &mut dyn Hook<X>) -> Result<X, Error>;

/// A sampler with its name.
pub type Named<X> = (&'static str, Sampler<X>);

use Dynamics::{Ode, Sde};
use ThirdOrder::{Corrected, Published};
use UniPcKernel::{ExpH, H};

/// Those that follow the probability-flow equation by steps from level to level.
pub fn solvers<X: State>() -> Vec<Named<X>> {
    let all: [Named<X>; 10] = [
        ("ddim", |d, x, p, n, h| ddim(d, x, p, 0.0, n, h)),
        ("euler", |d, x, p, n, h| euler(d, x, p, n, h)),
        ("heun", |d, x, p, n, h| heun(d, x, p, Churn::default(), n, h)),
        ("2m", |d, x, p, n, h| dpm_solver_2m(d, x, p, Ode, n, h)),
        ("3m", |d, x, p, n, h| dpm_solver_3m(d, x, p, Ode, Corrected, n, h)),
        ("3m published", |d, x, p, n, h| dpm_solver_3m(d, x, p, Ode, Published, n, h)),
        ("unipc 1", |d, x, p, n, h| unipc(d, x, p, UniPc { order: 1, kernel: ExpH }, n, h)),
        ("unipc 2", |d, x, p, n, h| unipc(d, x, p, UniPc { order: 2, kernel: ExpH }, n, h)),
        ("unipc 3", |d, x, p, n, h| unipc(d, x, p, UniPc { order: 3, kernel: ExpH }, n, h)),
        ("unipc 3, h", |d, x, p, n, h| unipc(d, x, p, UniPc { order: 3, kernel: H }, n, h)),
    ];
    all.into()
}

/// Those that draw fresh noise, one draw a step.
pub fn diffusions<X: State>() -> Vec<Named<X>> {
    let all: [Named<X>; 9] = [
        ("ddim .5", |d, x, p, n, h| ddim(d, x, p, 0.5, n, h)),
        ("ddim 1", |d, x, p, n, h| ddim(d, x, p, 1.0, n, h)),
        ("fresh", |d, x, p, n, h| ddim_with(d, x, p, DdimNoise::Fresh, n, h)),
        ("sigma hat", |d, x, p, n, h| ddim_with(d, x, p, DdimNoise::SigmaHat, n, h)),
        ("ddpm small", |d, x, p, n, h| ddpm(d, x, p, ReverseVariance::FixedSmall, n, h)),
        ("ddpm large", |d, x, p, n, h| ddpm(d, x, p, ReverseVariance::FixedLarge, n, h)),
        ("ancestral .7", |d, x, p, n, h| euler_ancestral(d, x, p, 0.7, n, h)),
        ("2m sde", |d, x, p, n, h| dpm_solver_2m(d, x, p, Sde, n, h)),
        ("3m sde", |d, x, p, n, h| dpm_solver_3m(d, x, p, Sde, Corrected, n, h)),
    ];
    all.into()
}

/// The adaptive one, those that go up before they go down, and those that stay at a level for a while.
pub fn others<X: State>() -> Vec<Named<X>> {
    let all: [Named<X>; 4] = [
        ("flow", |d, x, p, n, h| {
            probability_flow(d, x, p, Adaptive { tolerance: 1e-5, most_steps: 10_000 }, n, h)
        }),
        ("churn", |d, x, p, n, h| heun(d, x, p, Churn { churn: 3.0, ..Churn::default() }, n, h)),
        ("pc", |d, x, p, n, h| {
            let corrector = Corrector { snr: 0.2, steps: 2, norms: Norms::PerSample };
            let predictor = Predictor::Ancestral(ReverseVariance::FixedLarge);
            predictor_corrector(d, x, p, predictor, corrector, n, h)
        }),
        ("annealed", |d, x, p, n, h| {
            annealed_langevin(
                d,
                x,
                p,
                Annealed { epsilon: 1e-3, steps_per_level: 3, friction: None, denoise: true },
                n,
                h,
            )
        }),
    ];
    all.into()
}
