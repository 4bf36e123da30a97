//! What a network's inference costs at least on this machine, what it takes, and which kinds of layers take the difference.

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde_json::json;
use std::path::PathBuf;
use std::time::Instant;
use tch::{Device, Kind, Tensor};
use tweedie_benches::{ddpm_network, small_network};
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::{Description, Model};
use tweedie_networks::layers::{Activation, Conv2d, GroupNorm, Linear, Start};
use tweedie_networks::{Condition, Input, Operation, OperationKind, Parameters, Pass, UNet};
use tweedie_report::{Bar, Bars};
use tweedie_torch::{Precision, attention};

/// Computes what a network costs at least on this machine, from its plan and the measured limits, and measures each kind of layer.
#[derive(Debug, Parser)]
#[command(name = "roofline", bin_name = "cargo xtask bench roofline")]
struct Options {
    /// A checkpoint folder, or the network of the benchmarks: shapes or ddpm.
    #[arg(default_value = "shapes")]
    model: String,
    /// Images in a batch.
    #[arg(long, default_value_t = 64)]
    batch: i64,
    /// The threads per operation; by default all cores.
    #[arg(long)]
    threads: Option<u16>,
    /// A file for the plot, SVG; a JSON file is written beside it.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Limits of the machine in one precision.
struct Limits {
    /// Floating-point operations per second of a product of matrices and of a convolution.
    product: f64,
    convolution: f64,
    /// Bytes per second of a copy, read and written bytes together.
    copy: f64,
}

impl Limits {
    fn measure(kind: Kind) -> Result<Self> {
        let numbers = |shape: &[i64]| Tensor::randn(shape, (Kind::Float, Device::Cpu)).to_kind(kind);
        const SIDE: i64 = 1536;
        let (a, b) = (numbers(&[SIDE, SIDE]), numbers(&[SIDE, SIDE]));
        let product = 2.0 * (SIDE as f64).powi(3) / seconds(|| Ok(a.f_matmul(&b)?))?;
        let conv = Operation {
            layer: String::new(),
            kind: OperationKind::Convolution { inputs: 128, outputs: 128, kernel: 3 },
            places: 32 * 32,
            flops: 2.0 * 128.0 * 128.0 * 9.0 * 1024.0,
        };
        let precision = if kind == Kind::Float { Precision::F32 } else { Precision::Bf16 };
        let convolution =
            8.0 * conv.flops / time_of(&conv, 8, precision)?.context("a convolution is timed")?;
        // Larger than the caches.
        let from = numbers(&[1 << 26]);
        let mut to = from.f_zeros_like()?;
        let bytes = 2.0 * from.numel() as f64 * size_of(kind);
        let copy = bytes
            / seconds(|| {
                to.f_copy_(&from)?;
                Ok(to.shallow_clone())
            })?;
        Ok(Self { product, convolution, copy })
    }

