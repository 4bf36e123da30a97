//! Compares tweedie with Python programs: every contender is started once and warmed up, then all are measured in turn, round by round.
//!
//! The table, the JSON file and the plot are written to the folder `--out`.

use anyhow::{Context, Result, bail};
use clap::Parser;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::process::Command;
use tweedie_benches::contender::{Contender, in_turn, median, seconds_of, waiting};
use tweedie_benches::{Interval, config_file, ddpm_network, ratio, small_network};
use tweedie_report::{Bar, Bars};

/// The packages of the virtual environment.
const PACKAGES: [&str; 9] = [
    "torch==2.11.0",
    "diffusers",
    "accelerate",
    "transformers",
    "numpy",
    "openvino",
    "onnxruntime",
    "onnx",
    "onnxscript",
];

/// Compares tweedie with PyTorch's diffusers and other Python programs, in turn, and writes a table, JSON and a plot.
#[derive(Debug, Parser)]
#[command(name = "peers", bin_name = "cargo xtask bench peers")]
struct Options {
    /// The Python interpreter with the packages; by default a virtual environment is made in the user's cache.
    #[arg(long, value_name = "PYTHON")]
    python: Option<PathBuf>,
    /// The network: shapes (1.9 M parameters, 16×16) or ddpm (35.7 M, 32×32).
    #[arg(long, default_value = "shapes", value_parser = ["shapes", "ddpm"])]
    network: String,
    /// Images in a batch.
    #[arg(long, default_value_t = 64)]
    batch: usize,
    /// What is measured.
    #[arg(long, value_delimiter = ',', default_value = "sample,train,likelihood,start", value_parser = ["sample", "train", "likelihood", "start"])]
    modes: Vec<String>,
    /// What evaluates the network in Python.
    #[arg(long, value_delimiter = ',', default_value = "eager,compile,freeze,openvino,onnx", value_parser = ["eager", "compile", "freeze", "openvino", "onnx"])]
    runtimes: Vec<String>,
    /// The number of rounds.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// Steps of each contender in a round; a bound is computed once.
    #[arg(long, default_value_t = 8)]
    steps: usize,
    /// Threads of each contender.
    #[arg(long, default_value_t = 2)]
    threads: u16,
    /// The folder of the results.
    #[arg(long, default_value = "docs/figures")]
    out: PathBuf,
    /// Measure nothing, and draw the plot and the table of the results that the folder has.
    #[arg(long)]
    redraw: bool,
}

/// A row of the results.
#[derive(Debug, Serialize, Deserialize)]
struct Row {
    mode: String,
    precision: String,
    program: String,
    /// The median seconds of a step, a bound or a start.
    seconds: f64,
    /// The speed relative to eager PyTorch of the same precision.
    relative: Option<Interval>,
}

/// What is written to the JSON file.
#[derive(Debug, Serialize, Deserialize)]
struct Results {
    network: String,
    batch: usize,
    threads: u16,
    rounds: u16,
    steps: usize,
    cpu: String,
    rows: Vec<Row>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let stem = options.out.join(format!("peers-{}-{}", options.network, options.batch));
    let results = if options.redraw { read(&stem)? } else { measured(&options)? };
    print!("\n{}", table(&results));
    std::fs::create_dir_all(&options.out)?;
    std::fs::write(stem.with_extension("json"), serde_json::to_vec_pretty(&results)?)?;
    std::fs::write(stem.with_extension("svg"), bars(&results).svg())?;
    println!("written: {0}.json and {0}.svg", stem.display());
    Ok(())
}

fn read(stem: &Path) -> Result<Results> {
    let file = stem.with_extension("json");
    let text = std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} holds no results", file.display()))
}

fn measured(options: &Options) -> Result<Results> {
    let python = match &options.python {
        Some(python) => python.clone(),
        None => environment()?,
    };
    let network = if options.network == "ddpm" { ddpm_network() } else { small_network() };
    let config = config_file(&network)?;
    let mut rows = Vec::new();
    for mode in &options.modes {
        println!("{mode}, {} network, batch {}", options.network, options.batch);
        rows.extend(if mode == "start" {
            starts(options, &python, config.path())?
        } else {
            contest(options, &python, config.path(), mode)?
        });
    }
    Ok(Results {
        network: options.network.clone(),
        batch: options.batch,
        threads: options.threads,
        rounds: options.rounds,
        steps: options.steps,
        cpu: cpu(),
        rows,
    })
}

/// The interpreter of a virtual environment with the packages, which is made if it is absent.
fn environment() -> Result<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME is set")?;
    let folder = cache.join("tweedie/peers");
    let python = folder.join("bin/python");
    let stamp = folder.join("complete");
    if !stamp.exists() {
        println!("installing {} into {} (several GB) …", PACKAGES.join(", "), folder.display());
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES))?;
        std::fs::write(&stamp, PACKAGES.join("\n"))?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?} cannot be started"))?;
    if !status.success() {
        bail!("{command:?} failed");
    }
    Ok(())
}

/// The program beside this one that measures tweedie.
fn measure(options: &Options, config: &Path, mode: &str, precision: &str) -> Result<Command> {
    let program = std::env::current_exe()?.with_file_name("measure");
    let mut command = Command::new(program);
    common(&mut command, options, config, mode, precision);
    Ok(command)
}

fn peer(
    options: &Options,
    python: &Path,
    config: &Path,
    mode: &str,
    precision: &str,
    runtime: &str,
) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/diffusers_throughput.py");
    let mut command = Command::new(python);
    common(command.arg(script), options, config, mode, precision);
    command.args(["--runtime", runtime]);
    command
}

