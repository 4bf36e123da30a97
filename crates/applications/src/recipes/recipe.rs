//! Training from a configuration.

use super::{Estimate, NetworkConfig, RunConfig, SamplePreview, Source};
use crate::Error;
use crate::auto::{Auto, trainer_of};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tch::Device;
use tweedie_data::{DataIdentity, Dataset};
use tweedie_files::MOST_SETTINGS;
use tweedie_models::sampling::SamplingConfig;
use tweedie_models::{Classifier, Model};
use tweedie_networks::Registry;
use tweedie_report::{Event, Progress};
use tweedie_torch::{Choice, PrecisionChoice};
use tweedie_training::{
    Ending, Environment, Learner, LoopMemory, Mode, ObjectiveKind, Preview, Run, Trainer, TrainingData, train,
};

/// A training that is ready to start: a configuration checked against its data.
pub struct Recipe {
    config: RunConfig,
    data: TrainingData,
    /// The run to resume, which is locked.
    earlier: Option<Run>,
    /// The environment in which the run was computed before.
    before: Option<Environment>,
}

/// Options of a training that are not part of its configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The folder in which the run's folder is created.
    pub runs: PathBuf,
    /// The device: auto, cpu, cuda or cuda:N.
    pub device: String,
    /// The number of threads per operation; the default for a resumed run is the number it had.
    pub threads: Option<u16>,
    /// How a precision and a memory order that the configuration leaves open are chosen.
    pub auto: Auto,
}

impl Default for Start {
    fn default() -> Self {
        Self { runs: "runs".into(), device: "auto".into(), threads: None, auto: Auto::Rule }
    }
}

/// Information about a training that is available before the first step.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// The name of the configuration.
    pub name: String,
    /// The number of trained parameters.
    pub n_trained: usize,
    /// The device.
    pub device: Device,
    /// The precision and the memory order.
    pub mode: Mode,
    /// The number of replicas of the network.
    pub replicas: usize,
    /// The reason for the mode and the replicas.
    pub reason: String,
    /// The name of the data set.
    pub data: String,
    /// Lines about the data: the classes, the parts of the set, the files that are left out.
    pub about_data: Vec<String>,
    /// The folder of the run.
    pub run: PathBuf,
    /// For a resumed run, the number of images trained so far and the reasons why the continuation is not bit for bit the same as an
    /// uninterrupted run. The list is empty if it is.
    pub resumed: Option<(u64, Vec<String>)>,
}

/// A trained model.
pub enum Learned {
    /// A denoiser with its averaged weights.
    Denoiser(Box<Trainer<Model>>),
    /// A classifier.
    Classifier(Box<Trainer<Classifier>>),
}

/// The outcome of a training.
pub struct Outcome {
    /// Whether the training was finished or interrupted.
    pub ending: Ending,
    /// The number of images trained so far.
    pub images: u64,
    /// The run.
    pub run: Run,
    /// The newest checkpoint.
    pub checkpoint: PathBuf,
    /// The model.
    pub learned: Learned,
}

impl Recipe {
    /// Opens the data, completes the configuration from them, and locks the run to resume, if one is given.
    ///
    /// # Errors
    /// [`Error::Setting`] for a configuration that contradicts its data or itself; errors of data that cannot be read; an error for a run
    /// that another process is training.
    pub fn prepare(config: RunConfig, resume: Option<&Path>) -> Result<Self, Error> {
        Self::prepare_with(config, resume, &mut ())
    }

    /// Does the same as [`Recipe::prepare`] and reports the decoding of the images to `progress`, which can stop it. Images are decoded here
    /// if all of them fit in memory.
    ///
    /// # Errors
    /// Those of [`Recipe::prepare`]; [`tweedie_data::Error::Stopped`] if `progress` stops the decoding.
    pub fn prepare_with(
        mut config: RunConfig,
        resume: Option<&Path>,
        progress: &mut dyn Progress,
    ) -> Result<Self, Error> {
        config.training.check()?;
        if resume.is_none() {
            config.check_name()?;
        }
        let data = config.open_decoded_data(progress)?;
        config.fit_to(data.shown.as_ref())?;
        config.network.check()?;
        let earlier = resume.map(Run::open).transpose()?;
        let before = match &earlier {
            Some(run) => run.last_environment()?,
            None => None,
        };
        Ok(Self { config, data, earlier, before })
    }

