//! Generation of samples in batches, used by all applications.

use super::{Generator, Previews, Samples, check_finite};
use crate::Error;
use std::cell::Cell;
use std::ops::ControlFlow;
use std::time::Instant;
use tch::{Kind, Tensor};
use tweedie_math::DataShape;
use tweedie_models::sampling::walk_down;
use tweedie_models::{Model, TorchNoise};
use tweedie_report::{Event, Progress};
use tweedie_samplers::{Denoiser, Estimate, Hook, Levels, Next, NoiseSource, State, Step, StreamNoise};

/// The default batch size for images.
pub const IMAGES_AT_ONCE: usize = 64;
/// The default batch size for points, which is larger because small batches would not be faster.
const POINTS_AT_ONCE: usize = 1024;

/// The greatest number of samples, all of which are kept in memory. A larger set is generated in several runs.
pub const MOST_SAMPLES: usize = 1 << 20;
/// The greatest batch size.
pub const MOST_AT_ONCE: usize = 1 << 16;
/// The greatest number of values of a batch, 2 GiB in f32.
const MOST_VALUES: usize = 1 << 29;

/// The source of the noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// Noise keyed by the seed and the index of the sample, so that a sample depends on neither the batch nor the device.
    Stream {
        /// The seed.
        seed: u64,
    },
    /// PyTorch's CPU generator, used as in `diffusers`' pipelines, so that the same seed gives the same sample as there.
    Torch {
        /// The seed.
        seed: u64,
    },
}

impl Noise {
    /// The seed.
    pub fn seed(self) -> u64 {
        match self {
            Self::Stream { seed } | Self::Torch { seed } => seed,
        }
    }
}

/// The starting points of samples.
#[derive(Debug)]
pub enum Start {
    /// New noise.
    Noise,
    /// Given latents, (N, …).
    Given(Tensor),
}

/// A request for samples.
#[derive(Debug)]
pub struct Request {
    /// The number of samples.
    pub n: usize,
    /// The index of the first sample. The noise of a sample depends only on the seed and its index, so a large set of samples can be generated in
    /// several runs.
    pub first: u64,
    /// The batch size; 0 selects 64 images or 1024 points, or all samples in one batch with PyTorch's noise.
    pub batch: usize,
    /// Whether the last batch is completed with samples that are dropped, so that all batches have the same size.
    pub whole_batches: bool,
    /// The shape of one sample.
    pub shape: DataShape,
    /// The source of the noise.
    pub noise: Noise,
    /// The starting points of samples.
    pub start: Start,
    /// The number of steps at which a preview is recorded.
    pub previews: Option<usize>,
}

impl Request {
    /// A request for 16 samples of the model's shape with the noise of seed 0.
    ///
    /// # Errors
    /// [`Error::NoSize`] for a model whose images have no fixed size.
    pub fn new(model: &Model) -> Result<Self, Error> {
        if model.about().size().is_none() {
            return Err(Error::NoSize);
        }
        Ok(Self::of_shape(model.about().data.clone()))
    }

    /// A request for 16 samples of a shape with the noise of seed 0.
    pub fn of_shape(shape: DataShape) -> Self {
        Self {
            n: 16,
            first: 0,
            batch: 0,
            whole_batches: false,
            shape,
            noise: Noise::Stream { seed: 0 },
            start: Start::Noise,
            previews: None,
        }
    }

    /// Returns an error for samples that would exhaust the memory.
    ///
    /// # Errors
    /// [`Error::Option`] as [`check_size`].
    pub fn check(&self) -> Result<(), Error> {
        check_size(self.n, self.at_once(), &self.shape)
    }

    /// The batch size.
    fn at_once(&self) -> usize {
        let usual = if self.shape.as_image().is_some() { IMAGES_AT_ONCE } else { POINTS_AT_ONCE };
        match (self.batch, self.noise) {
            (0, Noise::Torch { .. }) => self.n,
            (0, Noise::Stream { .. }) if self.whole_batches => usual,
            (0, Noise::Stream { .. }) => usual.min(self.n),
            (given, _) => given.min(self.n),
        }
    }
}

