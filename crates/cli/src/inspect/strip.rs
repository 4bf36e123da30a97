//! The forward process made visible: x_t over the levels, the model's guess at x_0 below, and how much of each frequency
//! band is still above the noise.

use crate::arguments::Inspect;
use anyhow::bail;
use tch::{Kind, Tensor};
use tweedie_math::random::Purpose;
use tweedie_models::{Model, from_pixels, to_pixels};
use tweedie_networks::ClassCondition;
use tweedie_report::{Picture, Sheet, sheet, write_png};
use tweedie_samplers::{Denoiser, Draw, NoiseSource, StreamNoise};

/// Frequency bands, from the coarsest: octaves of the radius up to the finest that pixels hold.
const BANDS: usize = 4;

/// Draws the strip, writes it, and returns the table of signal-to-noise ratios.
pub fn draw(
    model: &Model,
    picture: &Picture,
    class: Option<ClassCondition>,
    options: &Inspect,
) -> anyhow::Result<Vec<String>> {
    let config = model.network().config();
    let channels = config.in_channels as usize;
    let picture = picture.with_channels(channels);
    let (height, width) = (picture.height, picture.width);
    config.check_size(height as i64, width as i64)?;
    if options.frames == 0 || options.frames > model.process().steps() {
        bail!(
            "--frames is {}; it must be between 1 and the number of levels, {}",
            options.frames,
            model.process().steps()
        );
    }
    tweedie_weights::check_writable(&options.out)?;
    let _no_gradient = tch::no_grad_guard();
    let range = model.description().range;
    let shape = [1, channels as i64, height as i64, width as i64];
    let x0 =
        from_pixels(&picture.values, &shape, range, model.device()).map_err(tweedie_torch::Error::from)?;
    let draw = Draw { purpose: Purpose::EVALUATE, visit: 0, draw: 0 };
    let eps = StreamNoise::new(options.seed, 0).normal(&x0, draw)?;
    let power = band_power(&x0);

    let bytes = |x: &Tensor| to_pixels(x, range).map_err(tweedie_torch::Error::from);
    let (mut noisy, mut guessed, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    let mut table = vec![header()];
    let last = model.process().steps();
    let denoiser = model.given(class);
    for frame in 0..options.frames {
        let time = if options.frames == 1 { last } else { 1 + (last - 1) * frame / (options.frames - 1) };
        let level = model.process().level(time);
        let x_t = &x0 * level.signal_rate() + &eps * level.noise_rate();
        let estimate = denoiser.denoise(&x_t, &[level])?;
        noisy.push(bytes(&x_t)?);
        guessed.push(bytes(&estimate.x0)?);
        let decibels: Vec<f64> =
            power.iter().map(|p| 10.0 * p.log10() + 10.0 / 10f64.ln() * level.log_snr()).collect();
        let cells: String = decibels.iter().map(|value| format!("{value:>9.1}")).collect();
        table.push(format!("{time:>6} {:>9.3}{cells}", level.log_snr()));
        let short: Vec<String> = decibels.iter().map(|value| format!("{value:.0}")).collect();
        labels.push(format!("t={time} {} dB", short.join(" ")));
    }
    labels.extend(vec![String::new(); options.frames]);
    let layout = Sheet {
        columns: options.frames,
        zoom: 96usize.div_ceil(width.max(height)).max(1),
        labels,
        title: vec!["above x_t, below the guess at x_0; signal-to-noise ratio from coarse to fine".into()],
    };
    let pictures: Vec<Vec<u8>> = noisy.into_iter().chain(guessed).collect();
    let canvas = sheet(&pictures, [channels, height, width], &layout);
    let text = [("Software", "tweedie".into()), ("table", table.join("\n"))];
    let mut png = Vec::new();
    write_png(&canvas, &text, &mut png)?;
    tweedie_weights::write_file(&options.out, &png)?;
    table.push(format!("strip: {}", options.out.display()));
    Ok(table)
}

fn header() -> String {
    let names: String =
        ["coarsest", "coarse", "fine", "finest"].iter().map(|name| format!("{name:>9}")).collect();
    format!("signal-to-noise ratio in dB by frequency band\n{:>6} {:>9}{names}", "t", "log-SNR")
}

/// Mean power per frequency of each band, in units of white noise of variance 1; the mean colour is left out.
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