    /// The completed configuration.
    pub fn config(&self) -> &RunConfig {
        &self.config
    }

    /// The data.
    pub fn data(&self) -> &TrainingData {
        &self.data
    }

    /// Estimates the time and memory of the training by a few steps of a model that is dropped afterwards.
    ///
    /// # Errors
    /// Errors of [`Recipe::run`].
    pub fn estimate(self, start: &Start) -> Result<Estimate, Error> {
        let device = self.device(start)?;
        match self.config.training.objective.kind {
            ObjectiveKind::Denoiser => Estimate::of(
                self.denoiser(device)?,
                &self.config,
                &self.data,
                self.before.as_ref(),
                &start.auto,
            ),
            ObjectiveKind::Classifier => Estimate::of(
                self.classifier(device)?,
                &self.config,
                &self.data,
                self.before.as_ref(),
                &start.auto,
            ),
        }
    }

    /// Trains the model. `progress` can stop the training, and the run can then be resumed.
    ///
    /// # Errors
    /// Errors of the model and of training.
    pub fn run(self, start: &Start, progress: &mut dyn Progress) -> Result<Outcome, Error> {
        self.run_with(start, progress, &mut |_| {})
    }

    /// Trains the model as [`Recipe::run`] does and calls `notice` once before the first step.
    ///
    /// # Errors
    /// Errors of [`Recipe::run`].
    pub fn run_with(
        self,
        start: &Start,
        progress: &mut dyn Progress,
        notice: &mut dyn FnMut(&Notice),
    ) -> Result<Outcome, Error> {
        let device = self.device(start)?;
        match self.config.training.objective.kind {
            ObjectiveKind::Denoiser => {
                let model = self.denoiser(device)?;
                let preview = SamplePreview::new(&self.config, self.data.shown.as_ref());
                let preview = preview.filter(|_| self.config.training.report.sheet > 0);
                let preview = preview.as_ref().map(|preview| preview as &dyn Preview<Model>);
                self.train(model, preview, start, progress, notice, |it| Learned::Denoiser(it.into()))
            }
            ObjectiveKind::Classifier => {
                let model = self.classifier(device)?;
                self.train(model, None, start, progress, notice, |it| Learned::Classifier(it.into()))
            }
        }
    }

    /// Sets the number of threads, resolves the device, and checks that the training fits in the memory. A resumed run keeps its threads
    /// unless others are chosen, because the exact results depend on them.
    fn device(&self, start: &Start) -> Result<Device, Error> {
        let before = self.before.as_ref().and_then(|before| u16::try_from(before.threads).ok());
        if let Some(threads) = start.threads.or(before).filter(|threads| (1..=1024).contains(threads)) {
            tweedie_torch::set_threads(threads)?;
        }
        let device = start.device.parse::<Choice>()?.resolve()?;
        self.config.training.precision.parse::<PrecisionChoice>()?;
        let shown = self.data.shown.as_ref();
        self.config.check_memory(&shown.shape(), device, shown.class_names().len())?;
        Ok(device)
    }

    /// Creates the untrained denoiser and checks that it can be trained, saved and sampled as configured.
    fn denoiser(&self, device: Device) -> Result<Model, Error> {
        let (config, seed) = (&self.config, self.config.training.seed);
        let description = config.description(self.data.shown.as_ref());
        let network = Registry::default().build(
            config.network.class(),
            &NetworkConfig::config(&config.network),
            device,
            seed,
        )?;
        let model = Model::of_network(network, description)?;
        model.check_savable()?;
        model.check_sampling(&config.sampling).map_err(|error| match error {
            tweedie_models::Error::Math(tweedie_math::Error::Steps { found, trained }) => Error::Setting {
                key: "sampling.steps",
                found: found.to_string(),
                allowed: format!("it must be between 1 and model.steps, {trained}"),
            },
            other => other.into(),
        })?;
        if config.training.report.sheet > 0 {
            let steps = config.training.report.sheet_steps;
            let sheet = SamplingConfig { steps, levels: None, ..config.sampling.clone() };
            model.check_sampling(&sheet).map_err(|error| Error::Setting {
                key: "training.report.sheet_steps",
                found: steps.to_string(),
                allowed: match error {
                    tweedie_models::Error::Math(tweedie_math::Error::Steps { trained, .. }) => {
                        format!("it must be between 1 and model.steps, {trained}")
                    }
                    other => other.to_string(),
                },
            })?;
        }
        Ok(model)
    }

