//! The levels of continuous processes in training: each rule draws the distribution that it states.

use tch::{Device, Tensor};
use tweedie_math::{DiscreteProcess, NoiseLevel, Parameterization, Schedule};
use tweedie_models::{Description, Model};
use tweedie_networks::{PointMlp, PointMlpConfig};
use tweedie_torch::Precision;
use tweedie_training::{Error, LevelSampling, Loss, Objective, Trainer, TrainingConfig, draw_levels};

/// T.
pub const STEPS: usize = 40;

/// A process of each kind.
pub fn schedules() -> [Schedule; 4] {
    [
        Schedule::Ve { sigma_min: 0.01, sigma_max: 50.0 },
        Schedule::SubVp { beta_min: 0.1, beta_max: 20.0 },
        Schedule::Edm { sigma_min: 0.002, sigma_max: 80.0 },
        Schedule::ContinuousCosine { offset: 0.008 },
    ]
}

fn process(schedule: &Schedule) -> Box<dyn DiscreteProcess> {
    schedule.process(STEPS).unwrap()
}

fn levels(schedule: &Schedule, how: LevelSampling, n: usize) -> Vec<NoiseLevel> {
    let drawn = draw_levels(process(schedule).as_ref(), how, None, 3, 0, n);
    assert!(drawn.iter().all(|drawn| drawn.time.is_none() && drawn.weight == 1.0));
    drawn.into_iter().map(|drawn| drawn.level).collect()
}

/// Kolmogorov's statistic of values against a distribution function.
pub fn kolmogorov(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len() as f64;
    let distance = |(i, &value): (usize, &f64)| {
        let share = cdf(value);
        (share - i as f64 / n).abs().max((share - (i + 1) as f64 / n).abs())
    };
    values.iter().enumerate().map(distance).fold(0.0, f64::max)
}

/// The normal distribution function, as the error function of LibTorch has it.
fn normal_cdf(z: f64) -> f64 {
    Tensor::from(-z / std::f64::consts::SQRT_2).erfc().double_value(&[]) / 2.0
}

/// √n·D is above 2.23 once in 10,000 draws of the stated distribution (2·e^(−2·2.23²)).
pub const KOLMOGOROV: f64 = 2.23;

/// The coordinate in which the T levels lie evenly, written out for each process, from 0 at level 1 to 1 at level T.
fn coordinate(schedule: &Schedule, level: NoiseLevel) -> f64 {
    let sigma = level.noise_rate() / level.signal_rate();
    let between = |low: f64, high: f64, value: f64| (value - low) / (high - low);
    match *schedule {
        Schedule::Ve { sigma_min, sigma_max } => between(sigma_min.ln(), sigma_max.ln(), sigma.ln()),
        Schedule::Edm { sigma_min, sigma_max } => {
            let root = |sigma: f64| sigma.powf(1.0 / 7.0);
            between(root(sigma_min), root(sigma_max), root(sigma))
        }
        Schedule::SubVp { beta_min, beta_max } => {
            // −2·ln(signal) = β_min·t + t²·(β_max − β_min)/2.
            let (a, b) = ((beta_max - beta_min) / 2.0, beta_min);
            let fallen = -2.0 * level.signal_rate().ln();
            between(1e-3, 1.0, ((b * b + 4.0 * a * fallen).sqrt() - b) / (2.0 * a))
        }
        Schedule::ContinuousCosine { offset } => {
            let quarter = std::f64::consts::FRAC_PI_2 / (1.0 + offset);
            let cosine = level.signal_rate() * (offset * quarter).cos();
            between(1e-3, 1.0, cosine.acos() / quarter - offset)
        }
        _ => unreachable!(),
    }
}

