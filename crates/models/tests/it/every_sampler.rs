//! Every sampler with every kind of model: process, parameterization, path and sampler are independent choices.

use crate::{description, greatest, near, on, random, refusal, tiny};
use tch::Tensor;
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::sampling::{LevelRule, Sampler, SamplerOptions, SamplingConfig};
use tweedie_models::{Condition, Description, Model, VariancePrediction};
use tweedie_samplers::{Adaptive, AnnealedOptions, ReverseVariance, StreamNoise};

/// Kinds of models: discrete processes and a flow, with their parameterizations.
fn models() -> Vec<(&'static str, Model)> {
    let flow = on(Schedule::RectifiedFlow { shift: 1.0 }, Parameterization::Velocity);
    let cosine = on(Schedule::COSINE, Parameterization::X0);
    [
        ("ε", description(Parameterization::Epsilon)),
        ("v", description(Parameterization::V)),
        ("x0 on a cosine", cosine),
        ("a flow", flow),
    ]
    .into_iter()
    .map(|(name, description)| (name, random(&tiny(), description, 2)))
    .collect()
}

fn wishes(sampler: Sampler, levels: Option<LevelRule>) -> SamplingConfig {
    let options = SamplerOptions {
        ode: Adaptive { tolerance: 0.05, ..Adaptive::default() },
        langevin: AnnealedOptions { steps_per_level: 2, ..AnnealedOptions::default() },
        ..SamplerOptions::default()
    };
    SamplingConfig { sampler, steps: 5, levels, options, ..SamplingConfig::default() }
}

fn draw(model: &Model, sampling: &SamplingConfig) -> Result<Tensor, tweedie_models::Error> {
    model.sample(&[2, 2, 8, 8], sampling, Condition::none(), &StreamNoise::new(3, 0), &mut ())
}

/// Paths of the process' own, of Karras', of a flow, of EDM.
fn rules() -> Vec<Option<LevelRule>> {
    let of = |text: &str| Some(text.parse().unwrap());
    vec![None, of("karras:5"), of("log_snr:5"), of("flow:5"), of("flow:5,3"), of("edm:5")]
}

#[test]
fn every_sampler_draws_from_every_model_on_every_path() {
    for (name, model) in models() {
        for levels in rules() {
            for sampler in Sampler::of_denoisers() {
                let sampling = wishes(sampler, levels.clone());
                let what = format!("{name}, {sampler} on {levels:?}");
                let x = draw(&model, &sampling).unwrap_or_else(|error| panic!("{what}: {error}"));
                let spread = x.std(true).double_value(&[]);
                assert!(bool::try_from(x.isfinite().all()).unwrap() && spread > 0.01, "{what}");
                // ε is derived from the clipped x0, with roundings of x, which is up to some hundreds.
                let most = x.abs().max().double_value(&[]);
                assert!(most <= 1.0 + 1e-4, "{what}: x0 is clipped, and there is {most}");
            }
        }
    }
}

#[test]
fn solvers_of_one_flow_agree_as_steps_grow() {
    for (name, model) in models() {
        let fine = |sampler, n| {
            let mut sampling = wishes(sampler, Some(format!("log_snr:{n}").parse().unwrap()));
            (sampling.clip, sampling.options.ode.tolerance) = (None, 1e-4);
            if sampler == Sampler::Ode {
                sampling.levels = None;
            }
            draw(&model, &sampling).unwrap()
        };
        // At a level without signal the rule takes trained levels, of which there are few.
        if name == "a flow" || name == "x0 on a cosine" {
            continue;
        }
        let exact = fine(Sampler::Ode, 0);
        for sampler in [Sampler::Heun, Sampler::Dpm2m, Sampler::Dpm3m, Sampler::UniPc, Sampler::Ddim] {
            let off = |n| greatest(&fine(sampler, n), &exact);
            let (few, many) = (off(20), off(160));
            // Below a hundredth roundings and the reference's own error are seen.
            assert!(many < 0.4 * few || many < 0.01, "{name}, {sampler}: {few} by 20 steps, {many} by 160");
        }
    }
}

