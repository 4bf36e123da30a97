//! `tweedie data preview`.

use crate::arguments::{Data, Preview};
use crate::config::{DataConfig, RunConfig};
use crate::output::line;
use anyhow::bail;
use std::collections::BTreeMap;
use tweedie_data::{Dataset, shapes};
use tweedie_report::{Sheet, sheet, write_png};

/// Pictures that statistics are taken of, at most.
const COUNTED: u64 = 10_000;

/// Runs the subcommand.
pub fn run(command: &Data) -> anyhow::Result<()> {
    let Data::Preview(options) = command;
    preview(options)
}

fn preview(options: &Preview) -> anyhow::Result<()> {
    let config = RunConfig::resolve(&options.source)?;
    let data = config.open_data()?;
    if options.n == 0 {
        bail!("-n is 0; at least one picture can be shown");
    }
    let statistics = statistics(&config, data.as_ref())?;
    let n = data.len().map_or(options.n, |len| options.n.min(len as usize));
    let examples = (0..n as u64).map(|index| data.get(index)).collect::<Result<Vec<_>, _>>()?;
    let layout = Sheet {
        zoom: 80usize.div_ceil(data.shape().width).max(1),
        labels: examples.iter().map(|example| example.caption.clone()).collect(),
        title: statistics.clone(),
        ..Sheet::default()
    };
    let pictures: Vec<Vec<u8>> = examples.into_iter().map(|example| example.picture).collect();
    let mut bytes = Vec::new();
    write_png(
        &sheet(&pictures, data.shape().as_array(), &layout),
        &[("Software", "tweedie".into())],
        &mut bytes,
    )?;
    tweedie_weights::write_file(&options.out, &bytes)?;
    for row in statistics {
        line(row);
    }
    line(format!("sheet: {}", options.out.display()));
    Ok(())
}

/// What there is, as lines.
fn statistics(config: &RunConfig, data: &dyn Dataset) -> anyhow::Result<Vec<String>> {
    let shape = data.shape();
    let n = data.len().unwrap_or(COUNTED).min(COUNTED);
    let plane = shape.height * shape.width;
    let mut sums = vec![(0.0, 0.0); shape.channels];
    let mut classes = BTreeMap::<u32, u64>::new();
    let mut accepted = 0;
    let is_shapes = matches!(config.data, DataConfig::Shapes { .. });
    for index in 0..n {
        let example = data.get(index)?;
        for (channel, (sum, square)) in sums.iter_mut().enumerate() {
            for &byte in &example.picture[channel * plane..(channel + 1) * plane] {
                let value = f64::from(byte) / 255.0;
                *sum += value;
                *square += value * value;
            }
        }
        if let Some(label) = example.label {
            *classes.entry(label).or_default() += 1;
        }
        if is_shapes && index < 1000 && shapes::analyse(&example.picture, shape).accepted() {
            accepted += 1;
        }
    }
    let total = (n * plane as u64) as f64;
    let moments: Vec<String> = sums
        .iter()
        .map(|(sum, square)| {
            let mean = sum / total;
            format!("{mean:.3}±{:.3}", (square / total - mean * mean).max(0.0).sqrt())
        })
        .collect();
    let count = data.len().map_or("without end".into(), |len| format!("{len} pictures"));
    let mut lines = vec![
        format!("{}: {count}, {} channels, {}x{}", config.name, shape.channels, shape.height, shape.width),
        format!("mean and deviation per channel (0 to 1), of {n}: {}", moments.join(", ")),
    ];
    if !classes.is_empty() {
        let names = data.class_names();
        let shares = classes.iter().map(|(label, count)| {
            let name = names.get(*label as usize).cloned().unwrap_or_else(|| label.to_string());
            format!("{name} {:.1}%", 100.0 * *count as f64 / n as f64)
        });
        lines.push(format!("classes: {}", shares.collect::<Vec<_>>().join(", ")));
    }
    if is_shapes {
        lines.push(format!("the analyser recognises {accepted} of the first {}", n.min(1000)));
    }
    Ok(lines)
}
