//! Draws the figures of `docs/derivation.md`: `cargo run --release -p tweedie-report --example theory -- docs/figures`.

use std::path::{Path, PathBuf};
use tweedie_math::oracle::OracleVariance;
use tweedie_math::{
    DiscreteVp, Error, FirstVariance, FixedVariance, GaussianData, NoiseLevel, Schedule, Transition,
    Weighting, reverse_steps,
};
use tweedie_report::{Plot, Scale, Series};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder =
        PathBuf::from(std::env::args().nth(1).ok_or("missing argument: the folder for the figures")?);
    std::fs::create_dir_all(&folder)?;
    let write = |name: &str, plot: Plot| std::fs::write(Path::new(&folder).join(name), plot.svg());
    for (group, schedules) in [("of-beta", schedules_of_beta()), ("of-alpha-bar", schedules_of_alpha_bar())] {
        write(&format!("schedules-{group}.svg"), alpha_bars(&schedules)?)?;
        write(&format!("schedules-{group}-log-snr.svg"), log_snrs(&schedules)?)?;
    }
    write("schedules-rates.svg", rates()?)?;
    write("posterior.svg", posterior()?)?;
    write("weights.svg", weights()?)?;
    write("terms.svg", terms()?)?;
    write("bound-over-T.svg", bounds()?)?;
    Ok(())
}

const STEPS: usize = 1000;

fn linear() -> Schedule {
    Schedule::LINEAR
}

/// The schedules that are defined by β.
fn schedules_of_beta() -> Vec<(&'static str, Schedule)> {
    let (beta_start, beta_end) = (1e-4, 0.02);
    vec![
        ("linear", linear()),
        ("quadratic", Schedule::Quadratic { beta_start, beta_end }),
        ("warm-up .1", Schedule::WarmUp { beta_start, beta_end, share: 0.1 }),
        ("constant .01", Schedule::Constant { beta: 0.01 }),
        ("sigmoid", Schedule::Sigmoid { beta_start, beta_end }),
        ("binomial", Schedule::Binomial {}),
    ]
}

/// The linear schedule and the schedules that are defined by ᾱ.
fn schedules_of_alpha_bar() -> Vec<(&'static str, Schedule)> {
    let rescaled = |schedule| Schedule::ZeroTerminalSnr { of: Box::new(schedule) };
    vec![
        ("linear", linear()),
        ("linear, zero terminal SNR", rescaled(linear())),
        ("cosine", Schedule::COSINE),
        ("sigmoid", Schedule::SIGMOID_ALPHA_BAR),
        ("binomial", Schedule::Binomial {}),
    ]
}

/// One line for each schedule, over t/T.
fn over_time(schedules: &[(&str, Schedule)], f: impl Fn(NoiseLevel) -> f64) -> Result<Vec<Series>, Error> {
    let line = |(name, schedule): &(&str, Schedule)| {
        let process = DiscreteVp::new(schedule, STEPS)?;
        let point = |t: usize| (t as f64 / STEPS as f64, f(process.level(t)));
        Ok(Series { name: (*name).into(), points: (1..=STEPS).step_by(5).map(point).collect() })
    };
    schedules.iter().map(line).collect()
}

fn plot(title: &str, x_label: &str, y_label: &str, y_scale: Scale, series: Vec<Series>) -> Plot {
    Plot { title: title.into(), x_label: x_label.into(), y_label: y_label.into(), y_scale, series }
}

fn alpha_bars(schedules: &[(&str, Schedule)]) -> Result<Plot, Error> {
    let series = over_time(schedules, |level| level.signal_rate() * level.signal_rate())?;
    Ok(plot("remaining share of the data's variance, T = 1000", "t/T", "ᾱ", Scale::FromZero, series))
}

fn log_snrs(schedules: &[(&str, Schedule)]) -> Result<Plot, Error> {
    let series = over_time(schedules, |level| level.log_snr())?;
    Ok(plot("log-SNR, T = 1000", "t/T", "ln(signal²/noise²)", Scale::Linear, series))
}

fn rates() -> Result<Plot, Error> {
    let mut series = Vec::new();
    for (name, schedule) in [("linear", linear()), ("cosine", Schedule::COSINE)] {
        let process = DiscreteVp::new(&schedule, STEPS)?;
        let line = |rate: fn(&NoiseLevel) -> f64| {
            (1..=STEPS).step_by(3).map(|t| (t as f64 / STEPS as f64, rate(&process.level(t)))).collect()
        };
        series.push(Series { name: format!("signal, {name}"), points: line(NoiseLevel::signal_rate) });
        series.push(Series { name: format!("noise, {name}"), points: line(NoiseLevel::noise_rate) });
    }
    Ok(plot("signal and noise rate, T = 1000", "t/T", "rate", Scale::FromZero, series))
}

