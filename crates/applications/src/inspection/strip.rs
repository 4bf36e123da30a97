//! Visualization of the forward process: x_t at several levels, the model's prediction of x_0 below, and the signal-to-noise ratio of
//! each frequency band.

use crate::Error;
use crate::generation::images_of;
use tch::{Kind, Tensor};
use tweedie_math::random::Purpose;
use tweedie_models::{Condition, Model, from_pixels};
use tweedie_report::{Canvas, Image, Sheet, sheet};
use tweedie_samplers::{Denoiser, Draw, Levels, NoiseSource, StreamNoise, noised};

/// The number of frequency bands, from coarse to fine: octaves of the radius up to the highest frequency of the image.
const BANDS: usize = 4;

/// The greatest number of frames of a strip.
pub const MOST_FRAMES: usize = 1000;

/// A strip of frames and a table of their signal-to-noise ratios.
#[derive(Debug)]
pub struct Strip {
    /// The frames: x_t in the first row, the predictions of x_0 in the second.
    pub canvas: Canvas,
    /// The signal-to-noise ratio of each frequency band in decibels, as lines of text.
    pub table: Vec<String>,
}

/// The strip of an image at `frames` levels.
///
/// # Errors
/// [`Error::NotImages`] for a model of other data; an error for an image size that the network does not accept; [`Error::Option`] if
/// `frames` is 0, above [`MOST_FRAMES`] or above the number of levels.
pub fn forward_strip(
    model: &Model,
    image: &Image,
    condition: Condition,
    frames: usize,
    seed: u64,
) -> Result<Strip, Error> {
    let (about, process) = (model.about(), model.process());
    if !about.is_images() {
        return Err(Error::NotImages { what: "a strip", found: about.data.clone() });
    }
    let channels = about.data.channels();
    let image = image.with_channels(channels);
    let (height, width) = (image.height, image.width);
    model.network().check_sides(&[height as i64, width as i64])?;
    let last = process.steps();
    if !(1..=last.min(MOST_FRAMES)).contains(&frames) {
        let allowed = format!("between 1 and {MOST_FRAMES}, and at most the number of levels, {last}");
        return Err(Error::Option { option: "the number of frames", found: frames.to_string(), allowed });
    }
    let _no_gradient = tch::no_grad_guard();
    let shape = [1, channels as i64, height as i64, width as i64];
    let x0 = from_pixels(&image.values, &shape, about.range, model.device())?;
    let draw = Draw { purpose: Purpose::EVALUATE, visit: 0, draw: 0 };
    let eps = StreamNoise::new(seed, 0).normal(&x0, draw)?;
    let power = band_power(&x0);
    let denoiser = model.given(condition);
    let (mut noisy, mut estimates, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    let mut table = vec![header()];
    for frame in 0..frames {
        let time = if frames == 1 { last } else { 1 + (last - 1) * frame / (frames - 1) };
        let level = process.level(time);
        let x_t = noised(&x0, &eps, Levels::Same(level))?;
        noisy.extend(images_of(&x_t, about)?);
        // At a level without signal some predictions determine no x_0: its place stays grey.
        let can_estimate = model.check_reading(level).is_ok();
        estimates.push(match can_estimate {
            true => images_of(&denoiser.denoise(&x_t, Levels::Same(level))?.x0, about)?.remove(0),
            false => vec![127; channels * height * width],
        });
        let decibels: Vec<f64> =
            power.iter().map(|p| 10.0 * p.log10() + 10.0 / 10f64.ln() * level.log_snr()).collect();
        let cells: String = decibels.iter().map(|value| format!("{value:>9.1}")).collect();
        table.push(format!("{time:>6} {:>9.3}{cells}", level.log_snr()));
        let short: Vec<String> = decibels.iter().map(|value| format!("{value:.0}")).collect();
        let without = if can_estimate { "" } else { ", no estimate" };
        labels.push(format!("t={time} {} dB{without}", short.join(" ")));
    }
    labels.extend(vec![String::new(); frames]);
    let layout = Sheet {
        columns: frames,
        zoom: 96usize.div_ceil(width.max(height)).max(1),
        labels,
        title: vec![
            "above: x_t; below: prediction of x_0; labels: signal-to-noise ratio from coarse to fine".into(),
        ],
    };
    let images: Vec<Vec<u8>> = noisy.into_iter().chain(estimates).collect();
    Ok(Strip { canvas: sheet(&images, [channels, height, width], &layout), table })
}

fn header() -> String {
    let names: String =
        ["coarsest", "coarse", "fine", "finest"].iter().map(|name| format!("{name:>9}")).collect();
    format!("signal-to-noise ratio in dB by frequency band\n{:>6} {:>9}{names}", "t", "log-SNR")
}

/// The mean power per frequency in each band, in units of white noise of variance 1. The mean colour is excluded.
fn band_power(x0: &Tensor) -> [f64; BANDS] {
    let size = x0.size();
    let (height, width) = (size[2], size[3]);
    let norm = (height * width) as f64;
    let spectrum = x0.fft_fft2(None::<&[i64]>, [-2, -1], "backward").abs().square() / norm;
    let spectrum: Vec<f64> = Vec::try_from(
        spectrum.mean_dim([0, 1].as_slice(), false, Kind::Float).to_kind(Kind::Double).flatten(0, -1),
    )
    .unwrap_or_default();
    let mut sums = [(0.0, 0.0); BANDS];
    for (at, power) in spectrum.iter().enumerate().skip(1) {
        let (row, column) = (at as i64 / width, at as i64 % width);
        let share = |k: i64, n: i64| k.min(n - k) as f64 / (n as f64 / 2.0);
        let radius = share(row, height).hypot(share(column, width)).min(1.0);
        // Octaves below the finest frequency: (1/2, 1], (1/4, 1/2], …
        let octave = (-radius.log2()).floor().clamp(0.0, (BANDS - 1) as f64) as usize;
        let (sum, count) = &mut sums[BANDS - 1 - octave];
        *sum += power;
        *count += 1.0;
    }
    sums.map(|(sum, count)| sum / f64::max(count, 1.0))
}