    /// The least seconds of an operation for a batch: its arithmetic at the limit, or its reading and writing.
    fn least(&self, operation: &Operation, batch: i64, kind: Kind) -> f64 {
        // The library's product of matrices is slower than its convolution on some processors.
        let speed = self.convolution.max(self.product);
        (operation.flops * batch as f64 / speed).max(bytes_of(operation, batch, kind) / self.copy)
    }
}

fn size_of(kind: Kind) -> f64 {
    if kind == Kind::Float { 4.0 } else { 2.0 }
}

/// The bytes that an operation reads and writes at least.
fn bytes_of(operation: &Operation, batch: i64, kind: Kind) -> f64 {
    let rows = (batch * operation.places) as f64;
    let values = match operation.kind {
        OperationKind::Convolution { inputs, outputs, kernel } => {
            rows * (inputs + outputs) as f64 + (inputs * outputs * kernel * kernel) as f64
        }
        OperationKind::Linear { inputs, outputs } => {
            rows * (inputs + outputs) as f64 + (inputs * outputs) as f64
        }
        OperationKind::Attention { channels, .. } => 4.0 * rows * channels as f64,
        OperationKind::Normalization { channels, .. } => 2.0 * rows * channels as f64,
    };
    values * size_of(kind)
}

/// The median seconds of a call after a warm-up.
fn seconds(mut call: impl FnMut() -> Result<Tensor>) -> Result<f64> {
    const BUDGET: f64 = 0.15;
    let mut once = || -> Result<f64> {
        let began = Instant::now();
        let _ = call()?;
        Ok(began.elapsed().as_secs_f64())
    };
    once()?;
    let mut all = Vec::new();
    while all.len() < 5 || (all.len() < 200 && all.iter().sum::<f64>() < BUDGET) {
        all.push(once()?);
    }
    all.sort_by(f64::total_cmp);
    Ok(all[all.len() / 2])
}

/// The seconds of one operation for a batch, or `None` if it cannot be timed alone. Convolutions have stride 1.
fn time_of(operation: &Operation, batch: i64, precision: Precision) -> Result<Option<f64>> {
    let pass = Pass::inference(precision);
    let places = operation.places;
    let side = (places as f64).sqrt().round() as i64;
    let sides = if side * side == places { [side, side] } else { [1, places] };
    let numbers = |shape: &[i64]| Tensor::randn(shape, (Kind::Float, Device::Cpu)).to_kind(precision.kind());
    let image = |channels: i64| -> Result<Tensor> {
        Ok(tweedie_torch::channels_last(&numbers(&[batch, channels, sides[0], sides[1]]))?)
    };
    let mut parameters = Parameters::new(Device::Cpu, 0);
    let scope = parameters.root();
    Ok(Some(match operation.kind {
        OperationKind::Convolution { inputs, outputs, kernel } => {
            let layer = Conv2d::new(scope, inputs, outputs, kernel, Start::Default)?;
            let x = image(inputs)?;
            seconds(|| Ok(layer.forward(&x, &pass)))?
        }
        OperationKind::Linear { inputs, outputs } => {
            let layer = Linear::new(scope, inputs, outputs, Start::Default)?;
            let x = numbers(&[batch, places, inputs]);
            seconds(|| Ok(layer.forward(&x, &pass)))?
        }
        OperationKind::Attention { channels, heads } => {
            let qkv = numbers(&[batch, places, 3 * channels]);
            if !tweedie_torch::attention_takes(places, channels / heads, qkv.kind(), Device::Cpu) {
                return Ok(None);
            }
            seconds(|| Ok(attention(&qkv, heads)?))?
        }
        OperationKind::Normalization { channels, groups } => {
            let layer = GroupNorm::new(scope, channels, groups, 1e-5)?;
            let x = image(channels)?;
            let modulation = tweedie_torch::Modulation::default();
            seconds(|| Ok(layer.activated(&x, modulation, Activation::Silu, &pass)))?
        }
    }))
}

fn heading(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Convolution { .. } => "convolutions",
        OperationKind::Linear { .. } => "linear maps",
        OperationKind::Attention { .. } => "attention",
        OperationKind::Normalization { .. } => "normalisation and SiLU",
    }
}

/// The layers of one kind.
#[derive(Default)]
struct Sum {
    count: usize,
    flops: f64,
    bytes: f64,
    least: f64,
    measured: f64,
}