fn posterior() -> Result<Plot, Error> {
    let mut series = Vec::new();
    for (name, schedule) in [("linear", linear()), ("cosine", Schedule::COSINE)] {
        let process = DiscreteVp::new(&schedule, STEPS)?;
        let mut lines: [Vec<(f64, f64)>; 3] = Default::default();
        for t in (2..=STEPS).step_by(2) {
            let posterior = Transition::between(process.level(t - 1), process.level(t))?.posterior();
            let values = [posterior.x0_coefficient, posterior.xt_coefficient, posterior.variance];
            for (line, value) in lines.iter_mut().zip(values) {
                line.push((t as f64, value));
            }
        }
        for (what, points) in ["of x0", "of x_t", "variance"].into_iter().zip(lines) {
            series.push(Series { name: format!("{what}, {name}"), points });
        }
    }
    Ok(plot("the posterior q(x_(t-1) | x_t, x_0), T = 1000", "t", "coefficient", Scale::Log, series))
}

fn weights() -> Result<Plot, Error> {
    let process = DiscreteVp::new(&Schedule::COSINE, STEPS)?;
    let table = [
        ("simple", Weighting::Simple {}),
        ("SNR + 1", Weighting::SnrPlusOne {}),
        ("min-SNR 5", Weighting::MinSnr { gamma: 5.0 }),
        ("P2", Weighting::P2 { k: 1.0, gamma: 1.0 }),
        ("EDM", Weighting::Edm { sigma_data: 0.5 }),
        ("bound (cosine)", Weighting::Vlb {}),
    ];
    let line = |(name, weighting): (&str, Weighting)| {
        let point = |t: usize| {
            let level = process.level(t);
            Ok((level.log_snr(), weighting.on_eps(level, Some(process.level(t - 1)))?))
        };
        let points = (5..=970).step_by(3).map(point).collect::<Result<_, Error>>()?;
        Ok(Series { name: name.into(), points })
    };
    let series = table.into_iter().map(line).collect::<Result<_, Error>>()?;
    Ok(plot("weight of an error of the predicted noise", "log-SNR", "weight on ε", Scale::Log, series))
}

/// The data distribution N(0, .25), whose variance is roughly that of images in [−1, 1].
fn data() -> Result<GaussianData, Error> {
    GaussianData::isotropic(vec![0.0], 0.25)
}

fn terms() -> Result<Plot, Error> {
    let mut series = Vec::new();
    for (name, schedule) in [("linear", linear()), ("cosine", Schedule::COSINE)] {
        let levels = DiscreteVp::new(&schedule, STEPS)?.levels();
        let steps = reverse_steps(&levels, FirstVariance::SecondPosterior)?;
        let of = |variance| data().map(|data| data.expected_bound(&steps, variance, 1.0).steps);
        let optimal = of(OracleVariance::Optimal)?;
        let line = |values: Vec<f64>| {
            values.into_iter().enumerate().skip(1).step_by(2).map(|(i, y)| ((i + 1) as f64, y)).collect()
        };
        series.push(Series { name: format!("{name}, optimal variance"), points: line(optimal.clone()) });
        for (what, variance) in [("large", FixedVariance::FixedLarge), ("small", FixedVariance::FixedSmall)] {
            let fixed = of(OracleVariance::Fixed(variance))?;
            let more = fixed.iter().zip(&optimal).map(|(fixed, optimal)| fixed - optimal).collect();
            series.push(Series { name: format!("{name}, excess, fixed {what}"), points: line(more) });
        }
    }
    Ok(plot("terms L_(t-1) of the bound of N(0, .25), T = 1000", "t", "nats", Scale::Log, series))
}

fn bounds() -> Result<Plot, Error> {
    let data = data()?;
    let scaled = |schedule: &str, steps: usize| match schedule {
        "cosine" => DiscreteVp::cosine(steps),
        _ => DiscreteVp::new(&Schedule::ScaledLinear { beta_start: 1e-4, beta_end: 0.02 }, steps),
    };
    let kinds = [
        (
            "small, β̃ of t = 2",
            FirstVariance::SecondPosterior,
            OracleVariance::Fixed(FixedVariance::FixedSmall),
        ),
        (
            "large, β̃ of t = 2",
            FirstVariance::SecondPosterior,
            OracleVariance::Fixed(FixedVariance::FixedLarge),
        ),
        ("large, own β", FirstVariance::OwnForward, OracleVariance::Fixed(FixedVariance::FixedLarge)),
        ("optimal", FirstVariance::OwnForward, OracleVariance::Optimal),
    ];
    let mut series = Vec::new();
    for schedule in ["linear", "cosine"] {
        // For the cosine schedule only the two lines that differ from those of the linear schedule.
        for (name, first, variance) in
            kinds.into_iter().filter(|kind| schedule == "linear" || kind.0.starts_with("large"))
        {
            let mut points = Vec::new();
            for exponent in 10..=28 {
                // From 32 to 16,384 levels, two points per doubling.
                let steps = 2f64.powf(f64::from(exponent) / 2.0).round() as usize;
                let bound = data.expected_bound(
                    &reverse_steps(&scaled(schedule, steps)?.levels(), first)?,
                    variance,
                    1.0,
                );
                points.push((f64::from(exponent) / 2.0, bound.total() - data.entropy()));
            }
            series.push(Series { name: format!("{schedule}: {name}"), points });
        }
    }
    Ok(plot(
        "the bound above the likelihood, N(0, .25), exact denoiser",
        "log2 T",
        "nats",
        Scale::Log,
        series,
    ))
}
