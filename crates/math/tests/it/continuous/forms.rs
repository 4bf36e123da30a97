//! The kernels that papers print, and the equations that they solve.

use crate::{close, within};
use proptest::prelude::*;
use tweedie_math::{ContinuousCosine, DiscreteVp, Edm, Process, SubVpSde, Transition, VeSde, VpSde};

/// ∫β of β(t) = low + t·(high − low) from 0 to t.
fn integral(low: f64, high: f64, t: f64) -> f64 {
    low * t + 0.5 * (high - low) * t * t
}

/// β_min and β_max.
fn any_rates() -> impl Strategy<Value = (f64, f64)> {
    (0.02..2.0, 0.0..30.0).prop_map(|(low, rise)| (low, low + rise))
}

proptest! {
    /// VP: mean e^(−½∫β), variance 1 − e^(−∫β) (Song et al. 2021, eq. 29 and 33).
    #[test]
    fn vp_is_the_papers((low, high) in any_rates(), t in 0.0..1.0) {
        let level = VpSde::new(low, high).unwrap().at_time(t).unwrap();
        let beta = integral(low, high, t);
        // An exponential has the roundings of its argument, at most 17.
        close(level.signal_rate(), (-0.5 * beta).exp(), 1e-14);
        close(level.noise_rate().powi(2), -(-beta).exp_m1(), 1e-14);
    }

    /// Sub-VP: the same mean, standard deviation 1 − e^(−∫β), the VP's variance: below that of the VP (eq. 29).
    #[test]
    fn sub_vp_is_the_papers((low, high) in any_rates(), t in 0.0..1.0) {
        let level = SubVpSde::new(low, high).unwrap().at_time(t).unwrap();
        let vp = VpSde::new(low, high).unwrap().at_time(t).unwrap();
        prop_assert_eq!(level.signal_rate(), vp.signal_rate());
        close(level.noise_rate(), -(-integral(low, high, t)).exp_m1(), 1e-14);
        close(level.noise_rate(), vp.noise_rate().powi(2), 1e-14);
        prop_assert!(level.noise_rate() <= vp.noise_rate());
    }

    /// VE: x_0 itself and σ_min·(σ_max/σ_min)^t (eq. 30); between two times the variances differ by what was added.
    #[test]
    fn ve_is_the_papers(log_min in -5.0..0.0f64, log_ratio in 1.0..10.0f64, s in 1e-3..0.5, t in 0.5..1.0) {
        let (min, ratio) = (log_min.exp(), log_ratio.exp());
        let process = VeSde::new(min, min * ratio).unwrap();
        let [from, to] = [s, t].map(|t| process.at_time(t).unwrap());
        let sigma = |t: f64| min * ratio.powf(t);
        prop_assert_eq!((from.signal_rate(), to.signal_rate()), (1.0, 1.0));
        // The ratio's logarithm has roundings of its size.
        close(to.noise_rate(), sigma(t), 1e-14);
        let added = Transition::between(from, to).unwrap();
        let difference = to.noise_rate().powi(2) - from.noise_rate().powi(2);
        close(added.variance, difference, 1e-14 * to.noise_rate().powi(2) / difference);
        prop_assert_eq!(added.scale, 1.0);
    }

    /// EDM: time is σ.
    #[test]
    fn edm_is_the_papers(sigma_max in 0.5..200.0, share in 0.0..1.0) {
        let process = Edm::new(sigma_max).unwrap();
        let sigma = share * sigma_max;
        let level = process.at_time(sigma).unwrap();
        prop_assert_eq!((level.signal_rate(), level.noise_rate(), process.last_time()), (1.0, sigma, sigma_max));
        prop_assert_eq!(process.time_of(level), sigma);
    }

    /// Cosine: ᾱ(t) = f(t)/f(0) with f(t) = cos²((t + s)/(1 + s)·π/2) (Nichol & Dhariwal 2021, eq. 17).
    #[test]
    fn cosine_is_the_papers(offset in 0.0..1.0, t in 0.0..1.0) {
        let level = ContinuousCosine::new(offset).unwrap().at_time(t).unwrap();
        let root = |t: f64| ((t + offset) / (1.0 + offset) * core::f64::consts::FRAC_PI_2).cos();
        // An angle's rounding, of an angle near π/2.
        within(level.signal_rate(), root(t) / root(0.0), 1e-15 / root(0.0));
        within(level.noise_rate().powi(2), 1.0 - (root(t) / root(0.0)).powi(2), 4e-15 / root(0.0));
    }

    /// Mean and variance solve the moments' equations of dx = −½βx dt + g dw: s' = −½β·s and (n²)' = −β·n² + g² (Särkkä & Solin
    /// 2019, eq. 5.50), by central differences.
    #[test]
    fn moments_solve_their_equations((low, high) in any_rates(), t in 0.01..0.99) {
        let beta = low + t * (high - low);
        let (vp, sub) = (VpSde::new(low, high).unwrap(), SubVpSde::new(low, high).unwrap());
        let alpha_bar = (-integral(low, high, t)).exp();
        let all: [(&dyn Process, f64); 2] = [(&vp, beta), (&sub, beta * (1.0 - alpha_bar * alpha_bar))];
        for (process, g2) in all {
            let step = 1e-5;
            let moments = |t: f64| {
                let level = process.at_time(t).unwrap();
                [level.signal_rate(), level.noise_rate().powi(2)]
            };
            let ([s, variance], [after, before]) = (moments(t), [t + step, t - step].map(moments));
            let slope = |i: usize| (after[i] - before[i]) / (2.0 * step);
            // Third derivatives are below 32³ and 4·32³; 1e-16 over the step is 1e-11.
            within(slope(0), -0.5 * beta * s, 1e-5);
            within(slope(1), -beta * variance + g2, 3e-5);
        }
    }

    /// The discrete cosine schedule lies on the continuous one up to its one capped step.
    #[test]
    fn the_discrete_cosine_lies_on_the_continuous_one(steps in 2usize..2000, share in 0.0..1.0) {
        let t = 1 + (share * (steps - 2) as f64) as usize;
        let continuous = ContinuousCosine::new(0.008).unwrap().at_time(t as f64 / steps as f64).unwrap();
        let discrete = DiscreteVp::cosine(steps).unwrap().level(t);
        // Angles near π/2 have roundings of 1e-16, and sums of logarithms theirs.
        let rounding = 1e-15 * (steps as f64 / (steps - t) as f64 + t as f64);
        close(discrete.signal_rate(), continuous.signal_rate(), rounding);
        close(discrete.noise_rate(), continuous.noise_rate(), 1e-12);
    }
}

/// ᾱ at the end of the usual VP-SDE is e^(−10.05); what sub-VP has less of noise there is that.
#[test]
fn the_usual_constants() {
    close(VpSde::USUAL.at_time(1.0).unwrap().signal_rate().powi(2), 4.318_574_906_034_13e-5, 1e-12);
    close(1.0 - SubVpSde::USUAL.at_time(1.0).unwrap().noise_rate(), 4.318_574_906_034_13e-5, 1e-11);
    assert_eq!(VpSde::USUAL, VpSde::new(0.1, 20.0).unwrap());
    assert_eq!(SubVpSde::USUAL, SubVpSde::new(0.1, 20.0).unwrap());
}
