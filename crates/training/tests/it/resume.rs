//! Going on from a checkpoint is going on as if nothing had happened, byte for byte.

use crate::common::{
    StopAfter, data, description, environment, go_on_with_sheets, identity, network, train_all_with_sheets,
    weights,
};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tweedie_math::Parameterization;
use tweedie_models::Model;
use tweedie_torch::Precision;
use tweedie_training::{LoopMemory, ReportConfig, ResumeState, Run, Trainer, TrainingConfig, read_metrics};

/// Everything that could depend on where a run was interrupted: dropout, classes with label dropout, batches in parts, a
/// moving average, held-out losses that fall between ticks, sheets.
pub fn config() -> TrainingConfig {
    let report = ReportConfig {
        tick: 16,
        sheet: 32,
        sheet_images: 4,
        sheet_steps: 2,
        checkpoint: 32,
        held_out: 24,
        held_out_images: 8,
        keep_last: 9,
        ..ReportConfig::default()
    };
    TrainingConfig { images: 64, batch: 8, accumulate: 2, label_dropout: 0.3, report, ..Default::default() }
}

pub fn model() -> Model {
    let mut network = network();
    network.dropout = 0.2;
    network.num_class_embeds = Some(4);
    let mut description = description(Parameterization::Epsilon);
    description.about.class_names = data().class_names();
    description.about.null_class = Some(3);
    Model::new(&network, description, tch::Device::Cpu, 0).unwrap()
}

pub fn fresh() -> Trainer {
    Trainer::new(model(), config(), Precision::F32).unwrap()
}

/// What a finished run is compared by.
struct Traces {
    weights: Vec<f32>,
    average: Vec<f32>,
    /// Every file that does not contain times, and its content.
    files: Vec<(PathBuf, Vec<u8>)>,
}

fn traces(trainer: &mut Trainer, run: &Run) -> Traces {
    let mut files = Vec::new();
    collect(run.folder(), run.folder(), &mut files);
    files.sort();
    let average = trainer.with_ema(|model| Ok(weights(model))).unwrap();
    Traces { weights: weights(trainer.model()), average, files }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().to_string();
        if path.is_dir() {
            collect(root, &path, files);
            continue;
        }
        let bytes = match name.as_str() {
            "metrics.jsonl" => {
                let mut ticks = read_metrics(&path).unwrap().ticks;
                for tick in &mut ticks {
                    tick.clock = tweedie_training::Clock {
                        seconds: 0.0,
                        images_per_second: 0.0,
                        eta_seconds: 0.0,
                        memory_mib: 0.0,
                    };
                }
                format!("{ticks:?}").into_bytes()
            }
            "state.json" => {
                let mut state = ResumeState::read(path.parent().unwrap().parent().unwrap()).unwrap();
                state.progress.seconds = 0.0;
                format!("{state:?}").into_bytes()
            }
            "checksums.json" => {
                // The checksum of the state depends on its seconds.
                let mut checksums: serde_json::Value =
                    serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
                checksums["resume/state.json"] = 0.into();
                checksums.to_string().into_bytes()
            }
            name if name == "index.html" || name == "lock" || name.contains("tfevents") => continue,
            _ => std::fs::read(&path).unwrap(),
        };
        files.push((path.strip_prefix(root).unwrap().to_path_buf(), bytes));
    }
}

/// The run that nothing interrupts.
fn whole() -> &'static Traces {
    static WHOLE: OnceLock<Traces> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let place = tempfile::tempdir().unwrap();
        let (mut trainer, mut run) = (fresh(), Run::create(place.path(), "run", "", &environment()).unwrap());
        train_all_with_sheets(&mut trainer, &mut run);
        traces(&mut trainer, &run)
    })
}

/// The run is the uninterrupted one but for the checkpoints that it was interrupted for.
fn assert_same(found: Traces, more: &[&str]) {
    let expected = whole();
    assert!(found.weights == expected.weights && found.average == expected.average, "the weights differ");
    let is_extra = |path: &PathBuf| more.iter().any(|name| path.starts_with(name));
    let found: Vec<_> = found.files.into_iter().filter(|(path, _)| !is_extra(path)).collect();
    let names = |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|file| file.0.clone()).collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected.files));
    for ((path, found), (_, expected)) in found.iter().zip(&expected.files) {
        assert!(found == expected, "{} differs", path.display());
    }
}

/// Stopped twice: between ticks, with a held-out loss that waits for its tick, at a checkpoint, after the first step.
#[test]
fn a_run_that_was_stopped_is_the_run_that_was_not() {
    for (first, second) in [(3, 4), (1, 6), (2, 2)] {
        let place = tempfile::tempdir().unwrap();
        let mut run = Run::create(place.path(), "run", "", &environment()).unwrap();
        let folder = run.folder().to_path_buf();
        go_on_with_sheets(&mut fresh(), &mut run, LoopMemory::default(), &mut StopAfter::steps(first));
        drop(run);
        let mut run = Run::open(&folder).unwrap();
        let mut trainer = fresh();
        let resumed = run.resume(&mut trainer, &identity()).unwrap();
        assert_eq!((trainer.images(), trainer.steps()), (8 * first, first));
        assert_eq!(resumed.progress.held_out.is_some(), first == 3, "a held-out loss waits for its tick");
        go_on_with_sheets(&mut trainer, &mut run, resumed.progress, &mut StopAfter::steps(second));
        drop((run, trainer));

        let (mut trainer, mut run) = (fresh(), Run::open(&folder).unwrap());
        let resumed = run.resume(&mut trainer, &identity()).unwrap();
        assert!(resumed.differences.is_empty(), "{:?}", resumed.differences);
        go_on_with_sheets(&mut trainer, &mut run, resumed.progress, &mut StopAfter::never());
        let between = [first, first + second].map(|steps| format!("checkpoints/{:010}", 8 * steps));
        let extra: Vec<&str> =
            between.iter().map(String::as_str).filter(|name| !name.ends_with("32")).collect();
        assert_same(traces(&mut trainer, &run), &extra);
    }
}

/// A crash: the logs and sheets are of later than the newest checkpoint, and a line is cut off.
#[test]
fn what_came_after_the_checkpoint_is_done_again() {
    let place = tempfile::tempdir().unwrap();
    let (mut trainer, mut run) = (fresh(), Run::create(place.path(), "run", "", &environment()).unwrap());
    train_all_with_sheets(&mut trainer, &mut run);
    let folder = run.folder().to_path_buf();
    std::fs::remove_dir_all(run.checkpoint(64)).unwrap();
    drop((run, trainer));
    let metrics = folder.join("metrics.jsonl");
    let text = std::fs::read_to_string(&metrics).unwrap();
    std::fs::write(&metrics, &text[..text.len() - 30]).unwrap();
    let (mut trainer, mut run) = (fresh(), Run::open(&folder).unwrap());
    let resumed = run.resume(&mut trainer, &identity()).unwrap();
    assert_eq!(trainer.images(), 32);
    assert_eq!(read_metrics(&metrics).unwrap().ticks.len(), 2);
    assert!(run.sheet(32).exists() && !run.sheet(64).exists());
    go_on_with_sheets(&mut trainer, &mut run, resumed.progress, &mut StopAfter::never());
    assert_same(traces(&mut trainer, &run), &[]);
}
