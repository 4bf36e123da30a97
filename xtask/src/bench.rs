//! `cargo xtask bench`: runs the criterion benchmarks, prints a table and writes a JSON file, with which the next run compares its medians.

use crate::arguments::Bench;
use crate::{cargo, setup};
use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::path::Path;

/// Runs the benchmarks whose names contain the filter. The table holds each median with its 95 % interval.
pub fn command(options: &Bench) -> Result<()> {
    setup::ensure(setup::Wanted::Any)?;
    let mut line = vec!["bench", "--locked", "--package", "tweedie-benches", "--profile", "release", "--"];
    line.extend(options.filter.iter().chain(&options.criterion).map(String::as_str));
    let target = cargo::release_folder()?.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut bench = cargo::command(&line);
    bench.env("CRITERION_HOME", target.join("criterion"));
    cargo::check(bench, &format!("cargo {}", line.join(" ")))?;

    let file = target.join("bench.json");
    let before: Value =
        std::fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or(json!({}));
    let mut now = Map::new();
    collect(&target.join("criterion"), &mut now)?;
    println!("\n{:<44} {:>12} {:>25} {:>8}", "benchmark", "median", "95 % interval", "before");
    for (name, row) in &now {
        let of = |row: &Value, key: &str| row.get(key).and_then(Value::as_f64);
        let median = of(row, "median_ns").unwrap_or(f64::NAN);
        let interval = format!(
            "{} … {}",
            time(of(row, "low_ns").unwrap_or(f64::NAN)),
            time(of(row, "high_ns").unwrap_or(f64::NAN))
        );
        let ratio = before
            .get(name)
            .and_then(|old| of(old, "median_ns"))
            .map_or("–".into(), |old| format!("×{:.2}", median / old));
        println!("{name:<44} {:>12} {interval:>25} {ratio:>8}", time(median));
    }
    println!(
        "\n×1.00 is the median of the previous run; the speed of a machine varies, so compare runs made one after the other."
    );
    std::fs::write(&file, serde_json::to_vec_pretty(&Value::Object(now))?)
        .with_context(|| format!("{} cannot be written", file.display()))?;
    println!("written: {}", file.display());
    Ok(())
}

/// Collects every `new/estimates.json` below the folder under the name of its benchmark.
fn collect(folder: &Path, rows: &mut Map<String, Value>) -> Result<()> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths.into_iter().filter(|path| path.is_dir()) {
        if let (Ok(estimates), Ok(names)) =
            (std::fs::read(path.join("new/estimates.json")), std::fs::read(path.join("new/benchmark.json")))
        {
            let (estimates, names): (Value, Value) =
                (serde_json::from_slice(&estimates)?, serde_json::from_slice(&names)?);
            let median = &estimates["median"];
            rows.insert(
                names["full_id"].as_str().unwrap_or_default().to_string(),
                json!({
                    "median_ns": median["point_estimate"],
                    "low_ns": median["confidence_interval"]["lower_bound"],
                    "high_ns": median["confidence_interval"]["upper_bound"],
                }),
            );
        } else {
            collect(&path, rows)?;
        }
    }
    Ok(())
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ns if ns < 1e3 => format!("{ns:.1} ns"),
        ns if ns < 1e6 => format!("{:.2} µs", ns / 1e3),
        ns if ns < 1e9 => format!("{:.2} ms", ns / 1e6),
        ns => format!("{:.3} s", ns / 1e9),
    }
}
