//! Every schedule against its formula as the papers write it, straightforwardly.

use crate::strategies::{any_beta, any_vp_schedule};
use crate::{close, within};
use proptest::prelude::*;
use tweedie_math::{DiscreteVp, Schedule};

/// β_1 … β_T, each with the roundings that the formula itself loses by, in units of f64's.
pub fn formula(schedule: &Schedule, steps: usize) -> Vec<(f64, f64)> {
    if let Schedule::ZeroTerminalSnr { of } = schedule {
        return rescaled(&formula(of, steps));
    }
    let share = |i: usize, n: usize| i as f64 / (n as f64 - 1.0).max(1.0);
    let ramp = |low: f64, high: f64, i: usize, n: usize| low + (high - low) * share(i, n);
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    // 1 − f(u + 1/T)/f(u) of an ᾱ = f(u) that may be small, whose own roundings are in units of the greatest f there is.
    let of_ratio = |f: &dyn Fn(f64) -> f64, i: usize, cap: f64| {
        let (from, to) = (f(i as f64 / steps as f64), f((i + 1) as f64 / steps as f64));
        ((1.0 - to / from).min(cap), 8.0 * f(0.0) / from)
    };
    let scale = 1000.0 / steps as f64;
    let beta = |i: usize| match schedule {
        Schedule::Linear { beta_start, beta_end } => (ramp(*beta_start, *beta_end, i, steps), 8.0),
        Schedule::ScaledLinear { beta_start, beta_end } => {
            (ramp(scale * beta_start, scale * beta_end, i, steps), 8.0)
        }
        Schedule::Quadratic { beta_start, beta_end } => {
            (ramp(beta_start.sqrt(), beta_end.sqrt(), i, steps).powi(2), 8.0)
        }
        Schedule::Constant { beta } => (*beta, 8.0),
        Schedule::WarmUp { beta_start, beta_end, share } => {
            let rising = (share * steps as f64).floor() as usize;
            (if i < rising { ramp(*beta_start, *beta_end, i, rising) } else { *beta_end }, 8.0)
        }
        Schedule::Binomial {} => (1.0 / (steps - i) as f64, 8.0),
        Schedule::Cosine { offset, max_beta } => {
            let f = |u: f64| ((u + offset) / (1.0 + offset) * core::f64::consts::FRAC_PI_2).cos();
            // Of the cosine before it is squared: the angle's rounding is one of its slope.
            let (root, doubt) = of_ratio(&f, i, 1.0);
            ((1.0 - (1.0 - root).powi(2)).min(*max_beta), doubt)
        }
        Schedule::Sigmoid { beta_start, beta_end } => {
            (beta_start + sigmoid(-6.0 + 12.0 * share(i, steps)) * (beta_end - beta_start), 8.0)
        }
        Schedule::SigmoidAlphaBar { start, end, temperature, max_beta } => {
            let last = end / temperature;
            let f = |u: f64| {
                let z = (u * (end - start) + start) / temperature;
                // 1 − sigmoid(z) is sigmoid(−z), which is the smaller one above 0.
                if z > 0.0 { sigmoid(-z) - sigmoid(-last) } else { sigmoid(last) - sigmoid(z) }
            };
            let (beta, _) = of_ratio(&f, i, *max_beta);
            // A difference of sigmoids whose arguments, of some size, come near each other.
            let argument = 1.0 + start.abs().max(end.abs()) / temperature;
            let apart = (end - start) / temperature * (steps - i) as f64 / steps as f64;
            (beta, 16.0 * argument / apart.min(1.0))
        }
        Schedule::Explicit { betas } => (betas[i], 8.0),
        Schedule::ExplicitAlphaBars { alpha_bars } => {
            (1.0 - alpha_bars[i] / if i == 0 { 1.0 } else { alpha_bars[i - 1] }, 8.0)
        }
        _ => panic!("a schedule without a formula here"),
    };
    (0..steps).map(beta).collect()
}