    fn classifier(&self, device: Device) -> Result<Classifier, Error> {
        let data = self.data.shown.as_ref();
        let (network, about) = (self.config.classifier(data)?, self.config.classifier_about(data));
        Ok(Classifier::new(&network, about, device, self.config.training.seed)?)
    }

    fn train<L: Learner>(
        self,
        learner: L,
        preview: Option<&dyn Preview<L>>,
        start: &Start,
        progress: &mut dyn Progress,
        notice: &mut dyn FnMut(&Notice),
        learned: impl FnOnce(Trainer<L>) -> Learned,
    ) -> Result<Outcome, Error> {
        let Self { config, data, earlier, before } = self;
        let shown = data.shown.as_ref();
        let (mut trainer, reason) =
            trainer_of(learner, config.training.clone(), shown, before.as_ref(), &start.auto)?;
        let (mut run, memory, resumed) = match earlier {
            Some(run) => {
                let (run, memory, differences, notes) =
                    restore(run, &mut trainer, data.shown.as_ref(), &config)?;
                for note in &notes {
                    let _ = progress.on(&Event::Message(note));
                }
                (run, memory, Some((trainer.images(), differences)))
            }
            None => {
                let environment = Environment::of(&trainer);
                let run = Run::create(&start.runs, &config.name, &config.to_toml()?, &environment)?;
                (run, LoopMemory::default(), None)
            }
        };
        let backbone = trainer.model().backbone();
        notice(&Notice {
            name: config.name.clone(),
            n_trained: backbone.n_trained(),
            device: backbone.device(),
            mode: trainer.mode(),
            replicas: trainer.replicas(),
            reason,
            data: data.shown.name(),
            about_data: data.shown.notices(),
            run: run.folder().to_path_buf(),
            resumed,
        });
        let ending = train(&mut trainer, data, &mut run, memory, preview, progress)?;
        let images = trainer.images();
        let checkpoint = run.checkpoint(images);
        Ok(Outcome { ending, images, run, checkpoint, learned: learned(trainer) })
    }
}

/// Restores the trainer from the newest checkpoint. Also returns the reasons why the continuation is not bit for bit the same as an
/// uninterrupted run.
fn restore<L: Learner>(
    mut run: Run,
    trainer: &mut Trainer<L>,
    data: &dyn Dataset,
    config: &RunConfig,
) -> Result<(Run, LoopMemory, Vec<String>, Vec<String>), Error> {
    let resumed = run.resume(trainer, &DataIdentity::of(data))?;
    let (text, path) = (config.to_toml()?, run.folder().join(tweedie_training::CONFIG));
    let mut differences = resumed.differences;
    if tweedie_files::read_text(&path, MOST_SETTINGS).is_ok_and(|before| before != text) {
        let source = Source { config: Some(path.clone()), ..Source::default() };
        let before = RunConfig::resolve(&source).ok();
        run.write_config(&text)?;
        differences.push("the configuration was changed (config.toml is rewritten)".into());
        differences.extend(before.and_then(|before| rate_change(&before, config, trainer.images())));
    }
    Ok((run, resumed.progress, differences, resumed.notes))
}

/// A sentence about a learning rate that a changed configuration moves at once, such as that of a longer training.
fn rate_change(before: &RunConfig, now: &RunConfig, images: u64) -> Option<String> {
    let rate = |config: &RunConfig| {
        let training = &config.training;
        tweedie_training::rate_at(&training.optimizer, images, training.images)
    };
    let (old, new) = (rate(before), rate(now));
    let jumps = (new - old).abs() > 0.05 * old.abs().max(f64::MIN_POSITIVE);
    jumps.then(|| {
        format!(
            "the learning rate goes from {old:.2e} to {new:.2e}, because its decay ends after {} images now",
            now.training.images
        )
    })
}

impl std::fmt::Debug for Recipe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Recipe {:?} on {}", self.config.name, Arc::clone(&self.data.shown).name())
    }
}
