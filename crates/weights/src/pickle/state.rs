//! Extraction of named tensors from the result of a pickle.

use super::value::{Tensor, Value};
use crate::DataType;
use std::collections::HashSet;

/// The layout of a tensor in its storage, in units of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strided {
    pub storage: String,
    pub offset: u64,
    pub strides: Vec<u64>,
}

impl Strided {
    /// The index after the last number of a tensor of the given shape, or `None` if it overflows.
    pub(super) fn end(&self, shape: &[usize]) -> Option<u64> {
        if shape.contains(&0) {
            return Some(self.offset);
        }
        let reach = shape.iter().zip(&self.strides).try_fold(0u64, |sum, (&side, &stride)| {
            sum.checked_add((side as u64 - 1).checked_mul(stride)?)
        })?;
        self.offset.checked_add(reach)?.checked_add(1)
    }

    /// Collects the numbers in row-major order from `span`, the bytes that start at the offset. Each number has `width` bytes.
    pub(super) fn gather(&self, shape: &[usize], span: &[u8], width: usize) -> Vec<u8> {
        // This is checked first, because the product of the other sides of an empty tensor may overflow.
        if shape.contains(&0) {
            return Vec::new();
        }
        let n: usize = shape.iter().product();
        let mut dense = 1;
        let is_dense = shape.iter().zip(&self.strides).rev().all(|(&side, &stride)| {
            let fits = side == 1 || stride == dense;
            dense *= side as u64;
            fits
        });
        if is_dense {
            return span[..(n * width).min(span.len())].to_vec();
        }
        let mut bytes = Vec::with_capacity(n * width);
        let mut index = vec![0usize; shape.len()];
        for _ in 0..n {
            let at: u64 = index.iter().zip(&self.strides).map(|(&i, &stride)| i as u64 * stride).sum();
            bytes.extend_from_slice(&span[at as usize * width..(at as usize + 1) * width]);
            for axis in (0..shape.len()).rev() {
                index[axis] += 1;
                if index[axis] < shape[axis] {
                    break;
                }
                index[axis] = 0;
            }
        }
        bytes
    }
}

/// The maximum number of values of a tensor.
const MOST_NUMBERS: usize = 1 << 34;

type Named = (String, DataType, Vec<usize>, Strided);

/// The tensors of a dictionary, or of its entry `state_dict` if that is a dictionary.
pub(super) fn tensors_of(value: &Value, arena: &[Vec<Value>]) -> Result<Vec<Named>, String> {
    let Value::Dict(at) = value else {
        return Err("it contains no dictionary of tensors".into());
    };
    let is_state = |pair: &[Value]| matches!(&pair[0], Value::Text(name) if name.as_ref() == "state_dict");
    match arena[*at].chunks_exact(2).find(|pair| is_state(pair)).map(|pair| &pair[1]) {
        Some(Value::Dict(inner)) => named(&arena[*inner]),
        _ => named(&arena[*at]),
    }
}

fn named(dict: &[Value]) -> Result<Vec<Named>, String> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for pair in dict.chunks_exact(2) {
        let (key, value) = (&pair[0], &pair[1]);
        let Value::Text(name) = key else {
            return Err("its dictionary has a key that is not text".into());
        };
        if !seen.insert(name.as_ref()) {
            return Err(format!("it contains the tensor {name} twice"));
        }
        let Value::Tensor(tensor) = value else {
            return Err(format!("its {name} is not a tensor"));
        };
        let Tensor { kind, storage, offset, shape, strides } = tensor.as_ref();
        let kind = match *kind {
            "torch.FloatStorage" => DataType::F32,
            "torch.DoubleStorage" => DataType::F64,
            "torch.HalfStorage" => DataType::F16,
            "torch.BFloat16Storage" => DataType::Bf16,
            "torch.LongStorage" => DataType::I64,
            "torch.ByteStorage" => DataType::U8,
            other => {
                return Err(format!(
                    "its tensor {name} has the storage type {other}, which is not supported"
                ));
            }
        };
        let n = shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
        if !shape.contains(&0) && n.is_none_or(|n| n > MOST_NUMBERS) {
            return Err(format!("its tensor {name} of shape {shape:?} has more than {MOST_NUMBERS} values"));
        }
        let strided = Strided { storage: storage.to_string(), offset: *offset, strides: strides.clone() };
        found.push((name.to_string(), kind, shape.clone(), strided));
    }
    Ok(found)
}