/// Returns an error for `n` samples in batches that would exhaust the memory.
///
/// # Errors
/// [`Error::Option`] for more than [`MOST_SAMPLES`] samples, a batch of more than [`MOST_AT_ONCE`], or too many values in a batch.
pub fn check_size(n: usize, batch: usize, shape: &DataShape) -> Result<(), Error> {
    shape.check()?;
    let values = batch.saturating_mul(shape.n_values());
    for (option, found, most) in [
        ("the number of samples", n, MOST_SAMPLES),
        ("the batch size", batch, MOST_AT_ONCE),
        ("the number of values of a batch", values, MOST_VALUES),
    ] {
        if found > most {
            return Err(Error::Option {
                option,
                found: found.to_string(),
                allowed: format!("at most {most}"),
            });
        }
    }
    Ok(())
}

impl Generator<'_> {
    /// Generates samples. If `progress` requests a stop, only the samples of the finished batches are returned.
    ///
    /// # Errors
    /// [`Error::NotFinite`]; [`Error::Option`] for too many samples, or a batch that is too large; errors of the network, the sampler or the noise source.
    pub fn draw(&self, request: &Request, progress: &mut dyn Progress) -> Result<Samples, Error> {
        let _no_gradient = tch::no_grad_guard();
        let n = match &request.start {
            Start::Given(latents) => latents.size()[0] as usize,
            Start::Noise => request.n,
        };
        let batch = request.at_once().clamp(1, n.max(1));
        let batch = if request.whole_batches { request.at_once().max(1) } else { batch };
        check_size(n, batch, &request.shape)?;
        let steps = self.path().n_steps();
        let total = (n.div_ceil(batch) * steps) as u64;
        let torch = TorchNoise::new(request.noise.seed())?;
        let previews = request.previews.map(|frames| Previews::new(frames, steps));
        let go = progress.on(&Event::Begin { task: "sampling", unit: "steps", total });
        let mut look = Look { progress, previews, done: 0, go };
        let mut samples =
            Samples { parts: Vec::new(), calls: 0, seconds: 0.0, previews: None, interrupted: false };
        for at in (0..n).step_by(batch) {
            let count = batch.min(n - at);
            let drawn = if request.whole_batches { batch } else { count };
            let first = request.first + at as u64;
            let stream = StreamNoise::new(request.noise.seed(), first);
            let noise: &dyn NoiseSource<Tensor> = match request.noise {
                Noise::Stream { .. } => &stream,
                Noise::Torch { .. } => &torch,
            };
            let x = match &request.start {
                Start::Given(latents) => latents.f_narrow(0, at as i64, count as i64)?,
                Start::Noise => self.model().start(&request.shape.batch(drawn), self.path(), noise)?,
            };
            let inner = self.denoiser(first as usize, x.size()[0] as usize, noise)?;
            let counted = Counted { inner, calls: Cell::new(0) };
            let began = Instant::now();
            let x = walk_down(&counted, x, self.path(), self.sampling(), noise, &mut look)?;
            samples.seconds += began.elapsed().as_secs_f64();
            samples.calls = samples.calls.max(counted.calls.get());
            if look.go.is_break() {
                samples.interrupted = true;
                break;
            }
            check_finite(&x)?;
            samples.parts.push(x.f_narrow(0, 0, count as i64)?.f_to_kind(Kind::Float)?);
        }
        samples.previews = look.previews;
        let _ = progress.on(&Event::End);
        Ok(samples)
    }
}

/// The hook that is called after every step. It reports progress, handles requests to stop and records previews.
struct Look<'a> {
    progress: &'a mut dyn Progress,
    previews: Option<Previews>,
    done: usize,
    go: ControlFlow<()>,
}

impl Hook<Tensor> for Look<'_> {
    fn after(
        &mut self,
        x: &Tensor,
        step: &Step,
        estimate: Option<&Estimate<Tensor>>,
        _: &dyn NoiseSource<Tensor>,
    ) -> Result<Next<Tensor>, tweedie_samplers::Error> {
        self.done += 1;
        let event = Event::Step { done: self.done as f64, figure: None };
        if self.progress.on(&event).is_break() {
            self.go = ControlFlow::Break(());
        }
        if let Some(previews) = &mut self.previews {
            previews.take(step, x, estimate)?;
        }
        Ok(if self.go.is_break() { Next::Stop(x.share()) } else { Next::Go })
    }
}

/// A denoiser that counts its evaluations.
struct Counted<D> {
    inner: D,
    calls: Cell<usize>,
}

impl<D: Denoiser<Tensor>> Denoiser<Tensor> for Counted<D> {
    fn denoise(&self, x: &Tensor, at: Levels<'_>) -> Result<Estimate<Tensor>, tweedie_samplers::Error> {
        self.calls.set(self.calls.get() + 1);
        self.inner.denoise(x, at)
    }
}
