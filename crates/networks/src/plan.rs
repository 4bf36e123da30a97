//! The parameter shapes and operations of a network, computed without allocating it.

use crate::Parameters;
use serde::Serialize;

/// The shape of one parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedParameter {
    /// The name in checkpoints.
    pub name: String,
    /// The shape.
    pub shape: Vec<i64>,
    /// Whether the parameter is trained.
    pub trained: bool,
}

/// The kind of a layer, with the sizes that determine its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OperationKind {
    /// A convolution with a square kernel of `kernel`² values.
    Convolution {
        /// Channels of the input.
        inputs: i64,
        /// Channels of the output.
        outputs: i64,
        /// Height and width of the kernel.
        kernel: i64,
    },
    /// An affine map of a vector at each position.
    Linear {
        /// Length of the input vectors.
        inputs: i64,
        /// Length of the output vectors.
        outputs: i64,
    },
    /// Attention of all heads without its projections.
    Attention {
        /// The features of all heads together.
        channels: i64,
        /// The number of heads.
        heads: i64,
    },
    /// Group normalisation.
    Normalization {
        /// Channels.
        channels: i64,
        /// Groups of channels.
        groups: i64,
    },
}

/// The cost of one layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operation {
    /// The layer's name: the name of its parameters without the last part.
    pub layer: String,
    /// The kind and its sizes.
    pub kind: OperationKind,
    /// The positions of an example at which the layer computes: height times width of its output, or the number of tokens.
    pub places: i64,
    /// Floating-point operations of the forward pass of one example: two for each multiply-add of convolutions, affine maps and attention.
    /// Pointwise operations are not counted, so that a normalisation has 0.
    pub flops: f64,
}

/// The parameters and operations of a network, for the image size in its configuration or, if there is none, for the smallest image that
/// the network accepts.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// The parameters, in the order of construction.
    pub parameters: Vec<PlannedParameter>,
    /// The operations, in the order of construction.
    pub operations: Vec<Operation>,
}

impl Plan {
    /// The plan of a network from its parameters, which may be only planned ([`Parameters::planned`]).
    pub fn of(parameters: &Parameters) -> Self {
        let planned = parameters.iter().map(|parameter| PlannedParameter {
            name: parameter.name.clone(),
            shape: parameter.tensor.size(),
            trained: parameter.trained,
        });
        Self { parameters: planned.collect(), operations: parameters.operations().to_vec() }
    }

    /// The total number of values of the trained parameters.
    pub fn n_trained(&self) -> usize {
        let trained = self.parameters.iter().filter(|parameter| parameter.trained);
        trained.map(|parameter| parameter.shape.iter().map(|&side| side as usize).product::<usize>()).sum()
    }

    /// The floating-point operations of the forward pass of one example.
    pub fn flops(&self) -> f64 {
        self.operations.iter().map(|operation| operation.flops).sum()
    }
}
