//! Training from a configuration.

use super::{Estimate, NetworkConfig, RunConfig, SamplePreview, Source};
use crate::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tch::Device;
use tweedie_data::{DataIdentity, Dataset};
use tweedie_models::sampling::SamplingConfig;
use tweedie_models::{Classifier, Model};
use tweedie_networks::Registry;
use tweedie_report::{Event, Progress};
use tweedie_torch::{Choice, Precision, PrecisionChoice};
use tweedie_training::{
    Ending, Environment, Learner, LoopMemory, ObjectiveKind, Preview, Run, Trainer, TrainingData, train,
};

/// A configuration that fits its data, ready to be trained.
pub struct Recipe {
    config: RunConfig,
    data: TrainingData,
    /// A run that is resumed: it is locked from here on.
    earlier: Option<Run>,
    /// The environment in which it was computed.
    before: Option<Environment>,
}

/// Where and how a training runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    /// The folder of runs.
    pub runs: PathBuf,
    /// A device by name: auto, cpu, cuda or cuda:N.
    pub device: String,
    /// Threads inside an operation; a resumed run takes those it had.
    pub threads: Option<u16>,
}

impl Default for Start {
    fn default() -> Self {
        Self { runs: "runs".into(), device: "auto".into(), threads: None }
    }
}

/// What a caller learns before the first step.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    /// The configuration's name.
    pub name: String,
    /// How many numbers training changes.
    pub n_trained: usize,
    /// The device.
    pub device: Device,
    /// The precision and the reason for it.
    pub precision: (Precision, String),
    /// The data set's name.
    pub data: String,
    /// The run's folder.
    pub run: PathBuf,
    /// Images that an earlier process saw, of a resumed run; why it does not go on bit for bit, empty where it does.
    pub resumed: Option<(u64, Vec<String>)>,
}

/// A model that was trained.
pub enum Learned {
    /// A denoiser with its averaged weights.
    Denoiser(Box<Trainer<Model>>),
    /// A classifier.
    Classifier(Box<Trainer<Classifier>>),
}

/// How a training ended.
pub struct Outcome {
    /// Whether all images were seen.
    pub ending: Ending,
    /// Images seen.
    pub images: u64,
    /// The run.
    pub run: Run,
    /// The newest checkpoint.
    pub checkpoint: PathBuf,
    /// The model.
    pub learned: Learned,
}

impl Recipe {
    /// Opens the data, fits the configuration to them, and locks the run that is to be resumed.
    ///
    /// # Errors
    /// A configuration that contradicts its data or itself; data that cannot be read; a run that another process trains.
    pub fn prepare(mut config: RunConfig, resume: Option<&Path>) -> Result<Self, Error> {
        config.training.check()?;
        let data = config.open_data()?;
        config.fit_to(data.shown.as_ref())?;
        config.network.check()?;
        let earlier = resume.map(Run::open).transpose()?;
        let before = match &earlier {
            Some(run) => run.last_environment()?,
            None => None,
        };
        Ok(Self { config, data, earlier, before })
    }

    /// The configuration, complete.
    pub fn config(&self) -> &RunConfig {
        &self.config
    }

    /// The data.
    pub fn data(&self) -> &TrainingData {
        &self.data
    }

    /// What the training will take, measured on a few steps of a model that is dropped afterwards.
    ///
    /// # Errors
    /// Those of [`Recipe::run`].
    pub fn estimate(self, start: &Start) -> Result<Estimate, Error> {
        let (device, precision) = self.device_and_precision(start)?;
        match self.config.training.objective.kind {
            ObjectiveKind::Denoiser => {
                Estimate::of(self.denoiser(device)?, &self.config, &self.data, precision)
            }
            ObjectiveKind::Classifier => {
                Estimate::of(self.classifier(device)?, &self.config, &self.data, precision)
            }
        }
    }

