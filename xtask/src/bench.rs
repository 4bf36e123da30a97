//! `cargo xtask bench`: runs the criterion benchmarks, prints a table and writes a JSON file, with which the next run compares its medians;
//! or runs a program of `benches/src/bin`.

use crate::arguments::{Bench, BenchProgram};
use crate::{cargo, setup};
use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::Command;

/// Runs the benchmarks whose names contain the filter. The table holds each median with its 95 % interval.
pub fn command(options: &Bench) -> Result<()> {
    setup::ensure(setup::Wanted::Any)?;
    match &options.program {
        Some(BenchProgram::Roofline(passed)) => return program("roofline", &passed.arguments),
        Some(BenchProgram::Peers(passed)) => return program("peers", &passed.arguments),
        Some(BenchProgram::Growth(passed)) => return program("growth", &passed.arguments),
        None => {}
    }
    if let Some(revision) = &options.against {
        return against(revision, options.margin);
    }
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

/// Builds the programs of `benches/src/bin` and runs one. Threads wait as those of the `tweedie` binary do.
fn program(name: &str, arguments: &[String]) -> Result<()> {
    cargo::run(&["build", "--release", "--locked", "--quiet", "--package", "tweedie-benches", "--bins"])?;
    let mut command = Command::new(cargo::release_folder()?.join(name));
    command.args(arguments).current_dir(cargo::workspace());
    command.env("OMP_WAIT_POLICY", "passive").env("GOMP_SPINCOUNT", "10000");
    cargo::check(command, name)
}

/// Builds another revision in a folder of its own and compares its speed with this one.
fn against(revision: &str, margin: f64) -> Result<()> {
    if !(0.0..100.0).contains(&margin) {
        bail!("--margin is {margin}; it must be at least 0 and less than 100 per cent");
    }
    let git = |arguments: &[&str]| -> Result<String> {
        let done = Command::new("git").args(arguments).current_dir(cargo::workspace()).output()?;
        if !done.status.success() {
            bail!("`git {}` failed: {}", arguments.join(" "), String::from_utf8_lossy(&done.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&done.stdout).trim().to_string())
    };
    let commit = git(&["rev-parse", "--verify", &format!("{revision}^{{commit}}")])?;
    if git(&["ls-tree", "-r", "--name-only", &commit, "benches/src/bin/measure.rs"])?.is_empty() {
        bail!("{revision} has no benches/src/bin/measure.rs, the program by which speeds are compared");
    }
    let target = cargo::release_folder()?.parent().map(Path::to_path_buf).unwrap_or_default();
    let folder = target.join("against").join(&commit[..12]);
    if !folder.exists() {
        git(&["worktree", "prune"])?;
        git(&["worktree", "add", "--detach", &folder.to_string_lossy(), &commit])?;
    }
    let settings = ".cargo/libtorch.toml";
    std::fs::copy(cargo::workspace().join(settings), folder.join(settings))?;
    let build = ["build", "--release", "--locked", "--package", "tweedie-benches", "--bins"];
    println!("building {revision} in {} …", folder.display());
    let mut other = cargo::command(&build);
    other.current_dir(&folder).env("CARGO_TARGET_DIR", target.join("against/build"));
    cargo::check(other, &format!("cargo {}", build.join(" ")))?;
    let before = target.join("against/build/release/measure").to_string_lossy().to_string();
    cargo::run(&build)?;
    let after = cargo::release_folder()?.join("measure").to_string_lossy().to_string();
    program("against", &[before, after, "--margin".into(), (margin / 100.0).to_string()])
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
