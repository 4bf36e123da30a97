//! The subcommand `tweedie data preview`: a sheet of training examples and statistics of the data set.

use super::statistics::statistics;
use crate::arguments::Preview;
use crate::output::{line, save_png};
use crate::progress::Terminal;
use anyhow::bail;
use tweedie_applications::recipes::{RunConfig, points_plot};
use tweedie_data::{Dataset, Example, Shape, Values};
use tweedie_report::{Canvas, Sheet, most_on_a_sheet, sheet};

/// Runs the subcommand.
pub fn run(options: &Preview) -> anyhow::Result<()> {
    let config = RunConfig::resolve(&options.source.source())?;
    let data = config.open_decoded_data(&mut Terminal::interruptible()?)?;
    tweedie_files::check_writable(&options.out)?;
    let rows = statistics(&config, &data)?;
    let shown = data.shown.as_ref();
    let (what, canvas) = match Shape::of(&shown.shape()) {
        Some(shape) => ("sheet", images(shown, shape, options.n.unwrap_or(36), &rows)?),
        None => ("plot", points_plot(shown, options.n.unwrap_or(5000))),
    };
    save_png(&options.out, &canvas, &[])?;
    for row in rows {
        line(row);
    }
    line(format!("{what}: {}", options.out.display()));
    Ok(())
}

/// A sheet of images spread evenly over the data set, because data sets are often ordered by class.
fn images(data: &dyn Dataset, shape: Shape, n: usize, title: &[String]) -> anyhow::Result<Canvas> {
    let most = most_on_a_sheet(shape.height, shape.width);
    if n > most {
        bail!("-n is {n}; for images of this size it must be between 1 and {most}");
    }
    let n = data.len().map_or(n, |len| n.min(len as usize));
    let index = |i: usize| data.len().map_or(i as u64, |len| i as u64 * len / n as u64);
    let examples = (0..n).map(|i| data.get(index(i))).collect::<Result<Vec<_>, _>>()?;
    let layout = Sheet {
        zoom: 80usize.div_ceil(shape.width).max(1),
        labels: examples.iter().map(|example| example.caption.clone()).collect(),
        title: title.iter().map(|row| row.chars().take(110).collect()).collect(),
        ..Sheet::default()
    };
    let images: Vec<Vec<u8>> =
        examples.iter().map(|example| visible(example, shape, data.moments().as_ref())).collect();
    Ok(sheet(&images, visible_shape(shape), &layout))
}

/// The shape of the shown image: one channel as grey, or the first three channels as colours.
fn visible_shape(shape: Shape) -> [usize; 3] {
    [if shape.channels < 3 { 1 } else { 3 }, shape.height, shape.width]
}

/// An example as bytes. For an array these are its first channels, with three standard deviations on each side of the mean spanning
/// black to white.
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
        _ => example.image().to_vec(),
    }
}
