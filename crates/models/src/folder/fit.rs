//! Reading the weights of a network whose plan fits their file.

use crate::{Error, tensor_of};
use std::path::Path;
use tweedie_networks::{Parameters, Plan};
use tweedie_weights::{DataType, Expected, Weights, common_prefix, compare, modern_name};

/// Opens a file of weights and compares the names and shapes of its tensors with those of a plan. A common prefix of all names is
/// removed, and a note about it is returned.
pub(super) fn fitting(path: &Path, plan: &Plan) -> Result<(Weights, Option<String>), Error> {
    let mut weights = Weights::open(path)?.renamed(modern_name)?;
    let shape = |shape: &[i64]| shape.iter().map(|&side| side as usize).collect();
    let expected: Expected =
        plan.parameters.iter().map(|parameter| (parameter.name.clone(), shape(&parameter.shape))).collect();
    let prefix = common_prefix(&weights.shapes(), &expected);
    if let Some(prefix) = &prefix {
        weights = weights.renamed(|name| name.strip_prefix(prefix.as_str()).unwrap_or(name).to_string())?;
    }
    compare(path, &weights.shapes(), &expected)?;
    Ok((weights, prefix.map(|prefix| format!("weights: the prefix `{prefix}` of all names was removed"))))
}

/// Reads the values of all parameters, one tensor at a time.
pub(super) fn read_weights(parameters: &Parameters, weights: &mut Weights) -> Result<(), Error> {
    let path = weights.path().to_path_buf();
    let _no_gradient = tch::no_grad_guard();
    for parameter in parameters.iter() {
        let name = &parameter.name;
        let Some((stored, bytes)) = weights.read(name)? else { continue };
        // A number of f64 may be finite there and infinite in f32.
        let value = tensor_of(stored, &bytes, &parameter.tensor.size())?.f_to_kind(tch::Kind::Float)?;
        if !matches!(stored, DataType::U8 | DataType::I64)
            && i64::try_from(value.f_isfinite()?.f_all()?)? == 0
        {
            let reason = format!("the tensor {name} contains values that are not finite");
            return Err(Error::Configuration { path, reason });
        }
        parameter.tensor.shallow_clone().f_copy_(&value)?;
    }
    Ok(())
}
