//! Evaluation of a network. All models evaluate their networks here.

mod condition;
mod levels;
mod micro_batch;
mod replicas;
mod tensors;

pub use condition::Condition;
pub use replicas::Replicas;
pub(crate) use tensors::{coefficient, linear, scaled};

use crate::{About, Error};
use levels::rescaling;
use std::sync::Arc;
use tch::{Device, Tensor};
use tensors::{per_example, shared, taken};
use tweedie_math::{DataShape, DiscreteProcess, NoiseLevel, Parameterization};
use tweedie_networks::{ConditionEncoder, Derivatives, Input, Network, Parameter, Pass, Registry};
use tweedie_samplers::{Levels, State};
use tweedie_torch::{Precision, gradients_enabled};

/// A network with the description of its data, process and classes. Denoisers and classifiers interpret its output.
#[derive(Debug)]
pub struct Backbone {
    network: Box<dyn Network>,
    encoder: Option<ConditionEncoder>,
    process: Arc<dyn DiscreteProcess>,
    about: About,
    pass: Pass,
    /// The fixed number of examples in each evaluation of the network, or `None` to evaluate whole batches.
    micro_batch: Option<usize>,
    /// Copies of the network that evaluate parts of a batch at the same time.
    replicas: Option<Replicas>,
    /// σ_data if x is scaled to variance 1 before the network.
    sigma_data: Option<f64>,
    last_stands_for_noisier: bool,
    has_time_table: bool,
}

/// The arguments of an evaluation other than x and its levels.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The condition.
    pub condition: &'a Condition,
    /// The number of the first example of the batch. With a micro-batch, the position of an example depends on its number.
    pub first: usize,
    /// The mode of computation of the network.
    pub pass: Pass,
    /// The levels that the network is conditioned on, if they differ from those of x.
    pub network_levels: Option<Levels<'a>>,
}

/// The output of a network, with the values needed to interpret it.
#[derive(Debug)]
pub struct Output {
    /// The output, f32, (N, outputs, …) or (N, classes).
    pub out: Tensor,
    /// x rescaled to the levels of the model's process, before the scaling of the network's input.
    pub x: Tensor,
    /// The levels of the model's process with the requested log-SNRs, one for the batch or one per example.
    pub levels: Vec<NoiseLevel>,
}

impl Backbone {
    /// A backbone of a network and its description. An empty data shape is taken from the network.
    ///
    /// # Errors
    /// An error for an invalid process, or a number of the description that f32 does not hold.
    pub fn new(network: Box<dyn Network>, mut about: About) -> Result<Self, Error> {
        let accepts = network.accepts();
        if about.data.sides().is_empty() {
            let sides = accepts.size.clone().unwrap_or_else(|| vec![0, 0]);
            let sides = [accepts.channels].into_iter().chain(sides).map(|side| side as usize);
            about.data = DataShape::new(sides.collect::<Vec<_>>());
        }
        about.check()?;
        let process = Arc::from(about.schedule.process(about.steps)?);
        Ok(Self {
            network,
            encoder: None,
            process,
            about,
            pass: Pass::inference(Precision::F32),
            micro_batch: None,
            replicas: None,
            sigma_data: None,
            last_stands_for_noisier: false,
            has_time_table: accepts.has_time_table,
        })
    }

    /// A copy with a network of its own that shares the parameters, so that both can compute at the same time in different threads. `None` if
    /// there is an encoder, which cannot be shared.
    ///
    /// # Errors
    /// [`Error::Network`] if the registry does not have the class of the network.
    pub fn replica(&self, registry: &Registry) -> Result<Option<Self>, Error> {
        if self.encoder.is_some() {
            return Ok(None);
        }
        Ok(Some(Self {
            network: registry.replica(self.network.as_ref())?,
            encoder: None,
            process: Arc::clone(&self.process),
            about: self.about.clone(),
            replicas: None,
            ..*self
        }))
    }

    /// Adds an encoder that combines several conditions into a vector, which is an input of the network.
    ///
    /// # Errors
    /// [`Error::Encoder`] if the network does not take a vector of that width.
    pub fn with_encoder(self, encoder: ConditionEncoder) -> Result<Self, Error> {
        let (width, takes) = (encoder.config().width, self.network.accepts().vector);
        if takes != Some(width) {
            return Err(Error::Encoder { width, takes });
        }
        Ok(Self { encoder: Some(encoder), ..self })
    }

