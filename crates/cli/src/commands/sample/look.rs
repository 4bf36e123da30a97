//! What looks on while pictures are drawn: progress, a request to stop, previews.

use super::previews::Previews;
use crate::commands::progress;
use crate::output::try_line;
use indicatif::ProgressBar;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tch::Tensor;
use tweedie_samplers::{Error, Estimate, Hook, Next, NoiseSource, State, Step};

/// Where there is no terminal, a line is printed after so long.
const SILENCE: Duration = Duration::from_secs(15);

/// The hook of every step.
pub(super) struct Look<'a> {
    bar: ProgressBar,
    stop: &'a AtomicBool,
    previews: Option<Previews>,
    done: usize,
    total: usize,
    began: Instant,
    said: Instant,
}

impl<'a> Look<'a> {
    /// Before the first of so many steps, all batches together.
    pub(super) fn new(total: usize, stop: &'a AtomicBool, previews: Option<Previews>) -> Self {
        let now = Instant::now();
        Self { bar: progress(total as u64), stop, previews, done: 0, total, began: now, said: now }
    }

    /// Whether it was asked to stop.
    pub(super) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// After the last step.
    pub(super) fn finish(self) -> Option<Previews> {
        self.bar.finish_and_clear();
        self.previews
    }
}

impl Hook<Tensor> for Look<'_> {
    fn after(
        &mut self,
        x: &Tensor,
        step: &Step,
        estimate: Option<&Estimate<Tensor>>,
        _: &dyn NoiseSource<Tensor>,
    ) -> Result<Next<Tensor>, Error> {
        self.bar.inc(1);
        self.done += 1;
        if self.bar.is_hidden() && self.said.elapsed() > SILENCE {
            self.said = Instant::now();
            let each = self.began.elapsed().as_secs_f64() / self.done as f64;
            let left = each * (self.total - self.done.min(self.total)) as f64;
            if !try_line(format!("sampling: step {} of {}, {left:.0} s left", self.done, self.total)) {
                self.stop.store(true, Ordering::Relaxed);
            }
        }
        if let Some(previews) = &mut self.previews {
            previews.take(step, x, estimate)?;
        }
        Ok(if self.stopped() { Next::Stop(x.share()) } else { Next::Go })
    }
}
