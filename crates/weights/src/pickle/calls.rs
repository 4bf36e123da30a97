//! The references to storages and the function calls that are allowed in a pickle.

use super::machine::Machine;
use super::value::{Tensor, Value};
use std::rc::Rc;

/// The maximum number of axes of a tensor in PyTorch.
const MOST_AXES: usize = 64;

/// The maximum length of a storage's key, which normally is a number. Longer keys, repeated for each tensor, could exhaust the memory.
const LONGEST_KEY: usize = 256;

impl Machine<'_> {
    /// Resolves a reference to a storage. `torch.save` writes it as ("storage", kind, key, device, length).
    pub(super) fn storage(&self, id: &Value) -> Result<Value, String> {
        if let Value::Tuple(at) = id
            && let [Value::Text(word), Value::Name(kind), Value::Text(key), ..] = self.arena[*at].as_slice()
            && word.as_ref() == "storage"
            && key.len() <= LONGEST_KEY
        {
            return Ok(Value::Storage(kind, Rc::clone(key)));
        }
        Err("its pickle contains a reference to a storage that torch.save does not write".into())
    }

    pub(super) fn call(&mut self, name: &Value, arguments: &Value) -> Result<Value, String> {
        let (Value::Name(name), Value::Tuple(at)) = (name, arguments) else {
            return Err("its pickle calls a value that is not a function".into());
        };
        match (*name, self.arena[*at].as_slice()) {
            ("collections.OrderedDict", []) => Ok(Value::Dict(self.keep(Vec::new()))),
            ("torch.Size", [sizes]) => Ok(sizes.clone()),
            ("torch._utils._rebuild_parameter", [tensor @ Value::Tensor(_), ..]) => Ok(tensor.clone()),
            (
                "torch._utils._rebuild_tensor_v2",
                [
                    Value::Storage(kind, key),
                    Value::Int(offset),
                    Value::Tuple(shape),
                    Value::Tuple(strides),
                    ..,
                ],
            ) => {
                let n_axes = self.arena[*shape].len();
                if n_axes > MOST_AXES {
                    return Err(format!(
                        "its pickle describes a tensor of {n_axes} axes; at most {MOST_AXES} are supported"
                    ));
                }
                let natural = |value: &Value| match value {
                    Value::Int(n) => u64::try_from(*n).ok(),
                    _ => None,
                };
                let numbers = |at: usize| self.arena[at].iter().map(natural).collect::<Option<Vec<u64>>>();
                match (u64::try_from(*offset).ok(), numbers(*shape), numbers(*strides)) {
                    (Some(offset), Some(shape), Some(strides)) if shape.len() == strides.len() => {
                        let shape = shape.into_iter().map(|side| side as usize).collect();
                        Ok(Value::Tensor(Rc::new(Tensor {
                            kind,
                            storage: Rc::clone(key),
                            offset,
                            shape,
                            strides,
                        })))
                    }
                    _ => Err("its pickle describes a tensor with invalid sizes".into()),
                }
            }
            (other, arguments) => Err(format!(
                "its pickle calls {other} with {} arguments that are not supported",
                arguments.len()
            )),
        }
    }
}