    /// Scales x to variance 1 before the network, given the standard deviation σ_data of the data (c_in of Karras et al. 2022, eq. 7).
    pub(crate) fn with_input_scaling(self, sigma_data: Option<f64>) -> Self {
        Self { sigma_data, ..self }
    }

    /// Uses the last level of the process for all noisier levels.
    pub(crate) fn with_last_for_noisier(self) -> Self {
        Self { last_stands_for_noisier: true, ..self }
    }

    /// Evaluates the network at noise levels, one for the batch or one per example. x is rescaled to the level of the model's process
    /// with the same log-SNR. The gradient mode is that of the caller.
    ///
    /// # Errors
    /// Errors for levels or conditions that do not fit the batch and for levels that the process or the network does not have; errors of
    /// the network.
    pub fn output(&self, x: &Tensor, at: Levels<'_>, call: &Call<'_>) -> Result<Output, Error> {
        let n = x.n_samples();
        at.check(n)?;
        let of_network = call.network_levels.unwrap_or(at);
        of_network.check(n)?;
        call.condition.check(n)?;
        let each = at.as_slice().iter();
        let levels: Vec<NoiseLevel> = each.map(|&level| self.own_level(level)).collect::<Result<_, _>>()?;
        let rescale: Vec<f64> =
            at.as_slice().iter().zip(&levels).map(|(at, own)| rescaling(*at, *own)).collect();
        let x = scaled(x, &rescale)?;
        let numbers =
            of_network.as_slice().iter().map(|&level| Ok(self.number(self.own_if_noisier(level)?)? as f32));
        let numbers = numbers.collect::<Result<Vec<f32>, Error>>()?;
        let time = match (of_network, numbers.as_slice()) {
            (Levels::Same(_), &[number]) => shared(number, n, x.device())?,
            _ => per_example(&numbers, x.device())?,
        };
        let input = match self.sigma_data {
            None => x.shallow_clone(),
            Some(sigma_data) => {
                let scale = |level: &NoiseLevel| Parameterization::Edm { sigma_data }.input_scale(*level);
                scaled(&x, &levels.iter().map(scale).collect::<Vec<_>>())?
            }
        };
        let out = self.in_parts(&input, &time, call)?;
        Ok(Output { out, x, levels })
    }

    /// The level for the network's conditioning: the last level for a noisier one, if it is used for these.
    fn own_if_noisier(&self, level: NoiseLevel) -> Result<NoiseLevel, Error> {
        if self.last_stands_for_noisier { self.own_level(level) } else { Ok(level) }
    }

    /// The output of the network, computed in micro-batches if they are set, and by replicas if there are any.
    fn in_parts(&self, x: &Tensor, time: &Tensor, call: &Call<'_>) -> Result<Tensor, Error> {
        let n = x.n_samples();
        let replicas = self.replicas.as_ref().filter(|_| {
            n > 1 && call.pass.derivatives == Derivatives::None && !call.pass.train && !gradients_enabled()
        });
        let parts = match (self.micro_batch, replicas) {
            (Some(size), _) => micro_batch::Part::of(n, call.first, size),
            (None, Some(replicas)) => micro_batch::Part::divided(n, replicas.len()),
            (None, None) => {
                let part = self.part(x.shallow_clone(), time.shallow_clone(), call.condition, &call.pass)?;
                return evaluate(self.network.as_ref(), &part, &call.pass);
            }
        };
        let inputs = parts.iter().map(|part| {
            let rows = part.rows(x.device())?;
            let condition = call.condition.rows(&part.taken)?;
            self.part(x.f_index_select(0, &rows)?, taken(time, &rows)?, &condition, &call.pass)
        });
        let outputs = match replicas {
            Some(replicas) => replicas.evaluate(inputs.collect::<Result<_, _>>()?, call.pass)?,
            None => inputs
                .map(|input| evaluate(self.network.as_ref(), &input?, &call.pass))
                .collect::<Result<_, _>>()?,
        };
        let used = parts.iter().zip(&outputs).map(|(part, output)| Ok(part.counted(output)?));
        Ok(Tensor::f_cat(&used.collect::<Result<Vec<_>, Error>>()?, 0)?)
    }

