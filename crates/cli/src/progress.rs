//! Progress output: a bar on a terminal, and an occasional line if standard error is not a terminal. Ctrl-C stops the work cleanly.

use crate::output::line;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tweedie_report::{Event, Progress};

/// The exit code of an interrupted program.
pub const INTERRUPTED: u8 = 130;

/// The interval between progress lines if standard error is not a terminal.
const SILENCE: Duration = Duration::from_secs(15);

/// Returns a flag that Ctrl-C and SIGTERM set, so that the work can stop cleanly. A second signal ends the program at once.
pub fn interruptible() -> anyhow::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let on_signal = move || {
        if flag.swap(true, Ordering::Relaxed) {
            tweedie_torch::exit_now(INTERRUPTED);
        }
    };
    ctrlc::set_handler(on_signal).context("signals cannot be caught")?;
    Ok(stop)
}

/// Shows the progress of one task after another.
pub struct Terminal {
    stop: Arc<AtomicBool>,
    program: Instant,
    bar: ProgressBar,
    task: &'static str,
    unit: &'static str,
    total: f64,
    /// The name, the sum and the count of the steps' figures. Their mean is shown; for training, only the last figure is kept.
    figures: (&'static str, f64, u32),
    began: Instant,
    printed: Instant,
}

impl Terminal {
    /// A terminal without a task yet. `stop` is the flag that requests a stop; `program` is the time at which the program started.
    pub fn new(stop: Arc<AtomicBool>, program: Instant) -> Self {
        Self {
            stop,
            program,
            bar: ProgressBar::hidden(),
            task: "",
            unit: "",
            total: 0.0,
            figures: ("", 0.0, 0),
            began: program,
            printed: program,
        }
    }

    /// A terminal whose stop flag is set by Ctrl-C; see [`interruptible`].
    pub fn interruptible() -> anyhow::Result<Self> {
        Ok(Self::new(interruptible()?, Instant::now()))
    }

    /// Whether a stop was requested.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Prints a line above the bar.
    fn print(&self, text: &str) {
        self.bar.suspend(|| line(text));
    }

    fn begin(&mut self, task: &'static str, unit: &'static str, total: u64) {
        self.bar =
            if std::io::stderr().is_terminal() { ProgressBar::new(total) } else { ProgressBar::hidden() };
        let style =
            ProgressStyle::with_template("{prefix} {bar:30} {percent:>3} %  {human_pos} {msg}, {eta} left");
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.set_prefix(task);
        (self.task, self.unit, self.total) = (task, unit, total as f64);
        self.figures = ("", 0.0, 0);
        (self.began, self.printed) = (Instant::now(), Instant::now());
        if task == "training" {
            self.print(&format!("first step after {:.2} s", self.program.elapsed().as_secs_f64()));
        }
    }

    fn step(&mut self, done: f64, figure: Option<(&'static str, f64)>) {
        if let Some((name, value)) = figure {
            let (_, sum, n) = self.figures;
            self.figures =
                if self.task == "training" { (name, value, 1) } else { (name, sum + value, n + 1) };
        }
        let (name, sum, n) = self.figures;
        let figure = if n == 0 { String::new() } else { format!(", {name} {:.4}", sum / f64::from(n)) };
        self.bar.set_message(format!("{}{figure}", self.unit));
        self.bar.set_position(done as u64);
        let quiet = self.bar.is_hidden() && self.task != "training" && self.printed.elapsed() > SILENCE;
        if quiet && done < self.total {
            self.printed = Instant::now();
            let left = self.began.elapsed().as_secs_f64() / done.max(1e-3) * (self.total - done);
            self.print(&format!(
                "{}: {done:.1} of {} {}{figure}, {left:.0} s left",
                self.task, self.total, self.unit
            ));
        }
    }
}

impl Progress for Terminal {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match event {
            Event::Begin { task, unit, total } => self.begin(task, unit, *total),
            Event::Step { done, figure } => self.step(*done, *figure),
            Event::Figures { done, values } => self.print(&status(*done, values)),
            Event::Wrote { what, path } => self.print(&format!("{what}: {}", path.display())),
            Event::Message(text) => self.print(text),
            Event::End => self.bar.finish_and_clear(),
            _ => {}
        }
        if self.stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The status line of training.
fn status(images: u64, values: &[(&'static str, f64)]) -> String {
    let value = |name: &str| values.iter().find(|(own, _)| *own == name).map(|(_, value)| *value);
    let of = |name: &str| value(name).unwrap_or(f64::NAN);
    let right = value("accuracy").map_or(String::new(), |share| format!("  right {:.1} %", 100.0 * share));
    format!(
        "kimg {:>7.1}  loss {:>8.4}{right}  grad {:>7.3}  rate {:.2e}  img/s {:>6.1}  mem {:>5.0} MiB  time {}  eta {}",
        images as f64 / 1e3,
        of("loss"),
        of("gradient_norm"),
        of("learning_rate"),
        of("images_per_second"),
        of("memory_mib"),
        duration(of("seconds")),
        duration(of("eta_seconds")),
    )
}

/// Formats a duration in seconds, in minutes and seconds, or in hours and minutes.
fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        _ => format!("{}h{:02}m", whole / 3600, whole / 60 % 60),
    }
}
