//! Tensors come back bit for bit, through this crate and through the format's own.

use crate::{KINDS, place, written};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use tweedie_weights::{DataType, Error, TensorBytes, TensorFile, write_tensors};

/// Tensors of any kind, scalars and empty ones among them.
fn any_tensor() -> impl Strategy<Value = TensorBytes> {
    (0..KINDS.len(), vec(0usize..5, 0..4)).prop_flat_map(|(row, shape)| {
        let (kind, size) = KINDS[row];
        let n = shape.iter().product::<usize>() * size;
        vec(any::<u8>(), n).prop_map(move |bytes| TensorBytes { kind, shape: shape.clone(), bytes })
    })
}

/// Any name except the one that the format reserves for metadata.
fn any_name() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("reserved for metadata", |name| name != "__metadata__")
}

fn dtype(kind: DataType) -> Dtype {
    match kind {
        DataType::F64 => Dtype::F64,
        DataType::F32 => Dtype::F32,
        DataType::F16 => Dtype::F16,
        DataType::Bf16 => Dtype::BF16,
        DataType::I64 => Dtype::I64,
        DataType::U8 => Dtype::U8,
    }
}

proptest! {
    #[test]
    fn tensors_come_back_bit_for_bit(
        tensors in btree_map(any_name(), any_tensor(), 0..6),
        metadata in btree_map(any::<String>(), any::<String>(), 0..4),
    ) {
        prop_assume!(!(tensors.is_empty() && metadata.is_empty()), "see an_empty_file_comes_back");
        let (_folder, path) = place("weights.safetensors");
        write_tensors(&path, &tensors, &metadata).unwrap();
        let mut file = TensorFile::open(&path).unwrap();
        prop_assert_eq!(file.metadata(), &metadata);
        prop_assert_eq!(file.path(), path.as_path());
        let infos = file.tensors().to_vec();
        let names: Vec<&String> = infos.iter().map(|info| &info.name).collect();
        prop_assert_eq!(names, tensors.keys().collect::<Vec<_>>());
        // Backwards: reading is by place, not by turn.
        for info in infos.iter().rev() {
            let tensor = &tensors[&info.name];
            prop_assert_eq!(info.kind, tensor.kind);
            prop_assert_eq!(&info.shape, &tensor.shape);
            prop_assert_eq!(&file.read(info).unwrap(), &tensor.bytes);
        }
    }

    /// The format's reference reader finds the same in it.
    #[test]
    fn the_reference_reads_the_same(
        tensors in btree_map(any_name(), any_tensor(), 0..6),
        metadata in btree_map(any::<String>(), any::<String>(), 0..4),
    ) {
        prop_assume!(!(tensors.is_empty() && metadata.is_empty()), "see an_empty_file_comes_back");
        let (_folder, path) = place("weights.safetensors");
        write_tensors(&path, &tensors, &metadata).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let (n_header, header) = SafeTensors::read_metadata(&bytes).unwrap();
        prop_assert_eq!(n_header % 8, 0);
        let found: BTreeMap<String, String> = header.metadata().clone().unwrap_or_default().into_iter().collect();
        prop_assert_eq!(found, metadata);
        let file = SafeTensors::deserialize(&bytes).unwrap();
        prop_assert_eq!(file.len(), tensors.len());
        for (name, tensor) in &tensors {
            let view = file.tensor(name).unwrap();
            prop_assert_eq!(view.dtype(), dtype(tensor.kind));
            prop_assert_eq!(view.shape(), &tensor.shape);
            prop_assert_eq!(view.data(), &tensor.bytes);
        }
    }

    /// Files of the format's reference writer, whose tensors lie in another order than their names.
    #[test]
    fn the_reference_writes_for_us(tensors in btree_map(any_name(), any_tensor(), 0..6)) {
        let (_folder, path) = place("weights.safetensors");
        safetensors::serialize_to_file(&tensors, None, &path).unwrap();
        let mut file = TensorFile::open(&path).unwrap();
        prop_assert!(file.metadata().is_empty());
        for info in file.tensors().to_vec() {
            prop_assert_eq!(&file.read(&info).unwrap(), &tensors[&info.name].bytes);
        }
    }

    #[test]
    fn bytes_of_another_shape_are_refused(tensor in any_tensor(), more in 1usize..4) {
        let (_folder, path) = place("weights.safetensors");
        let mut tensor = tensor;
        tensor.bytes.resize(tensor.bytes.len() + more, 0);
        let tensors = BTreeMap::from([("w".to_string(), tensor)]);
        let error = write_tensors(&path, &tensors, &BTreeMap::new()).unwrap_err();
        prop_assert!(matches!(error, Error::Format { .. }), "{error:?}");
        prop_assert!(error.to_string().contains("weights.safetensors"), "{error}");
        prop_assert!(!path.exists());
    }
}

/// A tensor with the name reserved for metadata could not be read back.
#[test]
fn the_kept_name_is_refused() {
    let (_folder, path) = place("weights.safetensors");
    let tensor = TensorBytes { kind: DataType::U8, shape: vec![1], bytes: vec![1] };
    let tensors = BTreeMap::from([("__metadata__".to_string(), tensor)]);
    let error = write_tensors(&path, &tensors, &BTreeMap::new()).unwrap_err();
    assert!(error.to_string().contains("__metadata__"), "{error}");
}

#[test]
fn an_empty_file_comes_back() {
    let (_folder, path) = place("weights.safetensors");
    write_tensors(&path, &BTreeMap::new(), &BTreeMap::new()).unwrap();
    assert!(TensorFile::open(&path).unwrap().tensors().is_empty());
}

/// A checkpoint written twice is the same file.
#[test]
fn the_same_weights_are_the_same_file() {
    let shapes: &[(&str, &[usize])] = &[("b", &[2, 3]), ("a", &[]), ("c", &[0])];
    let (first, second) = (written(shapes), written(shapes));
    assert_eq!(std::fs::read(&first.1).unwrap(), std::fs::read(&second.1).unwrap());
}

/// What was read of the header is no promise about the rest of the file.
#[test]
fn a_file_cut_after_it_was_opened_is_an_error() {
    let (_folder, path) = written(&[("w", &[4])]);
    let mut file = TensorFile::open(&path).unwrap();
    let info = file.tensors()[0].clone();
    let length = std::fs::metadata(&path).unwrap().len();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(length - 1).unwrap();
    crate::failed_at(&file.read(&info).unwrap_err(), &path);
}