#[test]
fn euler_is_ddim_and_its_ancestral_form_is_ddim_with_noise() {
    for (name, model) in models() {
        for (eta, euler) in [(0.0, Sampler::Euler), (0.6, Sampler::EulerAncestral)] {
            let of = |sampler| draw(&model, &SamplingConfig { eta, ..wishes(sampler, None) }).unwrap();
            near(&of(euler), &of(Sampler::Ddim), 1e-4);
            assert!(greatest(&of(euler), &of(Sampler::Heun)) > 1e-4, "{name}: Heun changes nothing");
        }
    }
}

#[test]
fn an_optimal_variance_lies_above_the_posteriors() {
    let model = random(&tiny(), description(Parameterization::Epsilon), 2);
    let of = |variance| {
        let sampling = SamplingConfig { variance, clip: None, ..wishes(Sampler::Ddpm, None) };
        draw(&model, &sampling).unwrap()
    };
    let (small, optimal) = (of(ReverseVariance::FixedSmall), of(ReverseVariance::Optimal));
    assert!(optimal.equal(&of(ReverseVariance::Optimal)), "the probes are the noise's own");
    assert!(greatest(&small, &optimal) > 1e-3);
    let learned = SamplingConfig { variance: ReverseVariance::Learned, ..wishes(Sampler::Ddpm, None) };
    assert!(refusal(draw(&model, &learned)).contains("learned reverse variance"));
    let range = Description { variance: VariancePrediction::Range, ..description(Parameterization::Epsilon) };
    let network = tweedie_networks::UNetConfig { out_channels: 4, ..tiny() };
    assert!(draw(&random(&network, range, 2), &learned).is_ok());
}

#[test]
fn options_out_of_range_are_refused_by_name() {
    let model = random(&tiny(), description(Parameterization::Epsilon), 2);
    type Change = fn(&mut SamplingConfig);
    let cases: [(Change, &str); 13] = [
        (|s| s.options.heun.sigmas = Some([2.0, 1.0]), "greatest sigma of churn is 1"),
        (|s| s.options.heun.sigmas = Some([0.0, f64::INFINITY]), "greatest sigma of churn is inf"),
        (|s| s.options.clip.threshold_most = Some(0.0), "greatest threshold is 0"),
        (|s| s.options.langevin.friction = Some(-1.0), "friction is -1"),
        (|s| s.options.heun.churn = -1.0, "churn is -1"),
        (|s| s.options.heun.noise = f64::NAN, "churn's noise is NaN"),
        (|s| s.options.unipc.order = 4, "order is 4"),
        (|s| s.options.ode.tolerance = 1e-7, "tolerance is 1e-7"),
        (|s| s.options.pc.snr = 0.0, "snr is 0"),
        (|s| s.options.langevin.steps_per_level = 0, "number of Langevin steps is 0"),
        (|s| s.options.ddpm.variance_probes = 0, "variance probes is 0"),
        (|s| s.options.clip.threshold = Some(1.5), "quantile is 1.5"),
        (|s| (s.options.clip.threshold, s.clip) = (Some(0.9), None), "there is no clip"),
    ];
    for (change, words) in cases {
        let mut sampling = wishes(Sampler::Ddim, None);
        change(&mut sampling);
        let sentence = refusal(draw(&model, &sampling));
        assert!(sentence.contains(words), "{sentence}");
    }
    let mala = wishes("mala".parse().unwrap(), None);
    assert!(refusal(draw(&model, &mala)).contains("ratio of two densities"));
    assert!("dpm".parse::<Sampler>().unwrap_err().to_string().contains("dpmpp_2m, dpmpp_2m_sde"));
    assert_eq!("dpmpp-2m-sde".parse::<Sampler>(), Ok(Sampler::Dpm2mSde));
}
