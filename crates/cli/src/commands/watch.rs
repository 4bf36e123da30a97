//! Progress over pictures: a bar on a terminal, a line now and then elsewhere.

use crate::commands::progress;
use crate::output::try_line;
use indicatif::{ProgressBar, ProgressStyle};
use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Where there is no terminal, a line is printed after so long.
const SILENCE: Duration = Duration::from_secs(15);

/// Shows how far a piece of work is, and says when it is to stop.
pub struct Watch<'a> {
    stop: &'a AtomicBool,
    work: RefCell<Work>,
}

struct Work {
    name: &'static str,
    bar: ProgressBar,
    total: usize,
    done: usize,
    sum: f64,
    began: Instant,
    said: Instant,
}

impl<'a> Watch<'a> {
    /// Nothing has begun yet; `stop` is set from outside.
    pub fn new(stop: &'a AtomicBool) -> Self {
        Self { stop, work: RefCell::new(Work::new("", 0)) }
    }

    /// A piece of work over so many pictures begins.
    pub fn begin(&self, name: &'static str, total: usize) {
        self.work.borrow().bar.finish_and_clear();
        *self.work.borrow_mut() = Work::new(name, total);
    }

    /// A picture is done, with its figure where it has one; whether to go on.
    pub fn one(&self, figure: Option<f64>) -> bool {
        self.some(1, figure)
    }

    /// Some pictures are done, `figure` being the sum of theirs; whether to go on.
    pub fn some(&self, n: usize, figure: Option<f64>) -> bool {
        let mut work = self.work.borrow_mut();
        work.done += n;
        work.sum += figure.unwrap_or(0.0);
        let mean = figure.map_or(String::new(), |_| format!(", {:.4} so far", work.sum / work.done as f64));
        work.bar.set_message(mean.clone());
        work.bar.inc(n as u64);
        if work.done == work.total {
            work.bar.finish_and_clear();
        } else if work.bar.is_hidden() && work.said.elapsed() > SILENCE {
            work.said = Instant::now();
            let left =
                work.began.elapsed().as_secs_f64() / work.done as f64 * (work.total - work.done) as f64;
            let text =
                format!("{}: {} of {} pictures{mean}, {left:.0} s left", work.name, work.done, work.total);
            if !try_line(text) {
                self.stop.store(true, Ordering::Relaxed);
            }
        }
        !self.stopped()
    }

    /// Whether it was asked to stop.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

impl Work {
    fn new(name: &'static str, total: usize) -> Self {
        let bar = progress(total as u64);
        let style =
            ProgressStyle::with_template("{prefix} {bar:30} {pos} of {len} pictures{msg}, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_prefix(name);
        Self { name, bar, total, done: 0, sum: 0.0, began: Instant::now(), said: Instant::now() }
    }
}
