//! The subcommand `tweedie compare`.

mod report;

use crate::arguments::Compare;
use crate::progress::Terminal;
use anyhow::{Context, bail};
use tweedie_applications::comparison::{compare, reference, with_sampler};
use tweedie_applications::generation::{Generator, GeneratorOptions};
use tweedie_models::Model;
use tweedie_models::sampling::{Sampler, SamplingConfig};

/// Samples from the same noise with each sampler and number of steps. Reports the cost of each and its distance from a reference.
pub fn run(options: &Compare) -> anyhow::Result<()> {
    if options.samplers.is_empty() || options.steps.is_empty() {
        bail!("--samplers and --steps must name at least one value each");
    }
    options.how.check_taken(&options.samplers)?;
    let (mut model, precision) = super::open_model(
        &options.model,
        &options.folder.options(&options.device, &options.precision, options.n),
    )?;
    model.set_micro_batch(options.how.micro_batch.map(|size| size as usize));
    let about = model.about();
    if !about.is_images() {
        bail!("the model generates data of shape {}; samplers can be compared only on images", about.data);
    }
    let samplings = samplings(options, &model)?;
    let own = GeneratorOptions {
        sampling: samplings[0].clone(),
        class: options.class.clone(),
        guidance: options.guidance.options(),
    };
    let mut generator = Generator::new(&model, own)?;
    samplings.iter().try_for_each(|sampling| model.check_sampling(sampling))?;
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot create {}", options.out.display()))?;
    for name in [report::SHEET, report::TABLE] {
        tweedie_files::check_writable(&options.out.join(name))?;
    }
    let mut terminal = Terminal::interruptible()?;
    let rows = compare(&mut generator, samplings, options.n, options.seed, &mut terminal, &mut |_| {})?;
    report::write(options, &model, precision, &rows)
}

/// The sampling configuration of the reference, followed by those of each sampler with each number of steps.
fn samplings(options: &Compare, model: &Model) -> anyhow::Result<Vec<SamplingConfig>> {
    let own = model.sampling();
    let mut samplings = vec![reference(model, options.reference)?];
    for &sampler in &options.samplers {
        // The adaptive solver chooses its own number of steps, so it runs once.
        let n = if sampler == Sampler::Ode { 1 } else { options.steps.len() };
        for &steps in &options.steps[..n] {
            let levels = (sampler != Sampler::Ode).then(|| options.spread.levels(steps)).transpose()?;
            samplings.push(options.how.apply(with_sampler(own, sampler, steps, levels))?);
        }
    }
    Ok(samplings)
}
