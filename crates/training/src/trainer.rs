//! The training step.

use crate::replicas::{PartLoss, Replica, Work};
use crate::{AdamW, Ema, Error, FlatParameters, Learner, LearnerState, Mode, Seen, TrainingConfig, rate_at};
use std::ops::Range;
use std::time::Instant;
use tch::{Device, Kind, Tensor};
use tweedie_data::Batch;
use tweedie_math::power_average::gamma_of;
use tweedie_math::random::{Key, Purpose, Stream};
use tweedie_models::Model;
use tweedie_networks::{Pass, Registry};
use tweedie_torch::{Precision, with_seed};

/// A model in training, with the optimiser, the averages and the other state of training.
#[derive(Debug)]
pub struct Trainer<L: Learner = Model> {
    model: L,
    config: TrainingConfig,
    pass: Pass,
    parameters: FlatParameters,
    /// Copies of the model that share its parameters.
    replicas: Vec<Replica<L>>,
    optimizer: AdamW,
    ema: Ema,
    /// Power-function averages with their exponents.
    stored: Vec<(f64, Ema)>,
    /// The state of the learner.
    state: L::State,
    images: u64,
    /// False while an update is made or the averages are in the place of the weights.
    is_whole: bool,
}

/// The result of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// The loss.
    pub loss: f64,
    /// The gradient's norm before clipping.
    pub gradient_norm: f64,
    /// The learning rate.
    pub learning_rate: f64,
}

impl<L: Learner> Trainer<L> {
    /// Creates a trainer for a model, at the start of training. The memory order is that of the configuration for the model's device.
    ///
    /// # Errors
    /// [`Error::Config`] for a configuration that is invalid or does not fit the model; [`Error::Torch`] if memory runs out.
    pub fn new(model: L, config: TrainingConfig, precision: Precision) -> Result<Self, Error> {
        config.check()?;
        let parameters = FlatParameters::new(model.backbone())?;
        let optimizer = AdamW::new(&parameters)?;
        let ema = Ema::new(&parameters)?;
        let stored = config.posthoc_ema.std.iter().map(|&std| Ok((gamma_of(std)?, Ema::new(&parameters)?)));
        let stored = stored.collect::<Result<_, Error>>()?;
        let channels_last = config.layout.channels_last(model.backbone().device());
        model.check(&config)?;
        let state = model.state(&config);
        let pass =
            Pass { gradient_checkpointing: config.gradient_checkpointing, ..Pass::training(precision) };
        let mut trainer = Self {
            model,
            config,
            pass,
            parameters,
            replicas: Vec::new(),
            optimizer,
            ema,
            stored,
            state,
            images: 0,
            is_whole: true,
        };
        trainer.set_mode(Mode { precision, channels_last });
        Ok(trainer)
    }

    /// The precision and the memory order.
    pub fn mode(&self) -> Mode {
        Mode { precision: self.pass.precision, channels_last: self.pass.channels_last }
    }

    /// Changes the precision and the memory order.
    pub fn set_mode(&mut self, mode: Mode) {
        let Mode { precision, channels_last } = mode;
        self.pass = Pass { precision, channels_last, ..self.pass };
        self.model.backbone_mut().set_pass(Pass { channels_last, ..Pass::inference(precision) });
    }

    /// Divides each part of a batch among `n` replicas of the network, which compute at the same time with an equal share of the threads. Their
    /// gradients are added in a fixed order, so that the result is the same each time for one number of replicas and threads. `registry`
    /// builds the network.
    ///
    /// # Errors
    /// [`Error::Config`] for more than one replica if the model cannot be replicated; [`Error::Model`] if the registry does not have the
    /// class of the network.
    pub fn set_replicas(&mut self, registry: &Registry, n: usize) -> Result<(), Error> {
        self.replicas.clear();
        let not_allowed = |reason: &str| Error::Config {
            key: "training.replicas",
            found: n.to_string(),
            allowed: format!("1 {reason}"),
        };
        if let (Some(reason), true) = (self.obstacle_to_replicas(), n > 1) {
            return Err(not_allowed(reason));
        }
        for _ in 1..n {
            let replica = self.model.replica(registry)?;
            let learner = replica.ok_or_else(|| not_allowed("for a model that cannot be replicated"))?;
            let parameters = self.parameters.replica(learner.backbone())?;
            self.replicas.push(Replica { learner, parameters });
        }
        Ok(())
    }