fn common(command: &mut Command, options: &Options, config: &Path, mode: &str, precision: &str) {
    let (steps, warmup) = if mode == "likelihood" { (1, 1) } else { (options.steps, 3) };
    command.arg("--config").arg(config);
    for (flag, value) in [
        ("--batch", options.batch.to_string()),
        ("--mode", mode.into()),
        ("--precision", precision.into()),
        ("--steps", steps.to_string()),
        ("--warmup", warmup.to_string()),
        ("--threads", options.threads.to_string()),
    ] {
        command.args([flag, &value]);
    }
}

fn contest(options: &Options, python: &Path, config: &Path, mode: &str) -> Result<Vec<Row>> {
    let mut contenders = Vec::new();
    for precision in ["f32", "bf16"] {
        let mut own = measure(options, config, mode, precision)?;
        own.arg("--serve");
        contenders.push(Contender::start("tweedie", precision, own)?);
        for runtime in &options.runtimes {
            if mode == "train" && !["eager", "compile"].contains(&runtime.as_str()) {
                continue;
            }
            let mut command = peer(options, python, config, mode, precision, runtime);
            command.arg("--serve");
            match Contender::start(title(runtime), precision, command) {
                Ok(contender) => contenders.push(contender),
                Err(error) => println!("  left out: {error}"),
            }
        }
    }
    in_turn(&mut contenders, options.rounds)?;
    let eager =
        |precision: &str| contenders.iter().find(|it| it.precision == precision && it.name == title("eager"));
    Ok(contenders
        .iter()
        .map(|it| Row {
            mode: mode.into(),
            precision: it.precision.into(),
            program: it.name.clone(),
            seconds: median(it.rounds.clone()),
            relative: eager(it.precision).map(|eager| ratio(&eager.rounds, &it.rounds)),
        })
        .collect())
}

fn title(runtime: &str) -> &'static str {
    match runtime {
        "eager" => "PyTorch eager",
        "compile" => "torch.compile",
        "freeze" => "torch.compile, frozen",
        "openvino" => "OpenVINO",
        _ => "ONNX Runtime",
    }
}

/// Seconds from the start of a process to its first training step.
fn starts(options: &Options, python: &Path, config: &Path) -> Result<Vec<Row>> {
    let mut rounds = [Vec::new(), Vec::new()];
    for _ in 0..options.rounds {
        let own = measure(options, config, "start", "f32")?;
        for (command, seconds) in
            [own, peer(options, python, config, "start", "f32", "eager")].into_iter().zip(&mut rounds)
        {
            seconds.push(start(command)?);
        }
    }
    let names = ["tweedie", title("eager")];
    Ok((0..2)
        .map(|i| Row {
            mode: "start".into(),
            precision: "f32".into(),
            program: names[i].into(),
            seconds: median(rounds[i].clone()),
            relative: Some(ratio(&rounds[1], &rounds[i])),
        })
        .collect())
}

fn start(mut command: Command) -> Result<f64> {
    waiting(&mut command);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs_f64();
    let done = command.args(["--started-at", &now.to_string()]).output()?;
    let text = String::from_utf8_lossy(&done.stdout);
    let line = text.lines().last().context("a start printed nothing")?;
    Ok(median(seconds_of(line)?))
}

fn describe(row: &Row, batch: usize) -> (String, String) {
    let speed = match row.mode.as_str() {
        "sample" | "train" => format!("{:.0} img/s", batch as f64 / row.seconds),
        _ => format!("{:.2} s", row.seconds),
    };
    let ratio = row
        .relative
        .as_ref()
        .map_or("–".into(), |it| format!("{:.2} ({:.2} … {:.2})", it.median, it.low, it.high));
    (speed, ratio)
}

fn table(results: &Results) -> String {
    let mut table = format!(
        "| {} network, batch {}, {} threads | precision | program | median | speed relative to eager ({} rounds, 95 % interval) |\n|---|---|---|---|---|\n",
        results.network, results.batch, results.threads, results.rounds
    );
    for row in &results.rows {
        let (speed, ratio) = describe(row, results.batch);
        table += &format!("| {} | {} | {} | {speed} | {ratio} |\n", row.mode, row.precision, row.program);
    }
    table
}

/// The name of the processor.
fn cpu() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    line.trim_start_matches([' ', '\t', ':']).to_string()
}

/// The speed relative to eager PyTorch, a group of bars for each mode and precision. The start is many times faster and would need a
/// scale of its own.
fn bars(results: &Results) -> Bars {
    let mut groups: Vec<(String, Vec<Bar>)> = Vec::new();
    for row in results.rows.iter().filter(|row| row.mode != "start") {
        let heading = format!("{}, {}", row.mode, row.precision);
        if groups.last().is_none_or(|(last, _)| *last != heading) {
            groups.push((heading, Vec::new()));
        }
        let (speed, _) = describe(row, results.batch);
        let bar = Bar {
            label: row.program.clone(),
            value: row.relative.map_or(f64::NAN, |it| it.median),
            interval: row.relative.map(|it| (it.low, it.high)),
            note: row.relative.map_or(speed.clone(), |it| format!("{:.2} ({speed})", it.median)),
            is_marked: row.program == "tweedie",
        };
        if let Some((_, bars)) = groups.last_mut() {
            bars.push(bar);
        }
    }
    Bars {
        title: format!("{} network, batch {}, {} threads", results.network, results.batch, results.threads),
        x_label: "speed relative to eager PyTorch of the same precision".into(),
        groups,
    }
}
