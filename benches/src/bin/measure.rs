//! Measures tweedie as `benches/peers/diffusers_throughput.py` measures Python programs: the same options, and the same last line of JSON.

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use tch::{Device, Kind, Tensor};
use tweedie_data::{Loader, Shapes};
use tweedie_evaluation::likelihood::{BoundOptions, BoundVariance, Examples, image_bounds};
use tweedie_math::decoder::NormalCdf;
use tweedie_math::{FirstVariance, Parameterization, Schedule};
use tweedie_models::sampling::{Sampler, SamplingConfig, walk_down};
use tweedie_models::{Condition, Description, Model, Replicas};
use tweedie_networks::{Pass, Registry, UNet, UNetConfig};
use tweedie_samplers::StreamNoise;
use tweedie_torch::Precision;
use tweedie_training::{Trainer, TrainingConfig};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
enum Mode {
    /// Seconds of each training step.
    Train,
    /// Seconds of each step of DDIM.
    Sample,
    /// Seconds from --started-at to the beginning of the first training step.
    Start,
    /// Seconds for the variational bound of one image at all 1,000 levels.
    Likelihood,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kinds {
    F32,
    Bf16,
}

/// Measures steps of a network and prints their seconds as JSON.
#[derive(Debug, Parser)]
struct Options {
    /// A JSON file with the configuration of a UNet2DModel.
    #[arg(long)]
    config: PathBuf,
    #[arg(long)]
    batch: usize,
    #[arg(long)]
    mode: Mode,
    #[arg(long, default_value = "f32")]
    precision: Kinds,
    /// Timed steps.
    #[arg(long, default_value_t = 20)]
    steps: usize,
    /// Steps before them that are not timed.
    #[arg(long, default_value_t = 3)]
    warmup: usize,
    #[arg(long, default_value_t = 2)]
    threads: u16,
    /// Replicas of the network.
    #[arg(long, default_value_t = 1)]
    replicas: usize,
    /// Measure once for each line of standard input.
    #[arg(long)]
    serve: bool,
    /// With --mode start: when the process was started, in Unix time.
    #[arg(long)]
    started_at: Option<f64>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    tweedie_torch::keep_freed_memory();
    tweedie_torch::set_threads(options.threads)?;
    let text = std::fs::read_to_string(&options.config)
        .with_context(|| format!("{} cannot be read", options.config.display()))?;
    let network = UNetConfig::from_json(&serde_json::from_str(&text)?)?;
    let mut measure = match options.mode {
        Mode::Start => return begun(&options, &network),
        Mode::Train => train(&options, &network)?,
        Mode::Sample => sample(&options, &network)?,
        Mode::Likelihood => likelihood(&options, &network)?,
    };
    for _ in 0..options.warmup {
        measure()?;
    }
    if !options.serve {
        return report(&many(&options, &mut measure)?);
    }
    println!("ready");
    for line in std::io::stdin().lines() {
        line?;
        report(&many(&options, &mut measure)?)?;
    }
    Ok(())
}

/// A function that makes one step and returns its seconds.
type Measure = Box<dyn FnMut() -> Result<f64>>;

fn many(options: &Options, measure: &mut Measure) -> Result<Vec<f64>> {
    (0..options.steps).map(|_| measure()).collect()
}

fn report(seconds: &[f64]) -> Result<()> {
    println!("{}", json!({ "seconds": seconds }));
    Ok(std::io::stdout().flush()?)
}

impl Options {
    fn precision(&self) -> Precision {
        match self.precision {
            Kinds::F32 => Precision::F32,
            Kinds::Bf16 => Precision::Bf16,
        }
    }

    /// A model of the network that predicts ε on the linear schedule, with random weights.
    fn model(&self, network: &UNetConfig) -> Result<Model> {
        let schedule = Schedule::Linear { beta_start: 1e-4, beta_end: 0.02 };
        let about = Description::new(schedule, 1000, Parameterization::Epsilon);
        let mut model = Model::of_network(Box::new(UNet::new(network, Device::Cpu, 0)?), about)?;
        model.set_pass(Pass::inference(self.precision()));
        let replicas = Replicas::new(&Registry::default(), model.network(), self.replicas)?;
        model.set_replicas(replicas);
        Ok(model)
    }
}

/// The height and width of the network's images.
fn sides(network: &UNetConfig) -> [i64; 2] {
    network.sample_size.map_or([32, 32], |size| size.sides())
}

/// A trainer of the network and its images.
fn trainer(options: &Options, network: &UNetConfig) -> Result<(Trainer, Loader)> {
    let config = TrainingConfig { batch: options.batch, images: 1_000_000_000, ..TrainingConfig::default() };
    let [height, width] = sides(network).map(|side| side as usize);
    let loader = Loader::new(Arc::new(Shapes::new(height, width, 0)?), 0, options.batch, 0, true)?;
    let mut trainer = Trainer::new(options.model(network)?, config, options.precision())?;
    trainer.set_replicas(&Registry::default(), options.replicas)?;
    Ok((trainer, loader))
}

fn begun(options: &Options, network: &UNetConfig) -> Result<()> {
    let _ready = trainer(options, network)?;
    let began = options.started_at.context("--mode start needs --started-at")?;
    report(&[SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() - began])
}

/// Training steps as in a run: images, levels and noise of a batch, forward and backward pass, clipping, AdamW and the moving average.
fn train(options: &Options, network: &UNetConfig) -> Result<Measure> {
    let (mut trainer, mut loader) = trainer(options, network)?;
    Ok(Box::new(move || {
        let began = Instant::now();
        let batch = trainer.prepare(loader.next_batch()?)?;
        trainer.step(&batch)?;
        Ok(began.elapsed().as_secs_f64())
    }))
}

/// Steps of DDIM.
fn sample(options: &Options, network: &UNetConfig) -> Result<Measure> {
    const STEPS: usize = 4;
    let model = options.model(network)?;
    let sampling =
        SamplingConfig { sampler: Sampler::Ddim, steps: STEPS, clip: None, ..SamplingConfig::default() };
    let [height, width] = sides(network);
    let shape = [options.batch as i64, network.in_channels, height, width];
    Ok(Box::new(move || {
        let (path, noise) = (model.path(&sampling)?, StreamNoise::new(0, 0));
        let start = model.start(&shape, &path, &noise)?;
        let denoiser = model.denoiser(&sampling, Condition::none(), 0, &noise);
        let began = Instant::now();
        let _ = tch::no_grad(|| walk_down(&denoiser, start, &path, &sampling, &noise, &mut ()))?;
        Ok(began.elapsed().as_secs_f64() / STEPS as f64)
    }))
}

/// The variational bound of one image.
fn likelihood(options: &Options, network: &UNetConfig) -> Result<Measure> {
    let model = options.model(network)?;
    let [height, width] = sides(network);
    let shape = [1, network.in_channels, height, width];
    let bound = BoundOptions {
        times: (1..=1000).collect(),
        variance: BoundVariance::FixedLarge,
        first: FirstVariance::default(),
        cdf: NormalCdf::Exact,
        clip: true,
        at_once: options.batch,
        seed: 0,
    };
    Ok(Box::new(move || {
        let x0 = Tensor::zeros(shape, (Kind::Float, Device::Cpu));
        let began = Instant::now();
        image_bounds(&model, &Examples { x0, classes: None }, &bound, &mut ())?;
        Ok(began.elapsed().as_secs_f64())
    }))
}
