//! The subcommand `tweedie runs`: lists runs, or compares two of them.

use crate::arguments::{Runs, RunsCompare};
use crate::output::line;
use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::path::Path;
use toml::{Table, Value};
use tweedie_applications::nesting;
use tweedie_files::{MOST_SETTINGS, is_there, read_text};
use tweedie_report::{Plot, Scale, Series};
use tweedie_training::{CONFIG, State, Tick, read_metrics, run_state};

/// Runs the subcommand.
pub fn run(options: &Runs) -> anyhow::Result<()> {
    match &options.command {
        Some(RunsCompare::Compare { first, second, out }) => compare(first, second, out),
        None => list(&options.runs),
    }
}

/// Prints a table of the runs in a folder.
fn list(folder: &Path) -> anyhow::Result<()> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut runs: Vec<_> =
        entries.flatten().map(|entry| entry.path()).filter(|path| is_there(&path.join(CONFIG))).collect();
    runs.sort();
    if runs.is_empty() {
        line(format!("there are no runs in {}", folder.display()));
        return Ok(());
    }
    line(format!(
        "{:<28} {:<12} {:>21} {:>9} {:>9} {:>9}",
        "run", "state", "images", "loss", "held out", "img/s"
    ));
    for run in runs {
        let name = run.file_name().unwrap_or_default().to_string_lossy().to_string();
        // A run whose files cannot be read is listed, too.
        let row = row_of(&run).unwrap_or_else(|error| format!("cannot be read: {error}"));
        line(format!("{name:<28} {row}"));
    }
    Ok(())
}

fn row_of(run: &Path) -> anyhow::Result<String> {
    let total =
        table(run)?.get("training").and_then(|it| it.get("images")).and_then(Value::as_integer).unwrap_or(0);
    let ticks = read_metrics(&run.join("metrics.jsonl"))?.ticks;
    let state = match run_state(run, total as u64) {
        State::Running => "running",
        State::Finished => "finished",
        State::Interrupted => "interrupted",
    };
    let Some(last) = ticks.last() else { return Ok(format!("{state:<12} {:>21}", format!("0 of {total}"))) };
    let best = ticks.iter().filter_map(|tick| Some(tick.held_out.as_ref()?.averaged)).min_by(f64::total_cmp);
    let least = ticks.iter().map(|tick| tick.loss).min_by(f64::total_cmp).unwrap_or(f64::NAN);
    Ok(format!(
        "{state:<12} {:>21} {least:>9.5} {:>9} {:>9.1}",
        format!("{} of {total}", last.images),
        best.map_or("–".into(), |best| format!("{best:.5}")),
        last.clock.images_per_second
    ))
}

/// Prints the differences between two configurations and writes a plot of both loss curves.
fn compare(first: &Path, second: &Path, out: &Path) -> anyhow::Result<()> {
    // Runs in different folders may have the same name; then the given paths are shown instead.
    let are_distinct = first.file_name() != second.file_name();
    let name = |run: &Path| match run.file_name() {
        Some(name) if are_distinct => name.to_string_lossy().to_string(),
        _ => run.display().to_string(),
    };
    let mut ticks = Vec::new();
    let mut settings = Vec::new();
    for run in [first, second] {
        if !is_there(&run.join(CONFIG)) {
            bail!("{} is not a run: it contains no {CONFIG}", run.display());
        }
        let log = read_metrics(&run.join("metrics.jsonl"))?;
        if let Some(first) = log.damaged.first() {
            let n = log.damaged.len();
            line(format!(
                "{n} lines of the log of {} cannot be read, the first is line {first}",
                run.display()
            ));
        }
        ticks.push(log.ticks);
        let mut flat = BTreeMap::new();
        flatten(&Value::Table(table(run)?), String::new(), &mut flat);
        settings.push(flat);
    }
    let keys: Vec<&String> = {
        let mut keys: Vec<&String> = settings.iter().flat_map(BTreeMap::keys).collect();
        keys.sort();
        keys.dedup();
        keys
    };
    let none = "–".to_string();
    let differing: Vec<_> = keys
        .into_iter()
        .map(|key| (key, settings[0].get(key).unwrap_or(&none), settings[1].get(key).unwrap_or(&none)))
        .filter(|(_, a, b)| a != b)
        .collect();
    if differing.is_empty() {
        line("the configurations are the same");
    } else {
        line(format!("{:<40} {:>24} {:>24}", "differs", name(first), name(second)));
        for (key, a, b) in differing {
            line(format!("{key:<40} {a:>24} {b:>24}"));
        }
    }
    let of = |i: usize, what: &str, value: &dyn Fn(&Tick) -> Option<f64>| Series {
        name: format!("{} {what}", name([first, second][i])),
        points: ticks[i]
            .iter()
            .filter_map(|tick| Some((tick.images as f64 / 1000.0, value(tick)?)))
            .collect(),
    };
    let mut series = Vec::new();
    for i in 0..2 {
        series.push(of(i, "loss", &|tick| Some(tick.loss)));
        let held_out = of(i, "held out", &|tick| Some(tick.held_out.as_ref()?.averaged));
        if !held_out.points.is_empty() {
            series.push(held_out);
        }
        if let Some(last) = ticks[i].last() {
            line(format!("{:<28} {} images, loss {:.5}", name([first, second][i]), last.images, last.loss));
        }
    }
    let plot = Plot {
        title: format!("{} and {}", name(first), name(second)),
        x_label: "thousand images".into(),
        y_label: "loss".into(),
        y_scale: Scale::Log,
        series,
    };
    tweedie_files::write_file(out, plot.svg().as_bytes())?;
    line(format!("curves: {}", out.display()));
    Ok(())
}

fn table(run: &Path) -> anyhow::Result<Table> {
    let path = run.join(CONFIG);
    let text = read_text(&path, MOST_SETTINGS).with_context(|| format!("cannot read {}", path.display()))?;
    nesting::check(&text).map_err(|reason| anyhow::anyhow!("{}: {reason}", path.display()))?;
    text.parse::<Table>().map_err(|_| anyhow::anyhow!("{} is not TOML", path.display()))
}

/// Collects every value by its dotted key.
fn flatten(value: &Value, key: String, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Table(table) => {
            for (name, inner) in table {
                flatten(inner, if key.is_empty() { name.clone() } else { format!("{key}.{name}") }, into);
            }
        }
        other => {
            into.insert(key, other.to_string());
        }
    }
}
