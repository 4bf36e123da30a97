//! The subcommand `tweedie train`.

use super::Ended;
use crate::arguments::Train;
use crate::output::{line, lines, shell_word};
use crate::progress::Terminal;
use std::time::Instant;
use tweedie_applications::Error;
use tweedie_applications::generation::{Class, Generator, GeneratorOptions, Noise, Request};
use tweedie_applications::recipes::{
    DataConfig, Learned, Notice, Outcome, Recipe, RunConfig, Start, resumed_config,
};
use tweedie_data::{Dataset, Shapes};
use tweedie_evaluation::shapes_quality;
use tweedie_models::Model;
use tweedie_training::{Ending, Run, Trainer, checkpoint_at, read_metrics};

/// The number of samples that are generated after training on the built-in images.
const JUDGED: usize = 512;

/// Trains a model, then evaluates it and prints the paths of its files.
pub fn run(options: &Train) -> anyhow::Result<Ended> {
    let began = Instant::now();
    let resume = match (&options.resume, options.from) {
        (Some(run), Some(images)) => Some(checkpoint_at(run, images)?),
        (run, _) => run.clone(),
    };
    let config = match &resume {
        Some(run) => resumed_config(run, &options.source.set, options.source.data.clone())?,
        None => RunConfig::resolve(&options.source.source())?,
    };
    // A dry run needs no lock.
    let resume = resume.as_deref().filter(|_| !options.dry_run);
    let mut terminal = Terminal::new(crate::progress::interruptible()?, began);
    let recipe = match Recipe::prepare_with(config, resume, &mut terminal) {
        Err(Error::Data(tweedie_data::Error::Stopped)) => {
            line("interrupted before the first step; nothing was written");
            return Ok(Ended::Interrupted);
        }
        prepared => prepared?,
    };
    let start = Start {
        runs: options.runs.clone(),
        device: options.device.clone(),
        threads: options.threads,
        auto: crate::start::auto(),
    };
    if options.dry_run {
        let text = recipe.config().to_toml()?;
        let about = recipe.data().shown.notices();
        for row in recipe.estimate(&start)?.to_string().lines().map(String::from).chain(about) {
            line(format!("# {row}"));
        }
        lines(text);
        return Ok(Ended::Completed);
    }
    let config = recipe.config().clone();
    let data = std::sync::Arc::clone(&recipe.data().shown);
    let images = config.training.images;
    let what = if config.data.is_points() { "points" } else { "images" };
    let mut folder = None;
    let outcome = recipe.run_with(&start, &mut terminal, &mut |notice| {
        folder = Some(notice.run.clone());
        announce(notice, images, what);
    });
    report_left_out(data.as_ref());
    if let (Err(error), Some(folder)) = (&outcome, &folder)
        && error.is_bad_file()
    {
        let run = shell_word(folder.display());
        line(format!(
            "to resume without such files: cargo xtask train --resume {run} --set data.bad_files=skip"
        ));
    }
    let outcome = outcome?;
    let (checkpoint, run) = (outcome.checkpoint.display(), outcome.run.folder().display());
    if outcome.ending == Ending::Interrupted {
        line(format!("interrupted after {} images; saved as {checkpoint}", outcome.images));
        line(format!("to resume: cargo xtask train --resume {}", shell_word(run)));
        return Ok(Ended::Interrupted);
    }
    show(&config, outcome)?;
    Ok(Ended::Completed)
}

