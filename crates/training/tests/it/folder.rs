//! A run's folder: its lock, its checkpoints, what is cut back, its page.

use crate::common::{
    StopAfter, config, environment, go_on, identity, train_all, train_all_with_sheets, trainer,
};
use std::path::Path;
use tweedie_training::{
    CONFIG, Error, LoopMemory, ReportConfig, Run, State, TrainingConfig, TrainingData, read_metrics,
    run_state,
};

fn with(report: ReportConfig) -> TrainingConfig {
    TrainingConfig { report, ..config() }
}

fn quiet() -> ReportConfig {
    ReportConfig { tick: 8, sheet: 0, checkpoint: 0, ..ReportConfig::default() }
}

fn names(folder: &Path) -> Vec<u64> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<u64> =
        entries.map(|it| it.unwrap().file_name().to_str().unwrap().parse().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_newest_and_the_milestones_stay_on_the_disk() {
    for (keep_last, keep_every, expected) in [
        (1, 0, vec![64]),
        (3, 0, vec![48, 56, 64]),
        (2, 24, vec![24, 48, 56, 64]),
        (1, 20, vec![24, 40, 64]),
        (100, 0, (1..=8).map(|i| 8 * i).collect()),
    ] {
        let place = tempfile::tempdir().unwrap();
        let report = ReportConfig { checkpoint: 8, keep_last, keep_every, ..quiet() };
        let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
        train_all(&mut trainer(with(report)), &mut run);
        assert_eq!(names(&run.folder().join("checkpoints")), expected, "{keep_last}, {keep_every}");
    }
}

#[test]
fn a_run_has_one_owner() {
    let place = tempfile::tempdir().unwrap();
    let run = Run::create(place.path(), "run", "", &environment()).unwrap();
    let folder = run.folder().to_path_buf();
    assert_eq!(run_state(&folder, 64), State::Running);
    let error = Run::open(&folder).unwrap_err();
    assert!(matches!(error, Error::Owned { .. }), "{error}");
    let owner = format!("is being trained by process {};", std::process::id());
    assert!(error.to_string().contains(&owner), "{error}");
    assert!(
        matches!(Run::open(&folder), Err(Error::Owned { .. })),
        "reading the state does not take the lock"
    );
    drop(run);
    assert_eq!(run_state(&folder, 64), State::Interrupted);
    Run::open(&folder).unwrap();
}

/// The lock is that of the folder, so that a removed file `lock` does not let a second process in.
#[test]
fn a_run_without_its_lock_file_still_has_one_owner() {
    let place = tempfile::tempdir().unwrap();
    let run = Run::create(place.path(), "run", "", &environment()).unwrap();
    let folder = run.folder().to_path_buf();
    std::fs::remove_file(folder.join("lock")).unwrap();
    assert!(matches!(Run::open(&folder), Err(Error::Owned { .. })));
    assert_eq!(run_state(&folder, 64), State::Running);
    drop(run);
    Run::open(&folder).unwrap();
}

/// Nothing is written into a folder that has taken the place of the run's folder.
#[test]
fn a_run_whose_folder_was_exchanged_ends() {
    let place = tempfile::tempdir().unwrap();
    let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
    let folder = run.folder().to_path_buf();
    std::fs::rename(&folder, place.path().join("moved")).unwrap();
    let other = Run::create(place.path(), "other", "", &environment()).unwrap();
    let other_folder = other.folder().to_path_buf();
    drop(other);
    std::fs::rename(&other_folder, &folder).unwrap();
    let before = LogFiles::of(&folder);
    let mut trainer = trainer(with(ReportConfig { checkpoint: 8, tick: 8, ..quiet() }));
    let shown = TrainingData { shown: crate::common::data(), held_out: None };
    let error = tweedie_training::train(&mut trainer, shown, &mut run, LoopMemory::default(), None, &mut ())
        .unwrap_err();
    assert!(matches!(&error, Error::Moved { run } if *run == folder), "{error}");
    assert_eq!(LogFiles::of(&folder), before);
    assert_eq!(names(&folder.join("checkpoints")), [0u64; 0]);
}

#[test]
fn a_folder_that_is_no_run_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let reason = |path: &Path| match Run::open(path) {
        Err(Error::NoRun { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(reason(place.path()).contains(CONFIG));
    assert!(reason(&place.path().join("absent")).contains("does not exist"));
    assert!(!place.path().join("lock").exists(), "nothing was left there");
}

#[test]
fn half_written_checkpoints_are_none() {
    let place = tempfile::tempdir().unwrap();
    let run = Run::create(place.path(), "run", "", &environment()).unwrap();
    assert_eq!(run.newest_checkpoint().unwrap(), None);
    let checkpoints = run.folder().join("checkpoints");
    for name in ["0000000008", "0000000016", "0000000024.partial", "0000000032.replaced.partial", "notes"] {
        std::fs::create_dir(checkpoints.join(name)).unwrap();
    }
    let newest = Some((16, run.checkpoint(16)));
    assert_eq!(run.newest_checkpoint().unwrap(), newest);
    assert_eq!(run_state(&place.path().join("00000-run"), 16), State::Running);
    let folder = run.folder().to_path_buf();
    drop(run);
    assert_eq!((run_state(&folder, 16), run_state(&folder, 24)), (State::Finished, State::Interrupted));
    let run = Run::open(&folder).unwrap();
    assert_eq!(run.newest_checkpoint().unwrap(), newest);
    assert!(!checkpoints.join("0000000024.partial").exists() && checkpoints.join("notes").exists());
}

/// Wherever a crash cut the logs, what is left after going on is whole lines and records up to the checkpoint.
#[test]
fn logs_are_cut_back_to_the_checkpoint() {
    let two = ReportConfig { checkpoint: 24, ..quiet() };
    let place = tempfile::tempdir().unwrap();
    let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
    go_on(&mut trainer(with(two.clone())), &mut run, LoopMemory::default(), &mut StopAfter::steps(3));
    let at_checkpoint = LogFiles::of(run.folder());
    assert_eq!(read_metrics(&run.folder().join("metrics.jsonl")).unwrap().ticks.len(), 3);
    let mut seen = StopAfter::steps(2);
    let mut longer = trainer(with(two.clone()));
    let resumed = run.resume(&mut longer, &identity()).unwrap();
    assert_eq!(LogFiles::of(run.folder()), at_checkpoint, "nothing to cut");
    go_on(&mut longer, &mut run, resumed.progress, &mut seen);
    let at_end = LogFiles::of(run.folder());
    std::fs::remove_dir_all(run.checkpoint(40)).unwrap();
    let folder = run.folder().to_path_buf();
    drop(run);
    for (metrics, events) in
        [(0, 0), (1, 1), (20, 7), (at_end.metrics.len() - at_checkpoint.metrics.len() - 1, 40)]
    {
        std::fs::write(folder.join("metrics.jsonl"), &at_end.metrics[..at_end.metrics.len() - metrics])
            .unwrap();
        let cut = at_end.events.len() - events;
        std::fs::write(folder.join(EVENTS), &at_end.events[..cut]).unwrap();
        let mut run = Run::open(&folder).unwrap();
        run.resume(&mut trainer(with(two.clone())), &identity()).unwrap();
        assert_eq!(LogFiles::of(&folder), at_checkpoint, "cut by {metrics} and {events} bytes");
        // The log continues in the new file of this name.
        run.record(&seen.ticks[0]).unwrap();
        run.illustrate(&seen.ticks[0], false).unwrap();
        let lines = read_metrics(&folder.join("metrics.jsonl")).unwrap().ticks;
        assert_eq!(lines.iter().map(|line| line.images).collect::<Vec<_>>(), [8, 16, 24, 32]);
        assert_eq!(lines[3], seen.ticks[0]);
        assert!(LogFiles::of(&folder).events.starts_with(&at_checkpoint.events));
        assert!(LogFiles::of(&folder).events.len() > at_checkpoint.events.len());
    }
}

const EVENTS: &str = "events.out.tfevents.0.tweedie";

#[derive(Debug, PartialEq)]
struct LogFiles {
    metrics: Vec<u8>,
    events: Vec<u8>,
}

impl LogFiles {
    fn of(folder: &Path) -> Self {
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        Self { metrics: read("metrics.jsonl"), events: read(EVENTS) }
    }
}

/// Where no checkpoint was written yet, a run begins anew, with empty logs.
#[test]
fn without_a_checkpoint_all_is_forgotten() {
    let place = tempfile::tempdir().unwrap();
    let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
    let head = LogFiles::of(run.folder());
    let mut seen = StopAfter::steps(2);
    go_on(&mut trainer(with(quiet())), &mut run, LoopMemory::default(), &mut seen);
    std::fs::remove_dir_all(run.checkpoint(16)).unwrap();
    std::fs::create_dir(run.folder().join("samples")).unwrap();
    std::fs::write(run.sheet(16), b"a sheet").unwrap();
    std::fs::write(run.folder().join("metrics.jsonl"), b"{\"images\": 8, \"st").unwrap();
    let resumed = run.resume(&mut trainer(with(quiet())), &identity()).unwrap();
    assert_eq!(resumed.progress, LoopMemory::default());
    assert_eq!(LogFiles::of(run.folder()), head);
    assert!(!run.sheet(16).exists());
}

#[test]
fn lines_that_cannot_be_read_are_counted() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("metrics.jsonl");
    assert!(read_metrics(&path).unwrap().ticks.is_empty(), "no log is an empty one");
    std::fs::write(&path, "{\"loss\": 1}\n{").unwrap();
    let log = read_metrics(&path).unwrap();
    assert_eq!((log.ticks.len(), log.damaged), (0, vec![1]), "the last line is incomplete, not damaged");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let error = read_metrics(&path).unwrap_err();
    assert!(matches!(&error, Error::Run { path, .. } if path.ends_with("metrics.jsonl")), "{error}");
}

/// The page shows the newest sheet, however many there are, and the configuration as text.
#[test]
fn the_page_shows_the_newest_sheet() {
    let place = tempfile::tempdir().unwrap();
    let report = ReportConfig { sheet: 32, sheet_images: 2, sheet_steps: 1, ..quiet() };
    let mut run = Run::create(place.path(), "<run>", "name = \"<b>\"\n", &environment()).unwrap();
    train_all_with_sheets(&mut trainer(with(report)), &mut run);
    let page = |run: &Run| std::fs::read_to_string(run.folder().join("index.html")).unwrap();
    let html = page(&run);
    assert!(html.contains("00000-&lt;run&gt;") && html.contains("name = &quot;&lt;b&gt;&quot;"));
    assert!(html.contains("<span id=\"caption\">after 64 images</span>"), "{}", &html[..2000]);
    assert!(html.contains("64 in 8 steps") && html.contains("<svg"));
    // All PNG files begin with the same bytes.
    assert_eq!(html.matches("src=\"data:image/png;base64,iVBORw0KGgo").count(), 2);
    for sheet in 9..109 {
        std::fs::write(run.sheet(8 * sheet), format!("sheet {sheet}")).unwrap();
    }
    run.write_page().unwrap();
    let html = page(&run);
    assert_eq!(html.matches("<img").count(), 40, "evenly spread");
    assert!(html.contains("title=\"after 32 images\"") && html.contains("title=\"after 864 images\""));
    assert!(html.contains("<span id=\"caption\">after 864 images</span>"));
}
