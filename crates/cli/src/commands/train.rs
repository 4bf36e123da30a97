//! `tweedie train`.

use super::class::Class;
use crate::arguments::{ConfigSource, Train};
use crate::config::{DataConfig, RunConfig};
use crate::output::{line, try_line};
use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use tch::Device;
use tweedie_data::{Dataset, Shapes};
use tweedie_evaluation::shapes_quality;
use tweedie_models::sampling::SamplingDefaults;
use tweedie_models::{Model, to_pixels};
use tweedie_samplers::StreamNoise;
use tweedie_torch::{Precision, PrecisionChoice};
use tweedie_training::{
    DataIdentity, Ending, Observer, Progress, ResumeState, Run, StepReport, Tick, Trainer, train,
};

/// What a shell sees of a program that was interrupted.
const INTERRUPTED: u8 = 130;

/// Samples drawn after training on the built-in set, and how many at once.
const JUDGED: (usize, usize) = (512, 64);

/// Trains, then shows what was learnt.
pub fn run(options: &Train) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let mut config = match &options.resume {
        Some(run) => resumed_config(run, options)?,
        None => RunConfig::resolve(&options.source)?,
    };
    config.training.check()?;
    let data = config.open_data()?;
    let shown = Arc::clone(&data.shown);
    config.fit_to(shown.as_ref())?;
    config.network.check()?;
    if options.dry_run {
        for row in super::estimate::lines(&config, &data, super::device(&options.device)?)? {
            line(format!("# {row}"));
        }
        line(config.to_toml()?.trim_end());
        return Ok(ExitCode::SUCCESS);
    }
    // The lock comes before anything that takes time.
    let earlier = options.resume.as_deref().map(Run::open).transpose()?;
    let state = match &earlier {
        Some(run) => match run.newest_checkpoint()? {
            Some((_, path)) => Some(ResumeState::read(&path)?),
            None => None,
        },
        None => None,
    };
    pin_threads(options.threads, state.as_ref());
    let device = super::device(&options.device)?;
    let (precision, reason) = precision(&config, state.as_ref(), device)?;
    let model =
        Model::new(&config.network, config.description(shown.as_ref()), device, config.training.seed)?;
    model.check_savable()?;
    model.check_sampling(&config.sampling)?;
    if config.training.report.sheet > 0 {
        let sheet = SamplingDefaults { steps: config.training.report.sheet_steps, ..config.sampling.clone() };
        model.check_sampling(&sheet).context("training.report.sheet_steps")?;
    }
    line(format!(
        "{}: {:.2} M parameters on {device:?} in {} ({reason}), {} threads; {} images of {}",
        config.name,
        model.network().parameters().n_trained() as f64 / 1e6,
        precision.name(),
        tch::get_num_threads(),
        config.training.images,
        shown.name(),
    ));
    let mut trainer = Trainer::new(model, config.training.clone(), precision)?;
    let (mut run, progress) = match earlier {
        Some(run) => go_on(run, &mut trainer, shown.as_ref(), &config)?,
        None => (Run::create(&options.runs, &config.name, &config.to_toml()?)?, Progress::default()),
    };
    line(format!("run: {}", run.folder().display()));

    let stop = Arc::new(AtomicBool::new(false));
    stop_on_signal(&stop)?;
    let mut status = Status::new(config.training.images, began, Arc::clone(&stop));
    let ending = train(&mut trainer, data, &mut run, progress, &stop, &mut status)?;
    status.bar.finish_and_clear();
    say_left_out(shown.as_ref());
    let checkpoint = run.checkpoint(trainer.images());
    if ending == Ending::Interrupted {
        line(format!("interrupted after {} images; saved as {}", trainer.images(), checkpoint.display()));
        line(format!("to go on: cargo xtask train --resume {}", run.folder().display()));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    if let DataConfig::Shapes { height, width } = config.data {
        judge(&mut trainer, &Shapes::new(height, width, 0)?)?;
    }
    line(format!("checkpoint: {}", checkpoint.display()));
    if config.training.report.sheet > 0 {
        line(format!("samples:    {}", run.sheet(trainer.images()).display()));
    }
    line(format!("more:       cargo xtask sample {} -n 64 --grid", checkpoint.display()));
    Ok(ExitCode::SUCCESS)
}

/// The configuration of a run that goes on: its own, in which training and sampling alone may be changed.
fn resumed_config(run: &Path, options: &Train) -> anyhow::Result<RunConfig> {
    let file = run.join(tweedie_training::CONFIG);
    if !file.is_file() {
        bail!("{} is no run: it holds no {}", run.display(), tweedie_training::CONFIG);
    }
    let source = |set: &[String]| ConfigSource {
        preset: None,
        config: Some(file.clone()),
        set: set.to_vec(),
        data: options.source.data.clone(),
    };
    let (own, changed) =
        (RunConfig::resolve(&source(&[]))?, RunConfig::resolve(&source(&options.source.set))?);
    if own.network != changed.network || own.model != changed.model {
        bail!(
            "a run that goes on keeps its [network] and [model]; --set may change training.… and sampling.… alone"
        );
    }
    Ok(changed)
}

/// As many threads as asked, else as many as the run had: sums depend on them.
fn pin_threads(asked: Option<u16>, state: Option<&ResumeState>) {
    let before = state.map(|state| state.conditions.threads);
    if let Some(threads) = asked.map(i32::from).or(before).filter(|threads| *threads > 0) {
        tch::set_num_threads(threads);
    }
}