#[test]
fn uniform_levels_are_uniform_where_the_levels_are_even() {
    let n = 4000;
    for schedule in schedules() {
        let drawn = levels(&schedule, LevelSampling::Uniform {}, n);
        let places: Vec<f64> = drawn.iter().map(|&level| coordinate(&schedule, level)).collect();
        assert!(places.iter().all(|place| (-1e-9..=1.0 + 1e-9).contains(place)));
        let distance = kolmogorov(places, |place| place.clamp(0.0, 1.0));
        assert!((n as f64).sqrt() * distance < KOLMOGOROV, "{schedule}: {distance}");
        // Spread draws are nearer to it than any random ones: a golden-ratio sequence has a discrepancy of about ln(n)/n.
        let spread = levels(&schedule, LevelSampling::Stratified {}, n);
        let places = spread.iter().map(|&level| coordinate(&schedule, level)).collect();
        let distance = kolmogorov(places, |place| place.clamp(0.0, 1.0));
        assert!(distance < (n as f64).ln() / n as f64, "{schedule}: {distance}");
    }
}

/// ln σ and the log-SNR are normal; what lies outside the process is moved to its ends, whose share is then that of the tails.
#[test]
fn normal_levels_are_normal_within_the_process() {
    let n = 4000;
    for schedule in schedules() {
        let (mean, std) = (-0.6, 1.2);
        let drawn = levels(&schedule, LevelSampling::LogNormalSigma { mean, std }, n);
        let logs: Vec<f64> = drawn.iter().map(|level| level.sigma().ln()).collect();
        let ends = [1, STEPS].map(|time| process(&schedule).level(time).sigma().ln());
        assert!(logs.iter().all(|log| (ends[0] - 1e-9..=ends[1] + 1e-9).contains(log)), "{schedule}");
        // Inside the ends the distribution function is the normal one; at an end it jumps, which is left out.
        let inside = |log: &f64| ends[0] + 1e-9 < *log && *log < ends[1] - 1e-9;
        let (low, high) = (normal_cdf((ends[0] - mean) / std), normal_cdf((ends[1] - mean) / std));
        let kept: Vec<f64> = logs.iter().copied().filter(inside).collect();
        let (share, expected) = (kept.len() as f64 / n as f64, high - low);
        let error = (expected * (1.0 - expected) / n as f64).sqrt();
        assert!((share - expected).abs() <= 4.0 * error + 1e-9, "{schedule}: {share} against {expected}");
        let size = (kept.len() as f64).sqrt();
        let distance = kolmogorov(kept, |log| (normal_cdf((log - mean) / std) - low) / (high - low));
        assert!(size * distance < KOLMOGOROV, "{schedule}: {distance}");
        // The same distribution as one of the log-SNR, −2·ln σ: the same normal numbers with the sign turned.
        let as_snr = LevelSampling::NormalLogSnr { mean: -2.0 * mean, std: -2.0 * -std };
        let mirrored = levels(&schedule, as_snr, n);
        let logs: Vec<f64> = mirrored.iter().map(|level| level.sigma().ln()).filter(inside).collect();
        let size = (logs.len() as f64).sqrt();
        let distance = kolmogorov(logs, |log| (normal_cdf((log - mean) / std) - low) / (high - low));
        assert!(size * distance < KOLMOGOROV, "{schedule}: {distance}");
    }
}

/// What counts trained levels is refused, naming the key.
#[test]
fn what_counts_levels_is_refused() {
    let refused = |objective: Objective| {
        let network = PointMlpConfig { width: 4, blocks: 1, ..PointMlpConfig::default() };
        let network = PointMlp::new(&network, Device::Cpu, 0).unwrap();
        let description = Description::new(schedules()[1].clone(), STEPS, Parameterization::V);
        let model = Model::of_network(Box::new(network), description).unwrap();
        let config = TrainingConfig { objective, ..TrainingConfig::default() };
        match Trainer::new(model, config, Precision::F32) {
            Err(Error::Config { key, .. }) => key,
            other => panic!("not refused: {:?}", other.map(|_| ())),
        }
    };
    let levels = LevelSampling::Importance { history: 2, uniform_share: 0.1 };
    assert_eq!(refused(Objective { levels, ..Objective::default() }), "training.objective.levels");
    for loss in [Loss::Vlb, Loss::Hybrid] {
        assert_eq!(refused(Objective { loss, ..Objective::default() }), "training.objective.loss");
    }
}
