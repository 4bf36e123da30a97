//! What is shown while training goes on.

use crate::output::try_line;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tweedie_training::{Observer, StepReport, Tick};

/// A bar on a terminal, plain lines elsewhere.
pub(super) struct Status {
    pub(super) bar: ProgressBar,
    began: Instant,
    stop: Arc<AtomicBool>,
}

impl Status {
    pub(super) fn new(images: u64, began: Instant, stop: Arc<AtomicBool>) -> Self {
        let bar =
            if std::io::stderr().is_terminal() { ProgressBar::new(images) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {human_pos} images  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, began, stop }
    }

    /// A line above the bar. When nobody reads it any more, training stops and saves.
    fn say(&self, text: &str) {
        let printed = self.bar.suspend(|| try_line(text));
        if !printed {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Observer for Status {
    fn begins(&mut self) {
        self.say(&format!("first step after {:.2} s", self.began.elapsed().as_secs_f64()));
    }

    fn step(&mut self, images: u64, report: &StepReport) {
        self.bar.set_position(images);
        self.bar.set_message(format!("loss {:.4}", report.loss));
    }

    fn tick(&mut self, tick: &Tick) {
        let right = tick.held_out.as_ref().and_then(|held_out| held_out.accuracy);
        let right = right.map_or(String::new(), |share| format!("  right {:.1} %", 100.0 * share.averaged));
        self.say(&format!(
            "kimg {:>7.1}  loss {:>8.4}{right}  grad {:>7.3}  rate {:.2e}  img/s {:>6.1}  mem {:>5.0} MiB  time {}  eta {}",
            tick.images as f64 / 1e3,
            tick.loss,
            tick.gradient_norm,
            tick.learning_rate,
            tick.clock.images_per_second,
            tick.clock.memory_mib,
            duration(tick.clock.seconds),
            duration(tick.clock.eta_seconds),
        ));
    }

    fn wrote(&mut self, what: &str, path: &Path) {
        self.say(&format!("{what}: {}", path.display()));
    }
}

/// Hours, minutes and seconds, as few as say it.
fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        _ => format!("{}h{:02}m", whole / 3600, whole / 60 % 60),
    }
}
