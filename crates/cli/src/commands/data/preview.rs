//! `tweedie data preview`: a sheet of what training will see, and what there is, in numbers.

use super::statistics::statistics;
use crate::arguments::Preview;
use crate::config::RunConfig;
use crate::output::line;
use anyhow::bail;
use tweedie_data::{Example, Shape, Values};
use tweedie_report::{Sheet, sheet, write_png};

/// Runs the subcommand.
pub fn run(options: &Preview) -> anyhow::Result<()> {
    let config = RunConfig::resolve(&options.source)?;
    let data = config.open_data()?;
    if options.n == 0 {
        bail!("-n is 0; at least one picture can be shown");
    }
    tweedie_weights::check_writable(&options.out)?;
    let rows = statistics(&config, &data)?;
    let shown = data.shown.as_ref();
    let n = shown.len().map_or(options.n, |len| options.n.min(len as usize));
    // Sets lie class by class: pictures are taken from all over.
    let index = |i: usize| shown.len().map_or(i as u64, |len| i as u64 * len / n as u64);
    let examples = (0..n).map(|i| shown.get(index(i))).collect::<Result<Vec<_>, _>>()?;
    let shape = shown.shape();
    let layout = Sheet {
        zoom: 80usize.div_ceil(shape.width).max(1),
        labels: examples.iter().map(|example| example.caption.clone()).collect(),
        title: rows.iter().map(|row| row.chars().take(110).collect()).collect(),
        ..Sheet::default()
    };
    let pictures: Vec<Vec<u8>> =
        examples.iter().map(|example| visible(example, shape, shown.moments().as_ref())).collect();
    let mut bytes = Vec::new();
    let canvas = sheet(&pictures, visible_shape(shape), &layout);
    write_png(&canvas, &[("Software", "tweedie".into())], &mut bytes)?;
    tweedie_weights::write_file(&options.out, &bytes)?;
    for row in rows {
        line(row);
    }
    line(format!("sheet: {}", options.out.display()));
    Ok(())
}

/// Of arrays one channel can be seen, or three as colours.
fn visible_shape(shape: Shape) -> [usize; 3] {
    [if shape.channels < 3 { 1 } else { 3 }, shape.height, shape.width]
}

/// A picture as bytes; of an array the first channels, three standard deviations spanning black to white.
fn visible(example: &Example, shape: Shape, moments: Option<&(Vec<f64>, Vec<f64>)>) -> Vec<u8> {
    let plane = shape.height * shape.width;
    match (&example.values, moments) {
        (Values::Floats(values), Some((mean, scale))) => {
            let byte = |(at, value): (usize, &f32)| {
                let channel = at / plane;
                (127.5 + 127.5 * (f64::from(*value) - mean[channel]) / (3.0 * scale[channel])).round() as u8
            };
            values.iter().take(visible_shape(shape)[0] * plane).enumerate().map(byte).collect()
        }
        _ => example.picture().to_vec(),
    }
}
