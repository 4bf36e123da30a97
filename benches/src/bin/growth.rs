//! How time and memory of sampling grow with pixels, channels, batch and steps.

use anyhow::Result;
use clap::Parser;
use std::path::PathBuf;
use std::time::Instant;
use tch::Device;
use tweedie_benches::small_network;
use tweedie_math::{Parameterization, Schedule};
use tweedie_models::sampling::{Sampler, SamplingConfig};
use tweedie_models::{Condition, Description, Model};
use tweedie_networks::unet::SampleSize;
use tweedie_networks::{Pass, UNet, UNetConfig};
use tweedie_report::{Plot, Scale, Series};
use tweedie_samplers::StreamNoise;
use tweedie_torch::Precision;
use tweedie_training::Clock;

/// Measures how time and memory of sampling grow, and plots the time of an image against its side.
#[derive(Debug, Parser)]
#[command(name = "growth", bin_name = "cargo xtask bench growth")]
struct Options {
    /// The greatest side of an image.
    #[arg(long, default_value_t = 256)]
    most: i64,
    /// A file for the plot, SVG.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// The seconds of one step of DDIM for a batch, after a first step.
fn step_seconds(
    network: &UNetConfig,
    side: i64,
    batch: i64,
    steps: usize,
    precision: Precision,
) -> Result<f64> {
    let about = Description::new(Schedule::COSINE, 1000, Parameterization::Epsilon);
    let network = UNetConfig { sample_size: Some(SampleSize::Square(side)), ..network.clone() };
    let mut model = Model::of_network(Box::new(UNet::new(&network, Device::Cpu, 0)?), about)?;
    model.set_pass(Pass::inference(precision));
    let run = |steps: usize| -> Result<f64> {
        let sampling = SamplingConfig { sampler: Sampler::Ddim, steps, ..SamplingConfig::default() };
        let began = Instant::now();
        let shape = [batch, network.in_channels, side, side];
        let _ = model.sample(&shape, &sampling, Condition::none(), &StreamNoise::new(0, 0), &mut ())?;
        Ok(began.elapsed().as_secs_f64())
    };
    run(2)?;
    Ok(run(steps)? / steps as f64)
}

fn main() -> Result<()> {
    let options = Options::parse();
    tweedie_torch::keep_freed_memory();
    let shapes = small_network();
    let memory = Clock::peak_memory_mib;
    let start = memory();

    println!(
        "steps (16×16, batch 16, bf16): memory is constant\n{:>8} {:>14} {:>14}",
        "steps", "ms a step", "peak MiB"
    );
    for steps in [5, 50, 500] {
        let seconds = step_seconds(&shapes, 16, 16, steps, Precision::Bf16)?;
        println!("{steps:>8} {:>14.3} {:>14.0}", 1e3 * seconds, memory() - start);
    }
    println!("\nbatch (16×16, bf16)\n{:>8} {:>14} {:>14}", "batch", "ms an image", "peak MiB");
    for batch in [1, 4, 16, 64, 256] {
        let seconds = step_seconds(&shapes, 16, batch, 8, Precision::Bf16)?;
        println!("{batch:>8} {:>14.3} {:>14.0}", 1e3 * seconds / batch as f64, memory() - start);
    }
    println!("\nchannels (16×16, batch 16, bf16)\n{:>8} {:>14} {:>14}", "times", "ms an image", "peak MiB");
    for times in [1, 2, 4] {
        let channels = shapes.block_out_channels.iter().map(|channels| times * channels).collect();
        let network = UNetConfig { block_out_channels: channels, ..shapes.clone() };
        let seconds = step_seconds(&network, 16, 16, 8, Precision::Bf16)?;
        println!("{times:>8} {:>14.3} {:>14.0}", 1e3 * seconds / 16.0, memory() - start);
    }
    println!("\npixels (batch 1)\n{:>8} {:>14} {:>14} {:>14}", "side", "f32 ms", "bf16 ms", "peak MiB");
    let mut series = ["f32", "bf16"].map(|name| Series { name: name.into(), points: Vec::new() });
    let mut side = 16;
    while side <= options.most {
        let mut row = format!("{side:>8}");
        for (line, precision) in series.iter_mut().zip([Precision::F32, Precision::Bf16]) {
            let seconds = step_seconds(&shapes, side, 1, 4, precision)?;
            line.points.push((side as f64, 1e3 * seconds));
            row += &format!(" {:>14.2}", 1e3 * seconds);
        }
        println!("{row} {:>14.0}", memory() - start);
        side *= 2;
    }
    if let Some(out) = &options.out {
        let plot = Plot {
            title: "One step of one image, network of the preset shapes".into(),
            x_label: "height and width in pixels".into(),
            y_label: "milliseconds".into(),
            y_scale: Scale::Log,
            series: series.into(),
        };
        std::fs::write(out, plot.svg())?;
        println!("\nwritten: {}", out.display());
    }
    Ok(())
}
