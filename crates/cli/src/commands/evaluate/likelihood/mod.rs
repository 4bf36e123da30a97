//! The subcommand `tweedie evaluate likelihood`.

mod verdict;

use crate::arguments::{DecoderName, EvaluateLikelihood, FirstName, VarianceName};
use crate::commands::Ended;
use crate::output::{line, lines};
use crate::progress::Terminal;
use anyhow::{Context, bail};
use std::path::Path;
use tweedie_applications::evaluation::{Examples, config_of};
use tweedie_evaluation::likelihood::{
    BoundOptions, BoundVariance, Examples as Clean, bound_report, dequantized, divergence_for, flow_report,
    image_bounds, image_flows, solver_error,
};
use tweedie_math::decoder::NormalCdf;
use tweedie_math::number::{POSITIVE, is_positive};
use tweedie_math::{FirstVariance, NoiseLevel, Short, reverse_steps};
use tweedie_models::{Model, VariancePrediction};
use tweedie_samplers::{FlowOptions, MOST_PROBES, ReverseVariance};
use verdict::{REPORT, Verdict, compare, write};

/// Runs the subcommand.
pub fn run(options: &EvaluateLikelihood) -> anyhow::Result<Ended> {
    if options.n == 0 || options.n > 1 << 20 {
        bail!("-n is {}; it must be between 1 and {}", options.n, 1 << 20);
    }
    if options.at_once == 0 || options.at_once > 1 << 16 {
        bail!("--at-once is {}; it must be between 1 and {}", options.at_once, 1 << 16);
    }
    if !is_positive(options.tolerance) {
        bail!("--tolerance is {}; it must be {POSITIVE}", Short(options.tolerance));
    }
    if let Some(probes) = options.probes.filter(|probes| !(1..=MOST_PROBES).contains(probes)) {
        bail!("--probes is {probes}; it must be between 1 and {MOST_PROBES}");
    }
    let config = config_of(&options.models[0], &options.source.source())?;
    let judged = Examples::open(&config, options.source.data.is_some(), options.seed, 0, options.n)?;
    // All options are checked before anything is computed.
    let models = options
        .models
        .iter()
        .map(|folder| open(options, folder, &judged))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let others = match models.iter().any(|(_, variance)| *variance == VarianceName::Optimal) {
        true => {
            Some(Examples::open(&config, options.source.data.is_some(), options.seed, options.n, options.n)?)
        }
        false => None,
    };
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot create {}", options.out.display()))?;
    tweedie_files::check_writable(&options.out.join(REPORT))?;
    line(format!("data: {}, {} images, noise of seed {}", judged.what, options.n, options.seed));

    let mut watch = Terminal::interruptible()?;
    let mut verdicts = Vec::new();
    let (mut failure, mut written) = (None, Ok(Vec::new()));
    for (folder, (model, variance)) in options.models.iter().zip(&models) {
        let mut verdict = Verdict { model: folder, variance: *variance, bound: None, flow: None };
        let outcome = judge(options, model, &mut verdict, &judged, others.as_ref(), &mut watch);
        verdicts.push(verdict);
        // The report is written before it is printed, and printed if it cannot be written.
        let is_incomplete = verdicts.len() < models.len() || watch.stopped() || outcome.is_err();
        written = write(options, &judged.what, &verdicts, is_incomplete);
        let Some(verdict) = verdicts.last() else { break };
        line("");
        line(format!("model: {}", folder.display()));
        if let Some(bound) = &verdict.bound {
            lines(bound.to_string());
        }
        if let Some(flow) = &verdict.flow {
            lines(flow.to_string());
        }
        failure = outcome.err();
        if failure.is_some() || watch.stopped() {
            break;
        }
    }
    compare(&verdicts);
    line("");
    for (what, path) in written? {
        line(format!("{what:<7} {}", path.display()));
    }
    if let Some(error) = failure {
        return Err(error);
    }
    if watch.stopped() {
        line("interrupted: the figures cover the images evaluated so far");
        return Ok(Ended::Interrupted);
    }
    Ok(Ended::Completed)
}

