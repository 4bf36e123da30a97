//! Going on from a checkpoint is going on as if nothing had happened, byte for byte.

use crate::common::{StopAfter, conditions, data, description, go_on, identity, network, train_all, weights};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tweedie_data::DataIdentity;
use tweedie_math::Parameterization;
use tweedie_models::Model;
use tweedie_torch::Precision;
use tweedie_training::{
    Error, Progress, ReportConfig, ResumeState, Run, Trainer, TrainingConfig, read_metrics,
};

/// Everything that could depend on where a run was interrupted: dropout, classes with label dropout, batches in parts, a
/// moving average, held-out losses that fall between ticks, sheets.
fn config() -> TrainingConfig {
    let report = ReportConfig {
        tick: 16,
        sheet: 32,
        sheet_pictures: 4,
        sheet_steps: 2,
        checkpoint: 32,
        held_out: 24,
        held_out_pictures: 8,
        keep_last: 9,
        ..ReportConfig::default()
    };
    TrainingConfig { images: 64, batch: 8, accumulate: 2, label_dropout: 0.3, report, ..Default::default() }
}

fn model() -> Model {
    let mut network = network();
    network.dropout = 0.2;
    network.num_class_embeds = Some(4);
    let mut description = description(Parameterization::Epsilon);
    description.class_names = data().class_names();
    description.null_class = Some(3);
    Model::new(&network, description, tch::Device::Cpu, 0).unwrap()
}

fn fresh() -> Trainer {
    Trainer::new(model(), config(), Precision::F32).unwrap()
}

/// What a finished run is compared by.
struct Traces {
    weights: Vec<f32>,
    average: Vec<f32>,
    /// Every file that does not tell the time, and its content.
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
                let mut ticks = read_metrics(&path).unwrap();
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
        let (mut trainer, mut run) = (fresh(), Run::create(place.path(), "run", "", &conditions()).unwrap());
        train_all(&mut trainer, &mut run);
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
        let mut run = Run::create(place.path(), "run", "", &conditions()).unwrap();
        let folder = run.folder().to_path_buf();
        go_on(&mut fresh(), &mut run, Progress::default(), &mut StopAfter::steps(first));
        drop(run);
        let mut run = Run::open(&folder).unwrap();
        let mut trainer = fresh();
        let resumed = run.resume(&mut trainer, &identity()).unwrap();
        assert_eq!((trainer.images(), trainer.steps()), (8 * first, first));
        assert_eq!(resumed.progress.held_out.is_some(), first == 3, "a held-out loss waits for its tick");
        go_on(&mut trainer, &mut run, resumed.progress, &mut StopAfter::steps(second));
        drop((run, trainer));

        let (mut trainer, mut run) = (fresh(), Run::open(&folder).unwrap());
        let resumed = run.resume(&mut trainer, &identity()).unwrap();
        assert!(resumed.differences.is_empty(), "{:?}", resumed.differences);
        go_on(&mut trainer, &mut run, resumed.progress, &mut StopAfter::never());
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
    let (mut trainer, mut run) = (fresh(), Run::create(place.path(), "run", "", &conditions()).unwrap());
    train_all(&mut trainer, &mut run);
    let folder = run.folder().to_path_buf();
    std::fs::remove_dir_all(run.checkpoint(64)).unwrap();
    drop((run, trainer));
    let metrics = folder.join("metrics.jsonl");
    let text = std::fs::read_to_string(&metrics).unwrap();
    std::fs::write(&metrics, &text[..text.len() - 30]).unwrap();
    let (mut trainer, mut run) = (fresh(), Run::open(&folder).unwrap());
    let resumed = run.resume(&mut trainer, &identity()).unwrap();
    assert_eq!(trainer.images(), 32);
    assert_eq!(read_metrics(&metrics).unwrap().len(), 2);
    assert!(run.sheet(32).exists() && !run.sheet(64).exists());
    go_on(&mut trainer, &mut run, resumed.progress, &mut StopAfter::never());
    assert_same(traces(&mut trainer, &run), &[]);
}

/// What changed is said, one sentence each; nothing is refused.
#[test]
fn another_data_set_is_named() {
    let place = tempfile::tempdir().unwrap();
    let (mut trainer, mut run) = (fresh(), Run::create(place.path(), "run", "", &conditions()).unwrap());
    go_on(&mut trainer, &mut run, Progress::default(), &mut StopAfter::steps(1));
    let mut differences = |change: fn(&mut DataIdentity)| {
        let mut other = identity();
        change(&mut other);
        run.resume(&mut fresh(), &other).unwrap().differences
    };
    assert_eq!(
        differences(|it| (it.name, it.len) = ("digits".into(), Some(10))),
        ["the data set was shapes 16×16 and is digits with 10 pictures"]
    );
    let renamed = differences(|it| it.keys = Some("0".into()));
    assert_eq!(renamed, ["pictures of the data set have other names or classes than before"]);
    assert!(
        differences(|it| it.contents = Some("0".into()))[0].contains("files of the data set were changed")
    );
    assert_eq!(differences(|_| ()), [""; 0]);
}

