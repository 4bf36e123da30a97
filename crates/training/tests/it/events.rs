//! What a training reports, and how it is stopped by an answer.

use crate::common::{Estimates, config, data, environment, trainer};
use std::ops::ControlFlow;
use tch::Device;
use tweedie_models::Model;
use tweedie_report::{Event, Progress};
use tweedie_training::{
    Ending, LoopMemory, ReportConfig, ResumeState, Run, TrainingConfig, TrainingData, read_metrics, train,
};

/// Eight steps of 8 images; lines, sheets and checkpoints on the way.
fn reporting() -> TrainingConfig {
    let report =
        ReportConfig { tick: 16, sheet: 32, checkpoint: 24, keep_last: 9, ..ReportConfig::default() };
    TrainingConfig { report, ..config() }
}

/// Events in words, and the answer: to stop at the n-th event.
struct Record {
    events: Vec<String>,
    stop_at: Option<usize>,
}

impl Progress for Record {
    fn on(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        let words = match event {
            Event::Begin { task, unit, total } => format!("begin {task}, {total} {unit}"),
            Event::Step { done, figure } => {
                assert!(figure.is_some_and(|(name, value)| name == "loss" && value.is_finite()));
                format!("step {done}")
            }
            Event::Figures { done, values } => {
                assert!(values.iter().all(|(_, value)| value.is_finite()), "{values:?}");
                format!("figures {done}")
            }
            Event::Wrote { what, path } => {
                assert!(path.exists(), "{} was to be complete", path.display());
                format!("wrote {what} {}", path.file_name().unwrap().to_string_lossy())
            }
            Event::End => "end".into(),
            other => format!("{other:?}"),
        };
        self.events.push(words);
        // The stop is requested only once.
        if Some(self.events.len()) == self.stop_at {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

fn trained(stop_at: Option<usize>, run: &mut Run) -> (Ending, u64, Vec<String>) {
    let (mut trainer, mut record) = (trainer(reporting()), Record { events: Vec::new(), stop_at });
    let data = TrainingData { shown: data(), held_out: None };
    let ending =
        train(&mut trainer, data, run, LoopMemory::default(), Some(&Estimates), &mut record).unwrap();
    (ending, trainer.images(), record.events)
}

fn new_run(place: &tempfile::TempDir) -> Run {
    Run::create(place.path(), "run", "", &environment()).unwrap()
}

#[test]
fn events_are_a_task_with_its_steps_in_order() {
    let place = tempfile::tempdir().unwrap();
    let mut run = new_run(&place);
    let (ending, _, events) = trained(None, &mut run);
    assert_eq!(ending, Ending::Finished);
    assert_eq!((events[0].as_str(), events.last().unwrap().as_str()), ("begin training, 64 images", "end"));
    let of =
        |kind: &str| -> Vec<&str> { events.iter().filter_map(|event| event.strip_prefix(kind)).collect() };
    assert_eq!(of("begin ").len(), 1);
    assert_eq!(of("end").len(), 1);
    assert_eq!(of("step "), ["8", "16", "24", "32", "40", "48", "56", "64"]);
    assert_eq!(of("figures "), ["16", "32", "48", "64"]);
    assert_eq!(of("wrote sheet "), ["0000000032.png", "0000000064.png"]);
    assert_eq!(of("wrote checkpoint "), ["0000000024", "0000000048", "0000000064"]);
    // A line's figures come after the step that it ends with, and before the next one.
    let place_of = |event: &str| events.iter().position(|found| found == event).unwrap();
    for images in [16, 32, 48] {
        let at = place_of(&format!("figures {images}"));
        assert!(place_of(&format!("step {images}")) < at && at < place_of(&format!("step {}", images + 8)));
    }
}

/// A stop requested at any event completes the step and saves the checkpoint and the log, and the end is reported.
#[test]
fn a_break_at_any_event_saves_everything() {
    let place = tempfile::tempdir().unwrap();
    let (_, _, whole) = trained(None, &mut new_run(&place));
    // Both earlier checkpoints may be announced before the last step or after it, by the writer's pace.
    let before_last = whole.iter().position(|event| event == "step 64").unwrap() - 2;
    for stop_at in 1..=before_last {
        let mut run = new_run(&place);
        let (ending, images, events) = trained(Some(stop_at), &mut run);
        let steps = events.iter().filter(|event| event.starts_with("step ")).count() as u64;
        assert_eq!((ending, images), (Ending::Interrupted, 8 * steps), "{events:?}");
        assert!(images < 64 && events.last().unwrap() == "end", "{events:?}");
        let checkpoint = run.checkpoint(images);
        assert_eq!(run.newest_checkpoint().unwrap(), Some((images, checkpoint.clone())));
        assert!(events.contains(&format!("wrote checkpoint {images:010}")), "{events:?}");
        let state = ResumeState::read(&checkpoint).unwrap();
        assert_eq!((state.images, state.steps), (images, steps));
        // A checkpoint that was due at this very step is one that an undisturbed run has.
        assert_eq!(state.scheduled, images % 24 == 0 && images > 0, "{images} images");
        assert_eq!(
            Model::load(&checkpoint, Device::Cpu).unwrap().about().training.as_ref().unwrap().images,
            images
        );
        let lines = read_metrics(&run.folder().join("metrics.jsonl")).unwrap().ticks;
        assert_eq!(lines.len() as u64, images / 16);
        assert!(run.folder().join("index.html").exists());
    }
}