    /// The reason why the network cannot be replicated, if there is one.
    pub fn obstacle_to_replicas(&self) -> Option<&'static str> {
        if self.device().is_cuda() {
            return Some("on a GPU");
        }
        // Dropout draws from the global generator, so that its numbers would depend on the order of the threads.
        if self.model.backbone().network().dropout() > 0.0 {
            return Some("for a network with dropout");
        }
        self.pass.gradient_checkpointing.then_some("with training.gradient_checkpointing")
    }

    /// The number of replicas of the network; 1 if it computes whole parts itself.
    pub fn replicas(&self) -> usize {
        self.replicas.len() + 1
    }

    /// Computes the loss of a batch and its gradient in the present mode, without changing weights or state, and returns the seconds.
    ///
    /// # Errors
    /// Those of [`Trainer::step`].
    pub fn rehearse(&mut self, batch: &L::Batch) -> Result<f64, Error> {
        let began = Instant::now();
        let n = L::n_examples(batch);
        self.accumulate(batch, 0..n, n, &mut Vec::new())?;
        tweedie_torch::synchronize(self.device());
        let seconds = began.elapsed().as_secs_f64();
        self.parameters.zero_gradients();
        Ok(seconds)
    }

    /// Makes the learner's batch from examples, as the loader's threads do.
    ///
    /// # Errors
    /// An error for examples that the learner cannot use, such as [`Error::Unlabelled`].
    pub fn prepare(&self, examples: Batch) -> Result<L::Batch, Error> {
        self.model.preparation(&self.config)(examples)
    }

    /// Makes one update from one batch. If the loss or the gradient's norm is not finite, nothing is changed, and the report holds the
    /// value.
    ///
    /// # Errors
    /// Errors returned by the network or LibTorch; an error for a batch that does not fit the model.
    pub fn step(&mut self, batch: &L::Batch) -> Result<StepReport, Error> {
        self.parameters.zero_gradients();
        let n = L::n_examples(batch);
        let micro = n.div_ceil(self.config.accumulate);
        let (mut total, mut seen) = (0.0, Vec::new());
        for start in (0..n).step_by(micro) {
            let part = start..n.min(start + micro);
            total += self.accumulate(batch, part, n, &mut seen)?;
        }
        let norm = self.parameters.gradient_norm();
        let report = StepReport {
            loss: total,
            gradient_norm: f64::try_from(norm.f_to_kind(Kind::Double)?)?,
            learning_rate: rate_at(&self.config.optimizer, self.images + n as u64, self.config.images),
        };
        if report.loss.is_finite() && report.gradient_norm.is_finite() {
            let scale = clip_factor(&norm, self.config.optimizer.max_grad_norm)?;
            self.is_whole = false;
            self.optimizer.step(
                &mut self.parameters,
                &self.config.optimizer,
                report.learning_rate,
                &scale,
            )?;
            self.images += n as u64;
            self.model.remember(&mut self.state, &seen);
            let (half_life, ramp) = (self.config.ema_half_life, self.config.ema_ramp);
            self.ema.update(&self.parameters, half_life, ramp, self.images, n)?;
            for (gamma, average) in &mut self.stored {
                average.update_power(&self.parameters, *gamma, self.images, n)?;
            }
            self.is_whole = true;
        }
        Ok(report)
    }

    /// Adds the gradients of a part of a batch of `n` examples and returns the part's share of the loss.
    fn accumulate(
        &mut self,
        batch: &L::Batch,
        part: Range<usize>,
        n: usize,
        seen: &mut Vec<Seen>,
    ) -> Result<f64, Error> {
        let Self { model, config, pass, parameters, replicas, state, images, .. } = self;
        let work = Work { batch, state, objective: &config.objective, pass: *pass, n };
        let found = if replicas.is_empty() || part.len() < 2 {
            vec![in_dropout_order(model, (config.seed, *images, part.start), || work.backward(model, part))?]
        } else {
            work.divided(model, parameters, replicas, part)?
        };
        let mut total = 0.0;
        for PartLoss { loss, losses, times } in found {
            total += f64::try_from(loss.f_to_kind(Kind::Double)?)?;
            let each = Vec::<f64>::try_from(losses.f_to_kind(Kind::Double)?)?;
            seen.extend(times.iter().zip(each).map(|(&time, loss)| Seen { time, loss }));
        }
        Ok(total)
    }

    /// Runs code on the model with its averaged weights.
    ///
    /// # Errors
    /// Errors returned by the code.
    pub fn with_ema<T>(&mut self, code: impl FnOnce(&L) -> Result<T, Error>) -> Result<T, Error> {
        self.averaged(|trainer| code(&trainer.model))
    }

    /// Runs code while the model holds its averaged weights.
    pub(crate) fn averaged<T>(&mut self, code: impl FnOnce(&Self) -> Result<T, Error>) -> Result<T, Error> {
        let own = self.ema.put_into(&mut self.parameters)?;
        let was_whole = std::mem::replace(&mut self.is_whole, false);
        let result = code(self);
        own.put_back(&mut self.parameters)?;
        self.is_whole = was_whole;
        result
    }

    /// The flat tensors that a checkpoint stores, with their names. Their values are in the order of the network's construction.
    pub(crate) fn tensors_mut(&mut self) -> Vec<(String, &mut Tensor)> {
        let mut tensors = vec![
            ("weights".into(), &mut self.parameters.values),
            ("ema".into(), &mut self.ema.values),
            ("first_moment".into(), &mut self.optimizer.first_moment),
            ("second_moment".into(), &mut self.optimizer.second_moment),
        ];
        for (gamma, average) in &mut self.stored {
            tensors.push((format!("stored.{gamma}"), &mut average.values));
        }
        tensors
    }

    /// The state of the learner, as named arrays.
    pub(crate) fn state_arrays(&mut self) -> Vec<(&'static str, &mut [f32])> {
        self.state.arrays()
    }

    /// The power-function averages with their exponents.
    pub(crate) fn stored_averages(&self) -> &[(f64, Ema)] {
        &self.stored
    }

    /// Sets the counts of images and steps after the tensors were restored.
    pub(crate) fn continue_from(&mut self, images: u64, steps: u64) {
        self.images = images;
        self.optimizer.steps = steps;
    }

    /// The model with its raw weights.
    pub fn model(&self) -> &L {
        &self.model
    }

    /// The model with its raw weights, for changes.
    pub fn model_mut(&mut self) -> &mut L {
        &mut self.model
    }

    /// The device of the weights.
    pub(crate) fn device(&self) -> Device {
        self.model.backbone().device()
    }

    /// The configuration.
    pub fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// Whether weights, moments and averages belong to the same step, so that they can be saved. This is false after an error in the middle
    /// of an update.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Images seen.
    pub fn images(&self) -> u64 {
        self.images
    }

    /// Updates made.
    pub fn steps(&self) -> u64 {
        self.optimizer.steps
    }
}

/// Runs code with LibTorch's global generator, which dropout uses, reseeded from (seed, images seen, part).
fn in_dropout_order<T>(
    model: &impl Learner,
    (seed, image, part): (u64, u64, usize),
    code: impl FnOnce() -> T,
) -> T {
    if model.backbone().network().dropout() == 0.0 {
        return code();
    }
    let key = Key { seed, image, purpose: Purpose::DROPOUT, visit: part as u64, draw: 0 };
    with_seed(Stream::new(key).below(1 << 53), code)
}

/// The factor that reduces the gradients' norm to at most `most`; 1 if `most` is 0.
fn clip_factor(norm: &Tensor, most: f64) -> Result<Tensor, Error> {
    if most == 0.0 {
        return Ok(norm.f_ones_like()?);
    }
    // min(1, most/(norm + 1e-6)), computed on the device without transferring the norm.
    Ok(norm.f_add_scalar(1e-6)?.f_reciprocal()?.f_mul_scalar(most)?.f_clamp_max(1.0)?)
}