#[test]
fn another_network_and_a_damaged_checkpoint_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let (mut trainer, mut run) = (fresh(), Run::create(place.path(), "run", "", &conditions()).unwrap());
    go_on(&mut trainer, &mut run, Progress::default(), &mut StopAfter::steps(1));
    let mut reason = |trainer: &mut Trainer| match run.resume(trainer, &identity()) {
        Err(Error::Resume { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert!(reason(&mut crate::common::trainer(config())).contains("was the network"));
    // Class 0 would be another one from here on.
    let mut other = model();
    other.description_mut().class_names.reverse();
    let mut other = Trainer::new(other, config(), Precision::F32).unwrap();
    assert!(reason(&mut other).contains("its classes were"));
    let checkpoint = place.path().join("00000-run/checkpoints/0000000008");
    let state = checkpoint.join("resume/state.json");
    let text = std::fs::read_to_string(&state).unwrap();
    let with = |from: &str, to: &str| std::fs::write(&state, text.replace(from, to)).unwrap();
    with("\"format\": 2", "\"format\": 3");
    assert!(reason(&mut fresh()).contains("a newer tweedie"));
    with("\"images\": 8", "\"images\": 16");
    assert!(reason(&mut fresh()).contains("named after 8 images, and its state says 16"));
    std::fs::remove_file(&state).unwrap();
    assert!(reason(&mut fresh()).contains("holds no resume/state.json"));
}

/// Half as many bytes as the network needs are not read as if they were all.
#[test]
fn tensors_of_another_kind_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let (mut trainer, mut run) = (fresh(), Run::create(place.path(), "run", "", &conditions()).unwrap());
    go_on(&mut trainer, &mut run, Progress::default(), &mut StopAfter::steps(1));
    let checkpoint = place.path().join("00000-run/checkpoints/0000000008");
    let path = checkpoint.join("resume/tensors.safetensors");
    let mut file = tweedie_weights::TensorFile::open(&path).unwrap();
    let halves = file.tensors().to_vec().into_iter().map(|info| {
        let bytes = file.read(&info).unwrap();
        let half = bytes.chunks(4).flat_map(|four| four[2..].to_vec()).collect();
        let kind = tweedie_weights::DataType::Bf16;
        (info.name, tweedie_weights::TensorBytes { kind, shape: info.shape, bytes: half })
    });
    let halves = halves.collect();
    tweedie_weights::write_tensors(&path, &halves, &Default::default()).unwrap();
    let Err(error) = run.resume(&mut fresh(), &identity()) else { panic!("it was read") };
    assert!(error.to_string().contains("Bf16"), "{error}");
    let Err(error) = tweedie_training::load_raw_weights(&model(), &checkpoint) else { panic!("it was read") };
    assert!(error.to_string().contains("Bf16"), "{error}");
}

/// An average of another exponent is another tensor.
#[test]
fn stored_averages_of_other_widths_are_refused() {
    let with = |std: &[f64]| {
        let mut config = config();
        config.posthoc_ema.std = std.to_vec();
        Trainer::new(model(), config, Precision::F32).unwrap()
    };
    let place = tempfile::tempdir().unwrap();
    let mut run = Run::create(place.path(), "run", "", &conditions()).unwrap();
    go_on(&mut with(&[0.05, 0.1]), &mut run, Progress::default(), &mut StopAfter::steps(1));
    run.resume(&mut with(&[0.1, 0.05]), &identity()).unwrap();
    let Err(error) = run.resume(&mut with(&[0.2]), &identity()) else { panic!("it was read") };
    assert!(error.to_string().contains("stored."), "{error}");
}

/// Before the first checkpoint, too, a run goes on as it began, or says that it does not.
#[test]
fn a_run_without_a_checkpoint_knows_how_it_began() {
    let place = tempfile::tempdir().unwrap();
    let began = tweedie_training::Conditions { threads: 99, ..tweedie_training::Conditions::of(&fresh()) };
    let mut run = Run::create(place.path(), "run", "", &began).unwrap();
    assert_eq!(run.conditions().as_ref(), Some(&began));
    let resumed = run.resume(&mut fresh(), &identity()).unwrap();
    assert_eq!(resumed.differences.len(), 1);
    assert!(resumed.differences[0].starts_with("threads was 99"), "{:?}", resumed.differences);
}
