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
    total: f64,
    /// Pictures that are done, and the share of the batch that is being done.
    done: f64,
    /// Pictures of whole batches.
    whole: f64,
    figures: Vec<f64>,
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

    /// A picture is done, with its figure where it has one, or nothing is; whether to go on.
    pub fn seen(&self, picture: Option<Option<f64>>) -> bool {
        if let Some(figure) = picture {
            let mut work = self.work.borrow_mut();
            work.done += 1.0;
            work.figures.extend(figure);
            self.say(&mut work);
        }
        !self.stopped()
    }

    /// So many pictures of a batch are done, or a share of one of that size; whether to go on.
    pub fn batch(&self, pictures: usize, share: f64, size: usize) -> bool {
        let mut work = self.work.borrow_mut();
        if pictures > 0 {
            work.whole += pictures as f64;
            work.done = work.whole;
        } else {
            work.done = work.whole + share * (work.total - work.whole).min(size as f64);
        }
        self.say(&mut work);
        !self.stopped()
    }

    fn say(&self, work: &mut Work) {
        let mean = work.figures.iter().sum::<f64>() / work.figures.len() as f64;
        let mean = if work.figures.is_empty() { String::new() } else { format!(", {mean:.4} so far") };
        work.bar.set_message(mean.clone());
        work.bar.set_position(work.done as u64);
        if work.done >= work.total {
            work.bar.finish_and_clear();
        } else if work.bar.is_hidden() && work.said.elapsed() > SILENCE {
            work.said = Instant::now();
            let left = work.began.elapsed().as_secs_f64() / work.done.max(1e-3) * (work.total - work.done);
            let text =
                format!("{}: {:.1} of {} pictures{mean}, {left:.0} s left", work.name, work.done, work.total);
            if !try_line(text) {
                self.stop.store(true, Ordering::Relaxed);
            }
        }
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
        let now = Instant::now();
        Self {
            name,
            bar,
            total: total as f64,
            done: 0.0,
            whole: 0.0,
            figures: Vec::new(),
            began: now,
            said: now,
        }
    }
}