    /// Trains; `progress` can stop it, and the run can then be resumed.
    ///
    /// # Errors
    /// A model that does not exist; what training reports.
    pub fn run(self, start: &Start, progress: &mut dyn Progress) -> Result<Outcome, Error> {
        self.run_with(start, progress, &mut |_| {})
    }

    /// The same; `notice` is called once before the first step.
    ///
    /// # Errors
    /// Those of [`Recipe::run`].
    pub fn run_with(
        self,
        start: &Start,
        progress: &mut dyn Progress,
        notice: &mut dyn FnMut(&Notice),
    ) -> Result<Outcome, Error> {
        let (device, precision) = self.device_and_precision(start)?;
        match self.config.training.objective.kind {
            ObjectiveKind::Denoiser => {
                let model = self.denoiser(device)?;
                let preview = SamplePreview::new(&self.config, self.data.shown.as_ref());
                let preview = preview.filter(|_| self.config.training.report.sheet > 0);
                let preview = preview.as_ref().map(|preview| preview as &dyn Preview<Model>);
                self.train(model, preview, start, precision, progress, notice, |it| {
                    Learned::Denoiser(it.into())
                })
            }
            ObjectiveKind::Classifier => {
                let model = self.classifier(device)?;
                self.train(model, None, start, precision, progress, notice, |it| {
                    Learned::Classifier(it.into())
                })
            }
        }
    }

    /// Threads, device and precision; a resumed run keeps its own where none are chosen, for bits depend on them.
    fn device_and_precision(&self, start: &Start) -> Result<(Device, (Precision, String)), Error> {
        let threads = self.before.as_ref().map(|before| before.threads);
        if let Some(threads) = start.threads.map(i32::from).or(threads).filter(|threads| *threads > 0) {
            tch::set_num_threads(threads);
        }
        let device = start.device.parse::<Choice>()?.resolve()?;
        let choice: PrecisionChoice = self.config.training.precision.parse()?;
        let precision = match (choice, &self.before) {
            (PrecisionChoice::Auto, Some(before)) => {
                let before: PrecisionChoice = before.precision.parse()?;
                (before.resolve(device).0, "as before".into())
            }
            _ => choice.resolve(device),
        };
        Ok((device, precision))
    }

    /// The denoiser with untrained weights, checked for everything that training and its sheets need.
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

    #[expect(clippy::too_many_arguments, reason = "what the two kinds of learners share")]
    fn train<L: Learner>(
        self,
        learner: L,
        preview: Option<&dyn Preview<L>>,
        start: &Start,
        precision: (Precision, String),
        progress: &mut dyn Progress,
        notice: &mut dyn FnMut(&Notice),
        learned: impl FnOnce(Trainer<L>) -> Learned,
    ) -> Result<Outcome, Error> {
        let Self { config, data, earlier, .. } = self;
        let mut trainer = Trainer::new(learner, config.training.clone(), precision.0)?;
        let (mut run, memory, resumed) = match earlier {
            Some(run) => {
                let (run, memory, differences, notes) =
                    go_on(run, &mut trainer, data.shown.as_ref(), &config)?;
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
            precision,
            data: data.shown.name(),
            run: run.folder().to_path_buf(),
            resumed,
        });
        let ending = train(&mut trainer, data, &mut run, memory, preview, progress)?;
        let images = trainer.images();
        let checkpoint = run.checkpoint(images);
        Ok(Outcome { ending, images, run, checkpoint, learned: learned(trainer) })
    }
}

/// Puts the newest checkpoint into the trainer; also returns why the run does not go on bit for bit.
fn go_on<L: Learner>(
    mut run: Run,
    trainer: &mut Trainer<L>,
    data: &dyn Dataset,
    config: &RunConfig,
) -> Result<(Run, LoopMemory, Vec<String>, Vec<String>), Error> {
    let resumed = run.resume(trainer, &DataIdentity::of(data))?;
    let (text, path) = (config.to_toml()?, run.folder().join(tweedie_training::CONFIG));
    let mut differences = resumed.differences;
    if std::fs::read_to_string(&path).is_ok_and(|before| before != text) {
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
