//! Parity with `diffusers` 0.42.1: its recorded walks, step by step and from end to end.
//!
//! The recordings were computed in f32 from f32 tables; we compute in f64. So the tolerances are roundings u
//! = 2⁻²⁴ of f32 times what the formulas make of them. Reading x_0 from ε divides by s. The tables hold ᾱ, of
//! which 1 − ᾱ has a rounding of 1: n has one of 1/n, which is what the 1.66e-4 relative error of 1 − ᾱ at
//! the first level amounts to. The states are below 4.6. The factors before the roundings are those measured,
//! rounded up.

use crate::recordings::{Images, Recording, distance};
use crate::{linear, within};
use tweedie_math::{DiscreteVp, NoiseLevel, Spacing};
use tweedie_samplers::{Denoiser, Path, Step};

/// A rounding of f32.
const U: f64 = 1.0 / (1 << 24) as f64;

/// How many roundings are allowed, for each kind of comparison.
struct Allowed {
    /// In x after one step from the recorded x; times 1 + 1/n.
    step: f64,
    /// In x after all steps so far from the recorded start; times 1 + 1/n.
    walk: f64,
    /// In x̂_0; times 1/s + 1/n.
    x0: f64,
    /// Whether the states' roundings are those of 1/n at all.
    by_noise: bool,
}

fn check(recording: &Recording, allowed: &Allowed) {
    // The level stepped to sets the rounding; the last step is to clean data, with that of the level it
    // leaves.
    let roundings = |from: NoiseLevel, to: NoiseLevel| {
        let n = if to.is_clean() { from.noise_rate() } else { to.noise_rate() };
        if allowed.by_noise { U * (1.0 + 1.0 / n) } else { U }
    };
    let denoiser = recording.denoiser();
    for (i, pair) in recording.path.levels().windows(2).enumerate() {
        let step = Path::new(pair.to_vec()).unwrap();
        let x = recording.sample(&recording.xs[i], &step, &recording.noise[i..], &mut ());
        within(distance(&x, &recording.xs[i + 1]), 0.0, allowed.step * roundings(pair[0], pair[1]));
        let (s, n) = (pair[0].signal_rate(), pair[0].noise_rate());
        let x0 = denoiser.denoise(&recording.xs[i], pair[0].into()).unwrap().x0;
        within(distance(&x0, &recording.x0[i]), 0.0, allowed.x0 * U * (1.0 / s + 1.0 / n));
    }
    let mut n_steps = 0;
    let mut compare = |step: &Step, x: &Images| {
        let off = distance(x, &recording.xs[step.index + 1]);
        within(off, 0.0, allowed.walk * roundings(step.from, step.to));
        n_steps += 1;
    };
    recording.sample(&recording.xs[0], &recording.path, &recording.noise, &mut compare);
    assert_eq!(n_steps, 50);
}

fn check_recording(name: &str) {
    let Some(recording) = Recording::read(name) else { return };
    // As a user would choose it: our process, our spacing of times.
    let config = &recording.config;
    let number = |key: &str| config[key].as_f64().unwrap();
    assert_eq!(
        (&config["beta_schedule"], &config["timestep_spacing"]),
        (&"linear".into(), &"leading".into())
    );
    let process =
        DiscreteVp::linear(number("num_train_timesteps") as usize, number("beta_start"), number("beta_end"));
    assert_eq!(process.unwrap(), linear());
    let times = Spacing::Leading.times(1000, 50, number("steps_offset") as usize).unwrap();
    assert_eq!(times, recording.times);
    // Measured: at most 6.6, 12.6 and 5.6 (in x: 5.9e-6 after a step, 7.8e-6 after a walk; in x̂_0: 9.6e-6).
    check(&recording, &Allowed { step: 7.0, walk: 13.0, x0: 6.0, by_noise: true });
    // On its own levels its arithmetic alone is left. DDIM's is exact but for roundings of states of up to 4
    // (measured 7.9 and 17.3, or 4.7e-7 and 1.0e-6); DDPM takes β = 1 − ᾱ_t/ᾱ_s in f32 (measured 4.4 and 6.9,
    // or 3.7e-6 and 4.9e-6).
    let (step, walk) = if recording.is_ddim() { (8.0, 18.0) } else { (4.5, 7.0) };
    let by_noise = !recording.is_ddim();
    // Measured 2.0.
    check(&recording.on_its_own_levels(), &Allowed { step, walk, x0: 2.1, by_noise });
}

macro_rules! recordings {
    ($($test:ident: $name:literal,)*) => {$(
        #[test]
        fn $test() {
            check_recording($name);
        }
    )*};
}

recordings! {
    ddpm_fixed_small: "ddpm_var_fixed_small",
    ddpm_leading: "ddpm_space_leading_50",
    ddpm_fixed_large: "ddpm_var_fixed_large",
    ddpm_learned_range: "ddpm_var_learned_range",
    ddpm_predicting_v: "ddpm_pred_v_prediction",
    ddim_without_noise: "ddim_eta0.0",
    ddim_with_noise: "ddim_eta1.0",
    ddim_with_rederived_noise: "ddim_clip_rederive",
}

/// The f32 table of ᾱ differs from ours: by 3.6e-7 relative, and in 1 − ᾱ_1 by
/// 1.66e-4.
#[test]
fn tables_differ_by_their_roundings() {
    let Some(recording) = Recording::read("ddpm_var_fixed_small") else { return };
    let process = linear();
    for (t, theirs) in (1..=1000).zip(&recording.alphas_cumprod) {
        within(*theirs, process.alpha_bar(t), 3.7e-7 * theirs);
    }
    let n = process.level(1).noise_rate();
    within((1.0 - recording.alphas_cumprod[0]) / (n * n) - 1.0, 0.0, 1.7e-4);
}