/// The precision asked for; where that is `auto`, a run that goes on takes the one it had.
fn precision(
    config: &RunConfig,
    state: Option<&ResumeState>,
    device: Device,
) -> anyhow::Result<(Precision, String)> {
    let choice: PrecisionChoice = config.training.precision.parse()?;
    Ok(match (choice, state) {
        (PrecisionChoice::Auto, Some(state)) => {
            let before: PrecisionChoice = state.conditions.precision.parse()?;
            (before.resolve(device).0, "as before".into())
        }
        _ => choice.resolve(device),
    })
}

/// Puts the newest checkpoint into the trainer, and says what the continuation is worth.
fn go_on(
    mut run: Run,
    trainer: &mut Trainer,
    data: &dyn Dataset,
    config: &RunConfig,
) -> anyhow::Result<(Run, Progress)> {
    let identity = DataIdentity { name: data.name(), len: data.len() };
    let resumed = run.resume(trainer, &identity)?;
    let (text, path) = (config.to_toml()?, run.folder().join(tweedie_training::CONFIG));
    let mut differences = resumed.differences;
    if std::fs::read_to_string(&path).is_ok_and(|before| before != text) {
        run.write_config(&text)?;
        differences.push("the configuration was changed (config.toml is rewritten)".into());
    }
    let images = trainer.images();
    match (images, differences.is_empty()) {
        (0, _) => line("no checkpoint was written yet: the run begins anew"),
        (_, true) => line(format!("going on after {images} images, bit for bit")),
        (_, false) => {
            line(format!("going on after {images} images, but not bit for bit: {}", differences.join("; ")))
        }
    }
    Ok((run, resumed.progress))
}

/// Names the files that were no pictures.
fn say_left_out(data: &dyn Dataset) {
    let names = data.left_out();
    if let Some(first) = names.first() {
        line(format!(
            "{} files were left out, for they are no pictures that can be read; the first is {first}",
            names.len()
        ));
    }
}

/// Ctrl-C and SIGTERM finish the step and save; a second one ends at once.
fn stop_on_signal(stop: &Arc<AtomicBool>) -> anyhow::Result<()> {
    let stop = Arc::clone(stop);
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
    })
    .context("signals cannot be caught")
}

/// Draws samples and prints how many of them the analyser recognises.
fn judge(trainer: &mut Trainer, data: &Shapes) -> anyhow::Result<()> {
    let (n, at_once) = JUDGED;
    let seed = trainer.config().seed;
    let shape = data.shape();
    let sampling = trainer.model().description().sampling.clone();
    line(format!("drawing {n} samples ({:?}, {} steps) …", sampling.sampler, sampling.steps));
    let began = Instant::now();
    let classes = Class::all(trainer.model());
    let pictures = trainer.with_ema(|model| {
        let mut pictures = Vec::new();
        for first in (0..n).step_by(at_once) {
            let [channels, height, width] = shape.as_array().map(|side| side as i64);
            let class = classes.condition(first, at_once, model.device());
            let noise = StreamNoise::new(seed, first as u64);
            let x =
                model.sample([at_once as i64, channels, height, width], &sampling, class, &noise, &mut ())?;
            let bytes = to_pixels(&x, model.description().range)?;
            pictures.extend(bytes.chunks_exact(shape.n_values()).map(<[u8]>::to_vec));
        }
        Ok(pictures)
    })?;
    let seconds = began.elapsed().as_secs_f64();
    line(format!("{}({seconds:.0} s)", shapes_quality(&pictures, data)?));
    Ok(())
}

/// A bar on a terminal, plain lines elsewhere.
struct Status {
    bar: ProgressBar,
    began: Instant,
    stop: Arc<AtomicBool>,
}

impl Status {
    fn new(images: u64, began: Instant, stop: Arc<AtomicBool>) -> Self {
        let bar =
            if std::io::stderr().is_terminal() { ProgressBar::new(images) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {human_pos} images  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, began, stop }
    }

    /// A line above the bar. When nobody reads it any more, training stops and saves.
    fn say(&self, text: &str) {
        let printed = self.bar.suspend(|| try_line(text));
        if !printed {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Observer for Status {
    fn begins(&mut self) {
        self.say(&format!("first step after {:.2} s", self.began.elapsed().as_secs_f64()));
    }

    fn step(&mut self, images: u64, report: &StepReport) {
        self.bar.set_position(images);
        self.bar.set_message(format!("loss {:.4}", report.loss));
    }

    fn tick(&mut self, tick: &Tick) {
        self.say(&format!(
            "kimg {:>7.1}  loss {:>8.4}  grad {:>7.3}  rate {:.2e}  img/s {:>6.1}  mem {:>5.0} MiB  time {}  eta {}",
            tick.images as f64 / 1e3,
            tick.loss,
            tick.gradient_norm,
            tick.learning_rate,
            tick.clock.images_per_second,
            tick.clock.memory_mib,
            duration(tick.clock.seconds),
            duration(tick.clock.eta_seconds),
        ));
    }

    fn wrote(&mut self, what: &str, path: &Path) {
        self.say(&format!("{what}: {}", path.display()));
    }
}

/// Hours, minutes and seconds, as few as say it.
fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{whole}s"),
        60..3600 => format!("{}m{:02}s", whole / 60, whole % 60),
        _ => format!("{}h{:02}m", whole / 3600, whole / 60 % 60),
    }
}