/// √ᾱ ← (√ᾱ − √ᾱ_T)·√ᾱ_1/(√ᾱ_1 − √ᾱ_T), as `diffusers` has it.
fn rescaled(of: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let (mut product, mut lost) = (1.0, 0.0);
    let roots: Vec<(f64, f64)> = of
        .iter()
        .map(|(beta, doubt)| {
            product *= 1.0 - beta;
            lost += doubt / (1.0 - beta);
            (f64::sqrt(product), lost)
        })
        .collect();
    let (first, last) = (roots[0].0, roots[of.len() - 1].0);
    let shifted = |(root, _): (f64, f64)| (root - last) * first / (first - last);
    let mut before = 1.0;
    roots
        .iter()
        .map(|root| {
            let alpha_bar = shifted(*root).powi(2);
            let beta = 1.0 - alpha_bar / before;
            // What a difference from √ᾱ_T leaves of the roots' digits, in a root and in the one before.
            let doubt = (8.0 + root.1) * (1.0 + first / before.sqrt()) * first / (first - last);
            before = alpha_bar;
            (beta, doubt)
        })
        .collect()
}

/// α_t, β_t and ᾱ_t against the betas of the formula.
///
/// The process takes β_t from the difference of two sums, hence a rounding of |ln ᾱ_t| beside the formula's own. The product of the α
/// adds their relative doubts.
fn check(schedule: &Schedule, steps: usize) {
    let process = DiscreteVp::new(schedule, steps).unwrap();
    let betas = formula(schedule, steps);
    // Without cancellation: 1 − ᾱ_1 is β_1 itself, however small.
    let n = process.level(1).noise_rate();
    let (first, lost) = betas[0];
    let says_alpha_bar = matches!(
        schedule,
        Schedule::Cosine { .. }
            | Schedule::SigmoidAlphaBar { .. }
            | Schedule::ExplicitAlphaBars { .. }
            | Schedule::ZeroTerminalSnr { .. }
    );
    within(n * n, first, if says_alpha_bar { lost * f64::EPSILON } else { 1e-15 * first });
    let (mut product, mut doubt) = (1.0, 0.0);
    for (t, (beta, lost)) in (1..=steps).zip(betas) {
        product *= 1.0 - beta;
        let rounding = f64::EPSILON * (lost + process.alpha_bar(t - 1).ln().abs());
        doubt += rounding / (1.0 - beta);
        within(process.beta(t), beta, rounding);
        within(process.alpha(t), 1.0 - beta, rounding);
        close(process.alpha_bar(t), product, doubt);
    }
}

/// With the constants in use.
#[test]
fn named_schedules_follow_their_formulas() {
    let (beta_start, beta_end) = (1e-4, 0.02);
    let mut all = vec![
        Schedule::LINEAR,
        Schedule::SR3,
        Schedule::COSINE,
        Schedule::SIGMOID_ALPHA_BAR,
        Schedule::Cosine { offset: 0.1, max_beta: 0.5 },
        Schedule::Quadratic { beta_start, beta_end },
        Schedule::Constant { beta: 0.01 },
        Schedule::WarmUp { beta_start, beta_end, share: 0.1 },
        Schedule::WarmUp { beta_start, beta_end, share: 0.5 },
        Schedule::Binomial {},
        Schedule::Sigmoid { beta_start, beta_end },
    ];
    for steps in [1, 2, 10, 1000] {
        all.iter().for_each(|schedule| check(schedule, steps));
    }
    all.push(Schedule::ScaledLinear { beta_start, beta_end });
    for steps in [30, 1000, 4000] {
        for schedule in &all {
            check(schedule, steps);
            check(&Schedule::ZeroTerminalSnr { of: Box::new(schedule.clone()) }, steps);
        }
    }
}

proptest! {
    #[test]
    fn any_schedule_follows_its_formula((schedule, steps) in any_vp_schedule()) {
        check(&schedule, steps);
    }

    /// However small the first.
    #[test]
    fn explicit_betas_come_back(
        log_beta in -40.0..-1.0f64, betas in prop::collection::vec(any_beta(), 0..60), ends in any::<bool>(),
    ) {
        let mut betas = betas;
        betas.insert(0, log_beta.exp());
        if ends {
            betas.push(1.0);
        }
        let steps = betas.len();
        check(&Schedule::Explicit { betas }, steps);
    }
}
