//! Receivers of progress: nothing, a closure, a type, and a reference to any of them.

use std::ops::ControlFlow::{self, Break, Continue};
use std::path::Path;
use tweedie_report::{Event, Progress};

/// Work of `total` steps that keeps the protocol; returns how many it did.
fn work(total: u64, progress: &mut dyn Progress) -> u64 {
    let mut done = 0;
    let mut goes_on = progress.on(&Event::Begin { task: "count", unit: "steps", total });
    while goes_on.is_continue() && done < total {
        done += 1;
        goes_on = progress.on(&Event::Step { done: done as f64, figure: Some(("loss", 0.5)) });
    }
    let _ = progress.on(&Event::Wrote { what: "count", path: Path::new("count.txt") });
    let _ = progress.on(&Event::End);
    done
}

/// Work that takes its receiver by value.
fn generic(mut progress: impl Progress) -> u64 {
    work(3, &mut progress)
}

struct Log(Vec<String>);

impl Progress for Log {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self.0.push(match event {
            Event::Begin { task, unit, total } => format!("{task}: {total} {unit}"),
            Event::Step { done, figure } => format!("{done} {figure:?}"),
            Event::Wrote { what, path } => format!("{what} in {}", path.display()),
            other => format!("{other:?}"),
        });
        Continue(())
    }
}

#[test]
fn nothing_goes_on() {
    assert_eq!((work(5, &mut ()), generic(())), (5, 3));
}

#[test]
fn a_closure_can_stop_the_work() {
    let mut seen = 0;
    let mut stop = |event: &Event<'_>| {
        seen += 1;
        match event {
            Event::Step { done, .. } if *done >= 2.0 => Break(()),
            _ => Continue(()),
        }
    };
    assert_eq!(work(5, &mut stop), 2);
    assert_eq!(generic(&mut stop), 2);
    // Begin, two steps, and what is sent after the stop, twice.
    assert_eq!(seen, 10);
    assert_eq!(work(5, &mut |_: &Event<'_>| Break(())), 0);
}

#[test]
fn a_type_is_told_everything_in_order() {
    let mut log = Log(Vec::new());
    // By reference, passed on.
    let inner: &mut dyn Progress = &mut log;
    assert_eq!(generic(inner), 3);
    let step = |i: u32| format!("{i} Some((\"loss\", 0.5))");
    assert_eq!(
        log.0,
        ["count: 3 steps".into(), step(1), step(2), step(3), "count in count.txt".into(), "End".into()]
    );
    let figures = Event::Figures { done: 4, values: &[("loss", 0.25)] };
    assert!(log.on(&figures).is_continue() && log.on(&Event::Message("done")).is_continue());
    assert!(log.0[6].contains("0.25") && log.0[7].contains("done"));
}
