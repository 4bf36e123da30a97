//! Recordings as tensors.

use safetensors::{Dtype, SafeTensors};
use std::collections::HashMap;
use std::path::Path;
use tch::Tensor;

/// Every tensor of a safetensors file, and its metadata.
pub fn read(path: &Path) -> (HashMap<String, Tensor>, HashMap<String, String>) {
    let bytes = std::fs::read(path).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let read = |name: String, view: safetensors::tensor::TensorView| {
        let shape: Vec<i64> = view.shape().iter().map(|&n| n as i64).collect();
        let kind = match view.dtype() {
            Dtype::F32 => tch::Kind::Float,
            Dtype::F64 => tch::Kind::Double,
            Dtype::I64 => tch::Kind::Int64,
            other => panic!("{name} is {other:?}"),
        };
        (name, Tensor::from_data_size(view.data(), &shape, kind))
    };
    let tensors = tensors.tensors().into_iter().map(|(name, view)| read(name, view)).collect();
    (tensors, metadata.metadata().clone().unwrap_or_default())
}
