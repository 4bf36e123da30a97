//! What the likelihoods report, and how an answer stops them.

use crate::likelihood::{bounds_with, examples, flows_with, model};
use std::ops::ControlFlow;
use tweedie_models::VariancePrediction;
use tweedie_report::Event;

/// The events of work that is stopped at the n-th event, and the number of examples that it finished.
fn stopped(at: usize, work: &dyn Fn(&mut dyn tweedie_report::Progress) -> usize) -> (Vec<String>, usize) {
    let mut events = Vec::new();
    let mut record = |event: &Event<'_>| {
        let name = match event {
            Event::Begin { unit: "images", total: 3, .. } => "begin".to_string(),
            Event::Step { done, .. } => format!("{done:.3}"),
            Event::End => "end".into(),
            other => panic!("{other:?}"),
        };
        events.push(name);
        if events.len() == at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let finished = work(&mut record);
    (events, finished)
}

/// A break at any event ends the work soon. The end is reported once, and the finished examples are returned.
#[test]
fn a_break_at_any_event_ends_the_work() {
    let (model, three) = (model(VariancePrediction::None, |_| {}), examples(3));
    let bound = |progress: &mut dyn tweedie_report::Progress| bounds_with(&model, &three, progress).len();
    let flow = |progress: &mut dyn tweedie_report::Progress| flows_with(&model, &three, progress).len();
    for work in [&bound as &dyn Fn(&mut dyn tweedie_report::Progress) -> usize, &flow] {
        let (whole, finished) = stopped(0, work);
        assert_eq!((whole[0].as_str(), whole.last().unwrap().as_str(), finished), ("begin", "end", 3));
        let steps: Vec<f64> = whole[1..whole.len() - 1].iter().map(|done| done.parse().unwrap()).collect();
        assert!(steps.is_sorted() && steps.last() == Some(&3.0), "{whole:?}");
        for at in [1, 2, whole.len() / 2] {
            let (events, finished) = stopped(at, work);
            assert_eq!((events.len(), events.last().unwrap().as_str()), (at + 1, "end"), "{events:?}");
            assert!(finished < 3 && (at > 1 || finished == 0), "{finished} after {events:?}");
        }
    }
}
