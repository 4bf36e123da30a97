//! `index.html`: an overview of a run, made from the files in its folder.

use super::{CONFIG, HeldOutBin, Run, Tick, numbered_in, read_metrics};
use crate::Error;
use std::path::Path;
use tweedie_files::{MOST_SETTINGS, read_bytes, read_text};
use tweedie_report::{Page, Plot, Scale, Series};

/// The greatest number of sheets on a page. Of more sheets, evenly spaced ones are shown.
const SHEETS: usize = 40;

/// The greatest size of a sheet in bytes.
const MOST_SHEET: u64 = 1 << 28;

impl Run {
    /// Writes `index.html`, replacing an existing one.
    ///
    /// # Errors
    /// [`Error::Run`] or [`Error::Files`] if a file cannot be read or written.
    pub fn write_page(&self) -> Result<(), Error> {
        self.check_place()?;
        let page = page_of(self.folder())?;
        Ok(tweedie_files::write_file(&self.folder().join("index.html"), page.html().as_bytes())?)
    }

    /// Writes `index.html` if the number of sheets has grown by a tenth since the last time.
    pub(crate) fn renew_page(&mut self) -> Result<(), Error> {
        let sheets = numbered_in(&self.folder().join("samples")).map_or(0, |sheets| sheets.len());
        if self.page_made.is_due(sheets) { self.write_page() } else { Ok(()) }
    }
}

/// The page of a run's folder.
fn page_of(run: &Path) -> Result<Page, Error> {
    let ticks = read_metrics(&run.join("metrics.jsonl"))?.ticks;
    let config = read_text(&run.join(CONFIG), MOST_SETTINGS).unwrap_or_default();
    let sheets = numbered_in(&run.join("samples")).unwrap_or_default();
    let n = sheets.len();
    let chosen = (0..n.min(SHEETS)).map(|i| if n <= SHEETS { i } else { i * (n - 1) / (SHEETS - 1) });
    let sheets = chosen
        .filter_map(|i| {
            let (images, path) = &sheets[i];
            Some((format!("after {images} images"), read_bytes(path, MOST_SHEET).ok()?))
        })
        .collect();
    Ok(Page {
        title: run.file_name().unwrap_or_default().to_string_lossy().to_string(),
        facts: facts(&ticks),
        plots: plots(&ticks),
        sheets,
        texts: vec![("Configuration".into(), config)],
    })
}

fn facts(ticks: &[Tick]) -> Vec<(String, String)> {
    let Some(last) = ticks.last() else {
        return vec![("state".into(), "no metrics have been logged yet".into())];
    };
    let mut facts = vec![
        ("images seen".to_string(), format!("{} in {} steps", last.images, last.steps)),
        ("loss".into(), format!("{:.5}", last.loss)),
        (
            "time".into(),
            format!("{:.0} s, {:.1} images a second", last.clock.seconds, last.clock.images_per_second),
        ),
        ("memory".into(), format!("{:.0} MiB", last.clock.memory_mib)),
    ];
    let held_out = ticks.iter().filter_map(|tick| Some((tick.images, tick.held_out.as_ref()?)));
    if let Some(accuracy) = ticks.iter().rev().find_map(|tick| tick.held_out.as_ref()?.accuracy) {
        let [averaged, raw] = [accuracy.averaged, accuracy.raw].map(|share| 100.0 * share);
        facts.push((
            "held-out accuracy".into(),
            format!("{averaged:.1} % averaged weights, {raw:.1} % raw, over all levels"),
        ));
    }
    if let Some((images, best)) = held_out.min_by(|a, b| a.1.averaged.total_cmp(&b.1.averaged)) {
        facts.push((
            "best held-out loss".into(),
            format!("{:.5} averaged weights, {:.5} raw, after {images} images", best.averaged, best.raw),
        ));
    }
    facts
}

fn plots(ticks: &[Tick]) -> Vec<Plot> {
    let line = |name: &str, value: &dyn Fn(&Tick) -> Option<f64>| Series {
        name: name.into(),
        points: ticks.iter().filter_map(|tick| Some((tick.images as f64 / 1000.0, value(tick)?))).collect(),
    };
    let plot = |title: &str, y_label: &str, y_scale: Scale, series: Vec<Series>| Plot {
        title: title.into(),
        x_label: "thousand images".into(),
        y_label: y_label.into(),
        y_scale,
        series: series.into_iter().filter(|series| !series.points.is_empty()).collect(),
    };
    let mut plots = vec![
        plot(
            "Loss (training: levels as drawn; held out: levels uniform)",
            "loss",
            Scale::Log,
            vec![
                line("training", &|tick| Some(tick.loss)),
                line("held out, raw", &|tick| Some(tick.held_out.as_ref()?.raw)),
                line("held out, averaged", &|tick| Some(tick.held_out.as_ref()?.averaged)),
            ],
        ),
        plot(
            "Gradient norm before clipping",
            "norm",
            Scale::Log,
            vec![line("", &|tick| Some(tick.gradient_norm))],
        ),
        plot("Learning rate", "rate", Scale::FromZero, vec![line("", &|tick| Some(tick.learning_rate))]),
        plot(
            "Speed",
            "images a second",
            Scale::FromZero,
            vec![line("", &|tick| Some(tick.clock.images_per_second))],
        ),
    ];
    if let Some(held_out) = ticks.iter().rev().find_map(|tick| tick.held_out.as_ref()) {
        let by_level = |value: &dyn Fn(&HeldOutBin) -> Option<f64>| {
            let bins =
                held_out.bins.iter().enumerate().map(|(b, HeldOutBin { log_snr: [low, high], .. })| {
                    line(&format!("log-SNR {} to {}", tenths(*low), tenths(*high)), &|tick| {
                        value(tick.held_out.as_ref()?.bins.get(b)?)
                    })
                });
            bins.collect()
        };
        let losses = by_level(&|bin| Some(bin.averaged));
        plots.push(plot("Held-out loss by level, averaged weights", "loss", Scale::Log, losses));
        if held_out.accuracy.is_some() {
            let shares = by_level(&|bin| Some(bin.accuracy?.averaged));
            plots.push(plot(
                "Held-out accuracy by level, averaged weights",
                "share",
                Scale::FromZero,
                shares,
            ));
        }
        // Each bin spans the log-SNR of its levels. The infinite log-SNR of pure noise and clean data is cut off at ±30.
        let step = |bin: &HeldOutBin, value: f64| bin.log_snr.map(|at| (at.clamp(-30.0, 30.0), value));
        let shape = |name: &str, value: &dyn Fn(&HeldOutBin) -> f64| Series {
            name: name.into(),
            points: held_out.bins.iter().flat_map(|bin| step(bin, value(bin))).collect(),
        };
        let mut now = plot(
            "Held-out loss over the log-SNR, latest measurement",
            "loss",
            Scale::Log,
            vec![shape("raw", &|bin| bin.raw), shape("averaged", &|bin| bin.averaged)],
        );
        now.x_label = "log-SNR".into();
        plots.push(now);
    }
    plots
}

/// A number with one decimal, and without a sign if it rounds to zero.
fn tenths(value: f64) -> String {
    format!("{:.1}", (10.0 * value).round() / 10.0 + 0.0)
}
