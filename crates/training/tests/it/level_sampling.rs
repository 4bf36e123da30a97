//! How levels are drawn.

use crate::common::{StopAfter, environment, go_on, identity, network};
use tch::Device;
use tweedie_math::{DiscreteVp, Parameterization, Schedule};
use tweedie_models::{Description, Model, VariancePrediction};
use tweedie_networks::UNetConfig;
use tweedie_torch::Precision;
use tweedie_training::{
    Importance, LevelSampling, LoopMemory, Loss, Objective, ReportConfig, Run, Seen, Trainer, TrainingConfig,
    draw_levels,
};

fn process() -> DiscreteVp {
    DiscreteVp::cosine(1000).unwrap()
}

fn times(how: LevelSampling, n: usize) -> Vec<usize> {
    draw_levels(&process(), how, None, 3, 0, n).into_iter().map(|drawn| drawn.time.unwrap()).collect()
}

/// ln σ and the logit of the time have the configured moments, within five standard errors and the levels' rounding.
#[test]
fn normal_levels_have_their_moments() {
    let moments = |values: Vec<f64>| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt())
    };
    let drawn = times(LevelSampling::LogNormalSigma { mean: -0.8, std: 0.9 }, 20_000);
    let (mean, std) = moments(drawn.into_iter().map(|t| process().level(t).sigma().ln()).collect());
    // 5·.9/√20000 = .032.
    assert!((mean + 0.8).abs() < 0.035 && (std - 0.9).abs() < 0.035, "{mean}, {std}");
    let drawn = times(LevelSampling::LogitNormal { mean: 0.3, std: 0.7 }, 20_000);
    let logit = |t: usize| (t as f64 / (1000.5 - t as f64)).ln();
    let (mean, std) = moments(drawn.into_iter().map(logit).collect());
    assert!((mean - 0.3).abs() < 0.03 && (std - 0.7).abs() < 0.03, "{mean}, {std}");
}

/// Any stretch of examples is spread over all levels: each tenth of them gets a tenth of 1,000 examples, off by two at most, where
/// uniform draws are off by tens.
#[test]
fn stratified_levels_are_spread_in_every_stretch() {
    let counts = |times: &[usize]| {
        let mut counts = [0i64; 10];
        times.iter().for_each(|t| counts[(t - 1) / 100] += 1);
        counts.iter().map(|count| (count - times.len() as i64 / 10).abs()).max().unwrap()
    };
    let (stratified, uniform) =
        (times(LevelSampling::Stratified {}, 5000), times(LevelSampling::Uniform {}, 5000));
    for stretch in stratified.windows(1000).step_by(97) {
        assert!(counts(stretch) <= 2, "off by {}", counts(stretch));
    }
    assert!(uniform.windows(1000).step_by(97).map(counts).max().unwrap() > 5);
    let later = draw_levels(&process(), LevelSampling::Stratified {}, None, 3, 700, 50);
    assert_eq!(later.iter().map(|drawn| drawn.time.unwrap()).collect::<Vec<_>>(), stratified[700..750]);
}

/// Uniform until every level has its history; then p ∝ √E[loss²], mixed, and the weights undo it: E[weight·f] is the mean of f.
#[test]
fn importance_is_learnt_and_undone() {
    let process = DiscreteVp::cosine(4).unwrap();
    let how = LevelSampling::Importance { history: 2, uniform_share: 0.1 };
    let mut importance = Importance::new(&process, 2, 0.1);
    let seen = |time, loss| Seen { time: Some(time), loss };
    let losses = [(1, 9.0), (1, 3.0), (1, 4.0), (2, 1.0), (2, 1.0), (3, 0.0), (3, 0.0), (4, 2.0)];
    importance.remember(&losses.map(|(time, loss)| seen(time, loss)));
    importance.remember(&[Seen { time: None, loss: 100.0 }]);
    assert_eq!(importance.probabilities(), [0.25; 4]);
    assert!(draw_levels(&process, how, Some(&importance), 0, 0, 50).iter().all(|drawn| drawn.weight == 1.0));
    importance.remember(&[seen(4, 2.0)]);
    // √((9 + 16)/2) = 3.5355, 1, 0 and 2: the loss of 9 is forgotten.
    let total = 12.5f64.sqrt() + 3.0;
    let expected = [12.5f64.sqrt(), 1.0, 0.0, 2.0].map(|moment| 0.9 * moment / total + 0.025);
    for (found, expected) in importance.probabilities().into_iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12);
    }
    let drawn = draw_levels(&process, how, Some(&importance), 0, 0, 40_000);
    let f = [1.0, -2.0, 5.0, 0.5];
    let mean = drawn.iter().map(|it| it.weight * f[it.time.unwrap() - 1]).sum::<f64>() / 40_000.0;
    let share = |t: usize| drawn.iter().filter(|it| it.time == Some(t)).count() as f64 / 40_000.0;
    for t in 1..=4 {
        // Five standard errors of a share.
        let allowed = 5.0 * (expected[t - 1] / 40_000.0).sqrt();
        assert!((share(t) - expected[t - 1]).abs() < allowed, "{t}: {}", share(t));
    }
    let second: f64 = expected.iter().zip(f).map(|(p, f)| (f / 4.0) * (f / 4.0) / p).sum();
    assert!((mean - 1.125).abs() < 5.0 * (second / 40_000.0).sqrt(), "{mean}");
}

