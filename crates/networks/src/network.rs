//! What every network is: a function of (x, time, condition) with named parameters.

use crate::{Condition, Error, Parameters, Pass, Plan};
use serde_json::Value;
use std::fmt::Debug;
use tch::Tensor;

/// One call's input; the first axis of every tensor is the batch.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// (N, …), noisy data.
    pub x: &'a Tensor,
    /// (N), the number that the network is conditioned on at each example's noise level.
    pub time: &'a Tensor,
    /// What else the network is conditioned on.
    pub condition: &'a Condition,
}

impl<'a> Input<'a> {
    /// An input of its three parts.
    pub fn new(x: &'a Tensor, time: &'a Tensor, condition: &'a Condition) -> Self {
        Self { x, time, condition }
    }
}

/// What a network can be given, and what comes back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepts {
    /// Channels of x and of an image condition together; of points, their coordinates.
    pub channels: i64,
    /// Channels of the output; of a classifier, its classes.
    pub outputs: i64,
    /// The sides after the channels that the network is made for; empty for points, `None` where images may have any size that
    /// [`Network::check_sides`] allows.
    pub size: Option<Vec<i64>>,
    /// Rows of the class table, where the network has one.
    pub class_rows: Option<i64>,
    /// Whether it takes a number per example, embedded as times are.
    pub number: bool,
    /// The width of the vector per example that it takes, where it takes one.
    pub vector: Option<i64>,
    /// Whether it has a learned row per trained time and is undefined between them.
    pub has_time_table: bool,
}

/// An architecture. A network knows no schedule, level, loss or sampler.
///
/// [`Registry`](crate::Registry) builds networks from their class name and configuration, a user's own as well as those of this
/// crate.
pub trait Network: Debug + Send {
    /// The output, f32, (N, outputs, …) or (N, classes).
    ///
    /// # Errors
    /// [`Error::Input`] for shapes, sizes, times or conditions that the network cannot take.
    fn forward(&self, input: &Input<'_>, pass: &Pass) -> Result<Tensor, Error>;

    /// The parameters, in the order of construction.
    fn parameters(&self) -> &Parameters;

    /// The class name in configurations, such as `UNet2DModel`.
    fn class_name(&self) -> &'static str;

    /// The configuration as a JSON object, from which the registry builds the network again.
    fn config(&self) -> Value;

    /// What the network can be given.
    fn accepts(&self) -> Accepts;

    /// Fails, naming sides that would do, unless an example may have these sides after its channels.
    ///
    /// # Errors
    /// [`Error::Input`].
    fn check_sides(&self, sides: &[i64]) -> Result<(), Error> {
        match self.accepts().size {
            Some(size) if size != sides => {
                Err(Error::Input(format!("an example has the sides {sides:?}; this network takes {size:?}")))
            }
            _ => Ok(()),
        }
    }

    /// The share of features that dropout removes in training.
    fn dropout(&self) -> f64 {
        0.0
    }

    /// Shapes, parameters and floating-point operations, layer by layer.
    fn plan(&self) -> Plan {
        Plan::of(self.parameters())
    }
}
