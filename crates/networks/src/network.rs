//! The trait [`Network`]: a function of (x, time, condition) with named parameters.

use crate::{Condition, Error, Parameters, Pass, Plan};
use serde_json::Value;
use std::fmt::Debug;
use tch::Tensor;

/// The input of a network. The first axis of every tensor is the batch.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// Noisy data, (N, …).
    pub x: &'a Tensor,
    /// The number by which the network is conditioned on each example's noise level, (N).
    pub time: &'a Tensor,
    /// The other conditions.
    pub condition: &'a Condition,
}

impl<'a> Input<'a> {
    /// Creates an input from its three parts.
    pub fn new(x: &'a Tensor, time: &'a Tensor, condition: &'a Condition) -> Self {
        Self { x, time, condition }
    }
}

/// The inputs that a network accepts, and the size of its output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepts {
    /// Number of channels of x and an image condition together; for points, the number of coordinates.
    pub channels: i64,
    /// Number of output channels; for a classifier, the number of classes.
    pub outputs: i64,
    /// The sides of an example after its channels; empty for points. `None` if every size that [`Network::check_sides`] allows is
    /// accepted.
    pub size: Option<Vec<i64>>,
    /// Number of rows of the class table, if there is one.
    pub class_rows: Option<i64>,
    /// Whether the network takes a number per example, embedded like times.
    pub number: bool,
    /// Width of the vector per example, if the network takes one.
    pub vector: Option<i64>,
    /// Whether the network has a learned row for each trained time and is undefined between them.
    pub has_time_table: bool,
}

/// A network architecture, independent of schedules, noise levels, losses and samplers.
///
/// A [`Registry`](crate::Registry) builds networks from their class name and configuration, both user-defined networks and those of this
/// crate.
pub trait Network: Debug + Send {
    /// Computes the output, (N, outputs, …) or (N, classes), f32.
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

    /// The inputs that the network accepts.
    fn accepts(&self) -> Accepts;

    /// Checks the sides of an example after its channels.
    ///
    /// # Errors
    /// [`Error::Input`], which names allowed sides, if the network does not accept these.
    fn check_sides(&self, sides: &[i64]) -> Result<(), Error> {
        match self.accepts().size {
            Some(size) if size != sides => {
                Err(Error::Input(format!("an example has the sides {sides:?}; this network takes {size:?}")))
            }
            _ => Ok(()),
        }
    }

    /// The probability with which dropout sets a feature to zero in training.
    fn dropout(&self) -> f64 {
        0.0
    }

    /// The shapes of the parameters and the floating-point operations of the layers.
    fn plan(&self) -> Plan {
        Plan::of(self.parameters())
    }
}