/// A run of four levels, whose history is soon full, with the variance learned.
fn config() -> TrainingConfig {
    let levels = LevelSampling::Importance { history: 2, uniform_share: 0.05 };
    let objective = Objective { loss: Loss::Vlb, levels, ..Objective::default() };
    let report = ReportConfig { sheet: 0, held_out: 0, checkpoint: 0, tick: 32, ..ReportConfig::default() };
    TrainingConfig { images: 96, batch: 8, accumulate: 2, objective, report, ..TrainingConfig::default() }
}

fn fresh() -> Trainer {
    let network = UNetConfig { out_channels: 6, ..network() };
    let description = Description {
        variance: VariancePrediction::Range,
        ..Description::new(Schedule::COSINE, 4, Parameterization::Epsilon)
    };
    let model = Model::new(&network, description, Device::Cpu, 0).unwrap();
    Trainer::new(model, config(), Precision::F32).unwrap()
}

/// What importance sampling has seen is part of a checkpoint: stopped and resumed, the run ends with the same bytes.
#[test]
fn importance_goes_on_bit_for_bit() {
    let run_with = |stops: &[u64]| {
        let place = tempfile::tempdir().unwrap();
        let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
        let folder = run.folder().to_path_buf();
        let (mut trainer, mut progress) = (fresh(), LoopMemory::default());
        for &stop in stops {
            go_on(&mut trainer, &mut run, progress, &mut StopAfter::steps(stop));
            drop(run);
            run = Run::open(&folder).unwrap();
            trainer = fresh();
            progress = run.resume(&mut trainer, &identity()).unwrap().progress;
        }
        go_on(&mut trainer, &mut run, progress, &mut StopAfter::never());
        std::fs::read(folder.join("checkpoints/0000000096/resume/tensors.safetensors")).unwrap()
    };
    let whole = run_with(&[]);
    assert!(whole.windows(12).any(|name| name == b"level_losses"));
    assert!(run_with(&[5, 3]) == whole, "the resumed run differs");
}

/// A loss that no variance enters, or a variance that no loss teaches, is refused by the key.
#[test]
fn a_loss_needs_its_variance() {
    let refused = |variance, loss| {
        let channels = if variance == VariancePrediction::None { 3 } else { 6 };
        let network = UNetConfig { out_channels: channels, ..network() };
        let description =
            Description { variance, ..Description::new(Schedule::COSINE, 4, Parameterization::X0) };
        let model = Model::new(&network, description, Device::Cpu, 0).unwrap();
        let config = TrainingConfig { objective: Objective { loss, ..Objective::default() }, ..config() };
        Trainer::new(model, config, Precision::F32).err().map(|error| error.to_string())
    };
    for (variance, loss) in
        [(VariancePrediction::Range, Loss::Squared), (VariancePrediction::None, Loss::Hybrid)]
    {
        let sentence = refused(variance, loss).unwrap();
        assert!(sentence.contains("training.objective.loss"), "{sentence}");
    }
    assert_eq!(refused(VariancePrediction::None, Loss::Vlb), None);
    assert_eq!(refused(VariancePrediction::Log, Loss::Hybrid), None);
}

/// Numbers that describe no sampling, no weighting.
#[test]
fn objectives_are_checked() {
    let sentence =
        |objective: Objective| TrainingConfig { objective, ..config() }.check().unwrap_err().to_string();
    let levels = |levels| sentence(Objective { levels, ..Objective::default() });
    assert!(levels(LevelSampling::Importance { history: 0, uniform_share: 0.1 }).contains("history"));
    assert!(levels(LevelSampling::Importance { history: 3, uniform_share: 0.0 }).contains("share"));
    assert!(levels(LevelSampling::LogitNormal { mean: f64::NAN, std: 1.0 }).contains("levels"));
    let both = Objective {
        measured: Some(Parameterization::V),
        weighting: Some(tweedie_math::Weighting::Simple {}),
        ..Objective::default()
    };
    assert!(sentence(both).contains("weighting"));
    let bad = tweedie_math::Weighting::MinSnr { gamma: -1.0 };
    assert!(sentence(Objective { weighting: Some(bad), ..Objective::default() }).contains("gamma"));
}
