//! The progress protocol of training, sampling and evaluation: typed events that can also cancel the work.

use std::ops::ControlFlow;
use std::path::Path;

/// An event during long work.
///
/// One task sends [`Begin`](Self::Begin), then any number of the other events, then [`End`](Self::End). A task may contain
/// another one. Receivers ignore events that they do not know: more may be added.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A task begins.
    Begin {
        /// The name of the task, such as "train" or "sample".
        task: &'static str,
        /// The unit of progress in plural, such as "images" or "steps".
        unit: &'static str,
        /// The number of units of the whole task.
        total: u64,
    },
    /// The innermost task made progress.
    Step {
        /// The number of units done since the task began. It may be fractional: a sampler reports steps of unfinished images.
        done: f64,
        /// A figure to show beside it, such as ("loss", 0.031), if there is one.
        figure: Option<(&'static str, f64)>,
    },
    /// Figures were measured.
    Figures {
        /// The number of units done when they were measured.
        done: u64,
        /// The name and the value of each figure.
        values: &'a [(&'static str, f64)],
    },
    /// A file or folder was written and is complete.
    Wrote {
        /// What it is, such as "checkpoint" or "sheet".
        what: &'static str,
        /// The file or folder.
        path: &'a Path,
    },
    /// One sentence for the user.
    Message(&'a str),
    /// The innermost task ended, whether it was completed or stopped.
    End,
}

/// A receiver of progress events.
///
/// `()` ignores all events, and any closure `FnMut(&Event<'_>) -> ControlFlow<()>` is a receiver. Functions take
/// `&mut dyn Progress`, which is a receiver as well and can be passed on.
pub trait Progress {
    /// Called with each event, in order, on the thread that does the work.
    ///
    /// [`ControlFlow::Break`] requests that the work stop as soon as it can leave a complete result, such as a checkpoint or finished
    /// images. The work then returns what is done, without an error. It still sends [`Event::End`] and an event for each file that it
    /// writes until then, and it ignores the answers to these events.
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()>;
}

impl Progress for () {
    fn on(&mut self, _event: &Event<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

// Not for every `&mut P`: a reference to a closure is a closure itself, and the two implementations would overlap.
impl Progress for &mut (dyn Progress + '_) {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        (**self).on(event)
    }
}

impl<F: FnMut(&Event<'_>) -> ControlFlow<()>> Progress for F {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self(event)
    }
}
