//! `tweedie compare`.

mod report;

use super::drawing::{self, Drawing, check_finite, check_used, open};
use crate::arguments::{Compare, OptionFlags, SamplerFlags};
use crate::commands::progress;
use anyhow::{Context, bail};
use report::Row;
use std::cell::Cell;
use std::time::Instant;
use tch::{Kind, Tensor};
use tweedie_models::sampling::{DdimAdds, Levels, Sampler, SamplingDefaults, walk_down};
use tweedie_samplers::{Denoiser, Error, Estimate, StreamNoise};

/// Pictures computed at once.
const AT_ONCE: i64 = 64;

/// Draws from the same noise by each sampler and number of steps; reports what each costs and how far it is from a reference.
pub fn run(options: &Compare) -> anyhow::Result<()> {
    if options.n == 0 || options.samplers.is_empty() || options.steps.is_empty() {
        bail!("-n, --samplers and --steps name at least one picture, sampler and number of steps");
    }
    check_used(&options.how, &options.samplers)?;
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
    // Every wish is checked before anything is drawn; the reference follows the flow, whatever the others do.
    let own = model.description().sampling.clone();
    let mut reference = with(&own, Sampler::Heun, options.reference, options.reference_levels()?);
    (reference.options.churn, reference.options.ddim) = (0.0, DdimAdds::Eta);
    let mut wishes = vec![reference];
    for &sampler in &options.samplers {
        // An adaptive solver has one number of steps: its own.
        let n = if sampler == Sampler::Ode { 1 } else { options.steps.len() };
        for &steps in &options.steps[..n] {
            let levels = (sampler != Sampler::Ode).then(|| options.spread.levels(steps)).transpose()?;
            wishes.push(drawing::options(&options.how, with(&own, sampler, steps, levels)));
        }
    }
    let how = SamplerFlags {
        sampler: Some(Sampler::Ddim),
        options: OptionFlags { micro_batch: options.how.micro_batch, ..OptionFlags::default() },
        ..SamplerFlags::default()
    };
    let mut drawing = Drawing::new(model, &how, &options.guidance, options.class.as_deref())?;
    for wish in &wishes {
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

/// A sampler with so many steps on some levels; it follows the flow, unless its name says noise or η is said.
fn with(own: &SamplingDefaults, sampler: Sampler, steps: usize, levels: Option<Levels>) -> SamplingDefaults {
    let eta = if sampler == Sampler::EulerAncestral { 1.0 } else { 0.0 };
    SamplingDefaults { sampler, steps, levels, eta, ..own.clone() }
}

/// Draws all pictures and counts what it costs.
fn draw(drawing: &Drawing, shape: [i64; 4], seed: u64) -> anyhow::Result<Row> {
    let _no_gradient = tch::no_grad_guard();
    let [n, channels, height, width] = shape;
    let (mut calls, mut seconds, mut parts) = (0, 0.0, Vec::new());
    for first in (0..n).step_by(AT_ONCE as usize) {
        let part = AT_ONCE.min(n - first);
        let noise = StreamNoise::new(seed, first as u64);
        let x = drawing.start([part, channels, height, width], &noise)?;
        let inner = drawing.denoiser(first as usize, part as usize, &noise)?;
        let counted = Counted { inner, calls: Cell::new(0) };
        let began = Instant::now();
        let x = walk_down(&counted, x, &drawing.path, &drawing.sampling, &noise, &mut ())?;
        seconds += began.elapsed().as_secs_f64();
        calls = calls.max(counted.calls.get());
        check_finite(&x)?;
        parts.push(x.to_kind(Kind::Float));
    }
    let x = Tensor::f_cat(&parts, 0).map_err(tweedie_torch::Error::from)?;
    let (sampling, steps) = (drawing.sampling.clone(), drawing.path.n_steps());
    Ok(Row { sampling, steps, calls, seconds, x })
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