fn announce(notice: &Notice, images: u64, what: &str) {
    line(format!(
        "{}: {:.2} M parameters on {:?} in {} ({}), {}; {images} {what} of {}",
        notice.name,
        notice.n_trained as f64 / 1e6,
        notice.device,
        notice.mode.precision.name(),
        notice.reason,
        match (notice.replicas, tch::get_num_threads()) {
            (1, 1) => "1 thread".into(),
            (1, n) => format!("{n} threads"),
            (replicas, n) => format!("{replicas} replicas on {n} threads"),
        },
        notice.data,
    ));
    notice.about_data.iter().for_each(line);
    if let Some((images, differences)) = &notice.resumed {
        let reasons = differences.join("; ");
        match (images, differences.is_empty()) {
            (0, true) => line("no checkpoint was written yet; the run starts again"),
            (0, false) => line(format!("no checkpoint was written yet; the run starts again; {reasons}")),
            (_, true) => line(format!("resuming after {images} images, bit for bit")),
            (_, false) => line(format!("resuming after {images} images, but not bit for bit: {reasons}")),
        }
    }
    if notice.resumed.as_ref().is_some_and(|(seen, _)| *seen >= images) {
        line(format!("the run has seen all of its {images} images; --set training.images=N makes it longer"));
    }
    line(format!("run: {}", notice.run.display()));
}

/// Prints how many files were skipped because they are not readable images.
fn report_left_out(data: &dyn Dataset) {
    let names = data.left_out();
    if let Some(first) = names.first() {
        line(format!(
            "{} files were skipped because they are not readable images; the first is {first}",
            names.len()
        ));
    }
}

/// Prints the results of the training and the paths of its files.
fn show(config: &RunConfig, outcome: Outcome) -> anyhow::Result<()> {
    let checkpoint = outcome.checkpoint.display();
    match outcome.learned {
        Learned::Denoiser(mut trainer) => {
            if let DataConfig::Shapes { height, width } = config.data {
                judge(&mut trainer, &Shapes::new(height, width, 0)?)?;
            }
            line(format!("checkpoint: {checkpoint}"));
            if config.training.report.sheet > 0 {
                line(format!("samples:    {}", outcome.run.sheet(outcome.images).display()));
            }
            let how = if config.data.is_points() { "-n 2000 --out points.csv" } else { "-n 64 --grid" };
            line(format!("more:       cargo xtask sample {} {how}", shell_word(&checkpoint)));
        }
        Learned::Classifier(_) => {
            show_accuracy(&outcome.run)?;
            line(format!("classifier: {checkpoint}"));
        }
    }
    Ok(())
}

/// Generates samples and prints how many of them the analyser recognises.
fn judge(trainer: &mut Trainer<Model>, data: &Shapes) -> anyhow::Result<()> {
    let seed = trainer.config().seed;
    let sampling = trainer.model().sampling();
    line(format!("generating {JUDGED} samples ({}, {} steps) …", sampling.sampler, sampling.steps));
    let began = Instant::now();
    let drawn = trainer.with_ema(|model| {
        let draw = || {
            let class = matches!(Class::all(model), Class::All(_)).then(|| "all".to_string());
            let generator = Generator::new(model, GeneratorOptions { class, ..GeneratorOptions::of(model) })?;
            let request = Request { n: JUDGED, noise: Noise::Stream { seed }, ..Request::new(model)? };
            generator.draw(&request, &mut ())?.images(model.about())
        };
        Ok(draw())
    })?;
    let images = drawn.map_err(|error: Error| anyhow::anyhow!(error))?;
    let seconds = began.elapsed().as_secs_f64();
    lines(format!("{}({seconds:.0} s)", shapes_quality(&images, data)?));
    Ok(())
}

/// Prints the last measured accuracy of a classifier on held-out images, per noise level and overall.
fn show_accuracy(run: &Run) -> anyhow::Result<()> {
    let ticks = read_metrics(&run.folder().join("metrics.jsonl"))?.ticks;
    let Some(held_out) = ticks.into_iter().rev().find_map(|tick| tick.held_out) else { return Ok(()) };
    for bin in &held_out.bins {
        if let Some(accuracy) = bin.accuracy {
            let [low, high] = bin.log_snr;
            let share = 100.0 * accuracy.averaged;
            line(format!(
                "log-SNR {low:>6.1} to {high:>6.1}: {share:>5.1} % of held-out images classified correctly"
            ));
        }
    }
    if let Some(accuracy) = held_out.accuracy {
        line(format!(
            "{:.1} % classified correctly over all levels (averaged weights)",
            100.0 * accuracy.averaged
        ));
    }
    Ok(())
}