/// Opens a model, checks the options against it, and resolves the variance of its bound.
fn open(
    options: &EvaluateLikelihood,
    folder: &Path,
    judged: &Examples,
) -> anyhow::Result<(Model, VarianceName)> {
    let flags = options.folder.raw_if(options.raw);
    let (model, _) = crate::commands::open_model(
        folder,
        &flags.options(&options.device, &options.precision, options.at_once),
    )?;
    let _fits = judged.clean(&model)?;
    judged.classes(&model, options.class.as_deref())?;
    let mut times = options.levels.times(model.process()).context("--levels")?;
    times.reverse();
    let levels: Vec<NoiseLevel> = times.iter().map(|&time| model.process().level(time)).collect();
    if !options.no_bound {
        reverse_steps(&levels, first_of(options)).context("--levels")?;
        levels.iter().try_for_each(|&level| model.check_reading(level))?;
    }
    if options.flow {
        check_flow(&model)?;
    }
    let learns = model.variance() != VariancePrediction::None;
    let variance = options.variance.unwrap_or(match model.sampling().variance {
        _ if learns => VarianceName::Learned,
        ReverseVariance::FixedSmall => VarianceName::FixedSmall,
        _ => VarianceName::FixedLarge,
    });
    if variance == VarianceName::Learned && !learns {
        bail!(
            "{} predicts no variance; --variance must be fixed-small, fixed-large or optimal",
            folder.display()
        );
    }
    Ok((model, variance))
}

/// Returns an error unless the flow can be integrated from the first trained level to the last.
fn check_flow(model: &Model) -> anyhow::Result<()> {
    let (process, last) = (model.process(), model.process().steps());
    if last < 2 {
        bail!("--flow needs at least two trained levels; the model has {last}");
    }
    let between = process.at_time(1.5)?;
    for level in [process.level(1), between, process.level(last)] {
        model.check_reading(level).context("--flow")?;
    }
    Ok(())
}

fn first_of(options: &EvaluateLikelihood) -> FirstVariance {
    match options.first {
        FirstName::SecondPosterior => FirstVariance::SecondPosterior,
        FirstName::OwnForward => FirstVariance::OwnForward,
    }
}

/// Evaluates a model and stores the results in `verdict`. Results obtained before an error are kept.
fn judge(
    options: &EvaluateLikelihood,
    model: &Model,
    verdict: &mut Verdict,
    judged: &Examples,
    others: Option<&Examples>,
    watch: &mut Terminal,
) -> anyhow::Result<()> {
    let variance = verdict.variance;
    let n_values = judged.shape.n_values();
    let examples = |judged: &Examples| {
        Ok::<_, anyhow::Error>(Clean {
            x0: judged.clean(model)?,
            classes: judged.classes(model, options.class.as_deref())?,
        })
    };
    let images = model.about().standardization.is_none();
    let range = model.about().range;
    if !options.no_bound {
        let mut how = BoundOptions {
            times: options.levels.times(model.process())?,
            variance: match variance {
                VarianceName::FixedSmall => BoundVariance::FixedSmall,
                VarianceName::FixedLarge | VarianceName::Optimal => BoundVariance::FixedLarge,
                VarianceName::Learned => BoundVariance::Learned,
            },
            first: first_of(options),
            cdf: match options.decoder {
                DecoderName::Exact => NormalCdf::Exact,
                DecoderName::Tanh => NormalCdf::Tanh,
            },
            clip: !options.no_clip,
            at_once: options.at_once,
            seed: options.seed,
        };
        if let (VarianceName::Optimal, Some(others)) = (variance, others) {
            // The variance is measured on other examples with other noise.
            let how_others = BoundOptions { seed: options.seed.wrapping_add(1), ..how.clone() };
            let measured = image_bounds(model, &examples(others)?, &how_others, watch)?;
            if watch.stopped() {
                return Ok(());
            }
            let mean =
                |i: usize| measured.iter().map(|it| it.x0_errors[i]).sum::<f64>() / measured.len() as f64;
            how.variance = BoundVariance::Optimal((0..how.times.len()).map(mean).collect());
        }
        let bounds = image_bounds(model, &examples(judged)?, &how, watch)?;
        if !bounds.is_empty() {
            let width = images.then_some(range.high - range.low);
            verdict.bound =
                Some(bound_report(&bounds, n_values, &how, model.process(), width, options.terms));
        }
    }
    if options.flow && !watch.stopped() {
        let divergence = divergence_for(n_values, options.probes);
        let how = FlowOptions { divergence, tolerance: options.tolerance, ..FlowOptions::default() };
        let mut examples = examples(judged)?;
        if images {
            examples.x0 = dequantized(&examples.x0, range, options.seed)?;
        }
        let flows = image_flows(model, &examples, how, options.at_once, options.seed, watch)?;
        if !flows.is_empty() {
            let report = |error| flow_report(&flows, n_values, divergence, images.then_some(range), error);
            verdict.flow = Some(report(None));
            if !watch.stopped() {
                let error = solver_error(model, &examples, &flows, how, options.seed, watch)?;
                verdict.flow = Some(report(error));
            }
        }
    }
    Ok(())
}
