//! `tweedie compare`.

mod report;

use super::drawing::{Drawing, check_finite, open};
use crate::arguments::{Compare, SamplerFlags};
use crate::commands::progress;
use anyhow::{Context, bail};
use report::Row;
use std::cell::Cell;
use std::time::Instant;
use tch::{Kind, Tensor};
use tweedie_models::sampling::{Levels, Sampler, SamplingDefaults};
use tweedie_samplers::{Denoiser, Error, Estimate, StreamNoise};

/// Draws from the same noise by each sampler and number of steps; reports what each costs and how far it is from a reference.
pub fn run(options: &Compare) -> anyhow::Result<()> {
    if options.n == 0 || options.samplers.is_empty() || options.steps.is_empty() {
        bail!("-n, --samplers and --steps name at least one picture, sampler and number of steps");
    }
    if options.how.sampler.is_some() || options.how.steps.is_some() || options.how.levels.is_some() {
        bail!("compare takes --samplers, --steps and --spread instead of --sampler and --levels");
    }
    let (model, _) = open(&options.model, &options.device, &options.precision)?;
    let config = model.network().config();
    let Some([height, width]) = config.sample_size.map(|size| size.sides()) else {
        bail!("the checkpoint does not say how large its pictures are");
    };
    let channels = config.in_channels;
    if model.description().standardization.is_some() || !matches!(channels, 1 | 3) {
        bail!("this model draws arrays of {channels} channels, which are no pictures to be compared");
    }
    let shape = [options.n as i64, channels, height, width];
    let own = model.description().sampling.clone();
    let mut drawing = Drawing::new(
        model,
        &SamplerFlags { sampler: Some(Sampler::Ddim), ..options.how.clone() },
        &options.guidance,
        options.class.as_deref(),
    )?;
    // Every wish is checked before anything is drawn.
    let base = super::drawing::wishes(&options.how, own);
    let mut wishes = vec![with(&base, Sampler::Heun, options.reference, "karras")?];
    for &sampler in &options.samplers {
        // An adaptive solver has one number of steps: its own.
        let n = if sampler == Sampler::Ode { 1 } else { options.steps.len() };
        for &steps in &options.steps[..n] {
            let eta =
                if sampler == Sampler::EulerAncestral && options.how.eta.is_none() { 1.0 } else { base.eta };
            wishes.push(SamplingDefaults { eta, ..with(&base, sampler, steps, &options.spread)? });
        }
    }
    for (i, wish) in wishes.iter_mut().enumerate() {
        if i == 0 {
            wish.options.churn = 0.0;
        }
        drawing.resample(wish.clone())?;
    }
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot create {}", options.out.display()))?;
    for name in [report::SHEET, report::TABLE] {
        tweedie_weights::check_writable(&options.out.join(name))?;
    }
    let bar = progress(wishes.len() as u64);
    let mut drawn = Vec::new();
    for wish in wishes {
        drawing.resample(wish)?;
        drawn.push(draw(&drawing, shape, options.seed)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    report::write(options, &drawing.model, &drawn)
}

/// A sampler with so many steps, spread by a rule.
fn with(
    own: &SamplingDefaults,
    sampler: Sampler,
    steps: usize,
    spread: &str,
) -> anyhow::Result<SamplingDefaults> {
    let rule: Levels = format!("{spread}:{steps}").parse()?;
    // An adaptive solver has its tolerance.
    let levels = (sampler != Sampler::Ode).then_some(rule);
    Ok(SamplingDefaults { sampler, steps, levels, ..own.clone() })
}

/// Draws all pictures and counts what it costs.
fn draw(drawing: &Drawing, shape: [i64; 4], seed: u64) -> anyhow::Result<Row> {
    let noise = StreamNoise::new(seed, 0);
    let _no_gradient = tch::no_grad_guard();
    let x = drawing.start(shape, &noise)?;
    let counted = Counted { inner: drawing.denoiser(0, shape[0] as usize, &noise)?, calls: Cell::new(0) };
    let began = Instant::now();
    let x =
        tweedie_models::sampling::walk_down(&counted, x, &drawing.path, &drawing.sampling, &noise, &mut ())?;
    let seconds = began.elapsed().as_secs_f64();
    check_finite(&x)?;
    let sampling = &drawing.sampling;
    Ok(Row {
        sampler: sampling.sampler,
        steps: drawing.path.n_steps(),
        calls: counted.calls.get(),
        seconds,
        x: x.to_kind(Kind::Float),
    })
}

/// A denoiser that counts how often it is asked.
struct Counted<D> {
    inner: D,
    calls: Cell<usize>,
}

impl<D: Denoiser<Tensor>> Denoiser<Tensor> for Counted<D> {
    fn denoise_told(
        &self,
        x: &Tensor,
        at: &[tweedie_math::NoiseLevel],
        told: &[tweedie_math::NoiseLevel],
    ) -> Result<Estimate<Tensor>, Error> {
        self.calls.set(self.calls.get() + 1);
        self.inner.denoise_told(x, at, told)
    }
}
