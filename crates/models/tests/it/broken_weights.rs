//! Weight files that are damaged, or those of another network.

use crate::broken::Folder;
use std::path::PathBuf;
use tweedie_weights::{DataType, TensorBytes, TensorFile, write_tensors};

type Tensors = std::collections::BTreeMap<String, TensorBytes>;

/// One of the tensors that are changed below.
const NAME: &str = "down_blocks.0.resnets.0.conv1.bias";

fn file(folder: &Folder) -> PathBuf {
    folder.path().join("unet/diffusion_pytorch_model.safetensors")
}

/// Reads every tensor of a folder, lets them be changed, and writes them back.
fn changed(change: impl FnOnce(&mut Tensors)) -> Folder {
    let folder = Folder::new();
    let mut open = TensorFile::open(&file(&folder)).unwrap();
    let mut tensors = Tensors::new();
    for info in open.tensors().to_vec() {
        let bytes = open.read(&info).unwrap();
        tensors.insert(info.name, TensorBytes { kind: info.kind, shape: info.shape, bytes });
    }
    change(&mut tensors);
    write_tensors(&file(&folder), &tensors, &Default::default()).unwrap();
    folder
}

fn put(tensors: &mut Tensors, name: &str, shape: &[usize], value: f32) {
    let bytes = value.to_le_bytes().repeat(shape.iter().product());
    tensors.insert(name.into(), TensorBytes { kind: DataType::F32, shape: shape.to_vec(), bytes });
}

#[test]
fn a_file_written_anew_is_as_good_as_before() {
    let folder = changed(|_| ());
    assert!(tweedie_models::Model::load(folder.path(), tch::Device::Cpu).is_ok());
}

/// A number of f64 that f32 does not hold is not finite in the network.
#[test]
fn numbers_that_become_infinite_are_refused() {
    let folder = changed(|tensors| {
        let own = tensors.get_mut(NAME).unwrap();
        let n: usize = own.shape.iter().product();
        *own = TensorBytes {
            kind: DataType::F64,
            shape: own.shape.clone(),
            bytes: 1e300f64.to_le_bytes().repeat(n),
        };
    });
    let sentence = folder.refusal();
    assert!(sentence.contains(NAME) && sentence.contains("not finite"), "{sentence}");
}

#[test]
fn every_truncation_is_seen() {
    let folder = Folder::new();
    let bytes = std::fs::read(file(&folder)).unwrap();
    for left in [0, 7, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(file(&folder), &bytes[..left]).unwrap();
        let sentence = folder.refusal();
        assert!(sentence.contains("not a valid safetensors file"), "{left} bytes left: {sentence}");
    }
    std::fs::write(file(&folder), [bytes.as_slice(), b"more"].concat()).unwrap();
    assert!(folder.refusal().contains("not a valid safetensors file"));
    // The content decides: an archive is read as a file of PyTorch.
    std::fs::write(file(&folder), b"PK\x03\x04 an archive, or anything else").unwrap();
    let error = tweedie_models::Model::load(folder.path(), tch::Device::Cpu).unwrap_err();
    assert!(
        matches!(error, tweedie_models::Error::Weights(tweedie_weights::Error::Pickle { .. })),
        "{error}"
    );
}

#[test]
fn missing_and_unknown_and_misshaped_names_are_listed_together() {
    let folder = changed(|tensors| {
        tensors.remove("conv_out.bias").unwrap();
        put(tensors, "an.extra.weight", &[3], 1.0);
        put(tensors, NAME, &[9], 1.0);
    });
    let sentence = folder.refusal();
    for part in [
        "1 missing (conv_out.bias)",
        "1 unknown (an.extra.weight)",
        "1 of another shape",
        &format!("{NAME} is [9] instead of [8]"),
    ] {
        assert!(sentence.contains(part), "{part} is not in: {sentence}");
    }
}

#[test]
fn weights_of_another_architecture_are_refused() {
    let folder = Folder::new();
    let path = folder.path().join("unet/config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let deeper = text.replace("\"layers_per_block\": 1", "\"layers_per_block\": 2");
    assert_ne!(deeper, text);
    std::fs::write(&path, deeper).unwrap();
    let sentence = folder.refusal();
    assert!(sentence.contains("does not fit the network"), "{sentence}");
    assert!(sentence.contains("missing (down_blocks.0.resnets.1."), "{sentence}");
    assert!(sentence.contains("more)"), "a long list is cut: {sentence}");
}

#[test]
fn numbers_that_are_not_finite_are_refused_by_name() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let folder = changed(|tensors| {
            let bias = tensors.get_mut(NAME).unwrap();
            bias.bytes[12..16].copy_from_slice(&value.to_le_bytes());
        });
        let sentence = folder.refusal();
        assert!(sentence.contains(NAME) && sentence.contains("not finite"), "{sentence}");
    }
}