fn main() -> Result<()> {
    let options = Options::parse();
    tweedie_torch::keep_freed_memory();
    if let Some(threads) = options.threads {
        tweedie_torch::set_threads(threads)?;
    }
    let _no_gradient = tch::no_grad_guard();
    let model = open(&options.model)?;
    let sides = model.about().data.sides().to_vec();
    let [channels, height, width] = sides[..] else { bail!("a roofline is that of a network for images") };
    let plan = model.network().plan();
    println!(
        "{}: {:.2} M parameters, {:.3} GFLOP for one image of {height}×{width}, batch {}, {} threads",
        options.model,
        plan.n_trained() as f64 / 1e6,
        plan.flops() / 1e9,
        options.batch,
        tweedie_torch::machine().threads
    );
    let mut groups = Vec::new();
    let mut records = Vec::new();
    for precision in [Precision::F32, Precision::Bf16] {
        let kind = precision.kind();
        let limits = Limits::measure(kind)?;
        println!(
            "\n{}: matrix product {:.0} GFLOP/s, convolution {:.0} GFLOP/s, copy {:.1} GB/s",
            precision.name(),
            limits.product / 1e9,
            limits.convolution / 1e9,
            limits.copy / 1e9
        );
        let x = Tensor::randn(
            [options.batch, channels as i64, height as i64, width as i64],
            (Kind::Float, Device::Cpu),
        );
        let time =
            Tensor::full([1], 500.0, (Kind::Float, Device::Cpu)).as_strided([options.batch], [0], None);
        let (condition, pass) = (Condition::default(), Pass::inference(precision));
        let whole = seconds(|| Ok(model.network().forward(&Input::new(&x, &time, &condition), &pass)?))?;
        let mut sums: Vec<(&str, Sum)> = Vec::new();
        for operation in &plan.operations {
            // Maps of one vector per example are computed once for all examples at the same level.
            let batch = if operation.places == 1 { 1 } else { options.batch };
            let Some(measured) = time_of(operation, batch, precision)? else { continue };
            let name = heading(operation.kind);
            let at = sums.iter().position(|(of, _)| *of == name).unwrap_or_else(|| {
                sums.push((name, Sum::default()));
                sums.len() - 1
            });
            let sum = &mut sums[at].1;
            sum.count += 1;
            sum.flops += operation.flops * batch as f64;
            sum.bytes += bytes_of(operation, batch, kind);
            sum.least += limits.least(operation, batch, kind);
            sum.measured += measured;
        }
        println!(
            "{:<24} {:>6} {:>9} {:>9} {:>10} {:>10} {:>8} {:>8}",
            "", "layers", "GFLOP", "MB", "least ms", "ms", "share", "of all"
        );
        let mut bars = Vec::new();
        let row = |name: &str, count: usize, flops: f64, bytes: f64, least: f64, measured: f64| {
            println!(
                "{name:<24} {count:>6} {:>9.3} {:>9.1} {:>10.3} {:>10.3} {:>7.0}% {:>7.0}%",
                flops / 1e9,
                bytes / 1e6,
                1e3 * least,
                1e3 * measured,
                100.0 * least / measured,
                100.0 * measured / whole
            );
        };
        for (name, sum) in &sums {
            row(name, sum.count, sum.flops, sum.bytes, sum.least, sum.measured);
            bars.push(bar(name, sum.least, sum.measured, whole));
        }
        let (least, measured) = (total(&sums, |sum| sum.least), total(&sums, |sum| sum.measured));
        row(
            "all of these",
            plan.operations.len(),
            total(&sums, |it| it.flops),
            total(&sums, |it| it.bytes),
            least,
            measured,
        );
        println!(
            "{:<24} {:>48.3} {:>7.0}%   copies, additions and calls take {:.0} %",
            "the network",
            1e3 * whole,
            100.0 * least / whole,
            100.0 * (1.0 - measured / whole)
        );
        bars.push(bar("the whole network", least, whole, whole));
        records.push(json!({
            "precision": precision.name(), "product_flops": limits.product, "convolution_flops": limits.convolution,
            "copy_bytes": limits.copy, "seconds": whole, "least_seconds": least,
            "kinds": sums.iter().map(|(name, sum)| json!({
                "kind": name, "layers": sum.count, "flops": sum.flops, "bytes": sum.bytes,
                "least_seconds": sum.least, "seconds": sum.measured,
            })).collect::<Vec<_>>(),
        }));
        groups.push((precision.name().to_string(), bars));
    }
    if let Some(out) = &options.out {
        let title = format!("{}, batch {}: share of the machine's limit", options.model, options.batch);
        let plot = Bars { title, x_label: "share of the limit reached, per cent".into(), groups };
        std::fs::write(out, plot.svg()).with_context(|| format!("{} cannot be written", out.display()))?;
        let json = json!({ "model": options.model, "batch": options.batch, "precisions": records });
        std::fs::write(out.with_extension("json"), serde_json::to_vec_pretty(&json)?)?;
        println!("\nwritten: {} and .json", out.display());
    }
    Ok(())
}

fn total(sums: &[(&str, Sum)], of: impl Fn(&Sum) -> f64) -> f64 {
    sums.iter().map(|(_, sum)| of(sum)).sum()
}

fn bar(name: &str, least: f64, measured: f64, whole: f64) -> Bar {
    Bar {
        label: name.into(),
        value: 100.0 * least / measured,
        interval: None,
        note: format!("{:.0} %, {:.1} of {:.1} ms", 100.0 * least / measured, 1e3 * measured, 1e3 * whole),
        is_marked: name == "the whole network",
    }
}

fn open(model: &str) -> Result<Model> {
    let config = match model {
        "shapes" => small_network(),
        "ddpm" => ddpm_network(),
        folder => {
            let registry = tweedie_networks::Registry::default();
            return Ok(Model::open(&registry, folder.as_ref(), &Default::default(), Device::Cpu)?.0);
        }
    };
    let about = Description::new(Schedule::COSINE, 1000, Parameterization::Epsilon);
    Ok(Model::of_network(Box::new(UNet::new(&config, Device::Cpu, 0)?), about)?)
}
