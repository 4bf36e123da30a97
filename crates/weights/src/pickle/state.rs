//! From the values of a pickle to named tensors.

use super::value::{Tensor, Value};
use crate::DataType;
use std::collections::HashSet;

/// How a tensor lies in its storage, counted in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strided {
    pub storage: String,
    pub offset: u64,
    pub strides: Vec<u64>,
}

impl Strided {
    /// One beyond the last number that a tensor of a shape touches; none where that cannot be counted.
    pub(super) fn end(&self, shape: &[usize]) -> Option<u64> {
        if shape.contains(&0) {
            return Some(self.offset);
        }
        let reach = shape.iter().zip(&self.strides).try_fold(0u64, |sum, (&side, &stride)| {
            sum.checked_add((side as u64 - 1).checked_mul(stride)?)
        })?;
        self.offset.checked_add(reach)?.checked_add(1)
    }

    /// The numbers in row-major order, out of the span that begins at the offset; each `width` bytes wide.
    pub(super) fn gather(&self, shape: &[usize], span: &[u8], width: usize) -> Vec<u8> {
        // First, because the other sides of an empty tensor may be beyond counting.
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

/// No tensor of weights has more numbers.
const MOST_NUMBERS: usize = 1 << 34;

type Named = (String, DataType, Vec<usize>, Strided);

/// The tensors of a dictionary, or of the dictionary `state_dict` inside it.
pub(super) fn tensors_of(value: &Value, arena: &[Vec<Value>]) -> Result<Vec<Named>, String> {
    let Value::Dict(at) = value else {
        return Err("it holds no dictionary of tensors".into());
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
            return Err("its dictionary has a key that is no name".into());
        };
        if !seen.insert(name.as_ref()) {
            return Err(format!("it holds the tensor {name} twice"));
        }
        let Value::Tensor(tensor) = value else {
            return Err(format!("its {name} is no tensor"));
        };
        let Tensor { kind, storage, offset, shape, strides } = tensor.as_ref();
        let kind = match *kind {
            "torch.FloatStorage" => DataType::F32,
            "torch.DoubleStorage" => DataType::F64,
            "torch.HalfStorage" => DataType::F16,
            "torch.BFloat16Storage" => DataType::Bf16,
            "torch.LongStorage" => DataType::I64,
            "torch.ByteStorage" => DataType::U8,
            other => return Err(format!("its tensor {name} is a {other}, which holds no weights")),
        };
        let n = shape.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
        if !shape.contains(&0) && n.is_none_or(|n| n > MOST_NUMBERS) {
            return Err(format!("its tensor {name} has the shape {shape:?}, larger than any weights"));
        }
        let strided = Strided { storage: storage.to_string(), offset: *offset, strides: strides.clone() };
        found.push((name.to_string(), kind, shape.clone(), strided));
    }
    Ok(found)
}