    /// The inputs of the network for a part of a batch.
    fn part(
        &self,
        x: Tensor,
        time: Tensor,
        condition: &Condition,
        pass: &Pass,
    ) -> Result<replicas::Part, Error> {
        let condition = condition.tensors(x.device(), |level| self.number(level))?;
        let condition = match &self.encoder {
            Some(encoder) => encoder.encode(&condition, pass)?,
            None => condition,
        };
        Ok(replicas::Part { x, time, condition })
    }

    /// The network.
    pub fn network(&self) -> &dyn Network {
        self.network.as_ref()
    }

    /// The encoder of several conditions, if there is one.
    pub fn encoder(&self) -> Option<&ConditionEncoder> {
        self.encoder.as_ref()
    }

    /// All parameters, those of the network first.
    pub fn parameters(&self) -> impl Iterator<Item = &Parameter> {
        let of_encoder = self.encoder.iter().flat_map(|encoder| encoder.parameters().iter());
        self.network.parameters().iter().chain(of_encoder)
    }

    /// The number of trained parameters.
    pub fn n_trained(&self) -> usize {
        self.parameters()
            .filter(|parameter| parameter.trained)
            .map(|parameter| parameter.tensor.numel())
            .sum()
    }

    /// The process that the model was trained on. A continuous process is represented by T levels.
    pub fn process(&self) -> &dyn DiscreteProcess {
        self.process.as_ref()
    }

    /// A shared reference to the process, for use in another thread.
    pub fn share_process(&self) -> Arc<dyn DiscreteProcess> {
        Arc::clone(&self.process)
    }

    /// The data, the process and the classes.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Mutable access to the data, the process and the classes.
    pub fn about_mut(&mut self) -> &mut About {
        &mut self.about
    }

    /// The mode of computation of the network outside training.
    pub fn pass(&self) -> Pass {
        self.pass
    }

    /// Sets the mode of computation of the network outside training.
    pub fn set_pass(&mut self, pass: Pass) {
        self.pass = pass;
    }

    /// Sets the number of examples in each evaluation of the network; incomplete parts are filled. The last bits of a network's output
    /// depend on the batch size and on the position of an example in the batch. With a micro-batch, they depend only on the number of the
    /// example. `None` evaluates whole batches.
    pub fn set_micro_batch(&mut self, size: Option<usize>) {
        self.micro_batch = size.filter(|size| *size > 0);
    }

    /// The number of examples in each evaluation of the network, if it is fixed.
    pub fn micro_batch(&self) -> Option<usize> {
        self.micro_batch
    }

    /// Sets the replicas of the network that evaluate parts of a batch at the same time, and returns the former ones. With `None` the network
    /// evaluates whole batches itself. Micro-batches are distributed among the replicas. The result is the same each time for one number of
    /// replicas and threads. Replicas are used in passes without derivatives alone.
    pub fn set_replicas(&mut self, replicas: Option<Replicas>) -> Option<Replicas> {
        std::mem::replace(&mut self.replicas, replicas)
    }

    /// The number of replicas of the network; 1 if it evaluates whole batches itself.
    pub fn replicas(&self) -> usize {
        self.replicas.as_ref().map_or(1, Replicas::len)
    }

    /// The device of the weights.
    pub fn device(&self) -> Device {
        self.network.parameters().device()
    }

    /// Returns an error unless an example may have this shape.
    ///
    /// # Errors
    /// [`Error::Shape`] for other channels; an error of the network for other sides.
    pub fn check_shape(&self, shape: &DataShape) -> Result<(), Error> {
        let own = &self.about.data;
        if shape.sides().len() != own.sides().len() || shape.channels() != own.channels() {
            return Err(Error::Shape { found: shape.clone(), expected: own.clone() });
        }
        shape.check()?;
        let sides: Vec<i64> = shape.sides()[1..].iter().map(|&side| side as i64).collect();
        Ok(self.network.check_sides(&sides)?)
    }
}

/// The output of a network, the backbone's own or a replica, for a part of a batch.
fn evaluate(network: &dyn Network, part: &replicas::Part, pass: &Pass) -> Result<Tensor, Error> {
    Ok(network.forward(&Input::new(&part.x, &part.time, &part.condition), pass)?)
}
