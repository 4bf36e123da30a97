//! A network's shapes, parameters and operations, known without allocating it.

use crate::Parameters;
use serde::Serialize;

/// The shape of one parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedParameter {
    /// Its name in checkpoints.
    pub name: String,
    /// Its sides.
    pub shape: Vec<i64>,
    /// Whether training changes it.
    pub trained: bool,
}

/// The cost of one layer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Operation {
    /// The layer's name, that of its parameters without the last part.
    pub layer: String,
    /// Floating-point operations of one example's forward pass: two per multiplication and addition of convolutions, affine maps and
    /// attention. Pointwise operations are not counted.
    pub flops: f64,
}

/// What a network would hold and compute. Sizes are those that its configuration names; where it names none, those of the smallest
/// image that the network takes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// In the order of construction.
    pub parameters: Vec<PlannedParameter>,
    /// In the order of construction.
    pub operations: Vec<Operation>,
}

impl Plan {
    /// The plan of a network that exists, or of one whose parameters were only planned ([`Parameters::planned`]).
    pub fn of(parameters: &Parameters) -> Self {
        let planned = parameters.iter().map(|parameter| PlannedParameter {
            name: parameter.name.clone(),
            shape: parameter.tensor.size(),
            trained: parameter.trained,
        });
        Self { parameters: planned.collect(), operations: parameters.operations().to_vec() }
    }

    /// How many numbers training changes.
    pub fn n_trained(&self) -> usize {
        let trained = self.parameters.iter().filter(|parameter| parameter.trained);
        trained.map(|parameter| parameter.shape.iter().map(|&side| side as usize).product::<usize>()).sum()
    }

    /// Floating-point operations of one example's forward pass.
    pub fn flops(&self) -> f64 {
        self.operations.iter().map(|operation| operation.flops).sum()
    }
}
