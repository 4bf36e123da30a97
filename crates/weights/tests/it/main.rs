//! Weight files: what is written comes back, damage is refused and named.

mod compare;
mod damage;
mod formats;
mod fuzz;
mod fuzz_time;
mod limits;
mod pickle;
mod pickle_damage;
mod pickle_limits;
mod round_trip;
mod shards;
mod torch_file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tweedie_weights::{DataType, Error, PickleFile, TensorBytes, TensorFile, write_tensors};

/// Every kind of number with its bytes.
const KINDS: [(DataType, usize); 6] = [
    (DataType::F64, 8),
    (DataType::F32, 4),
    (DataType::F16, 2),
    (DataType::Bf16, 2),
    (DataType::I64, 8),
    (DataType::U8, 1),
];

/// A path in a folder of the test's own, which disappears with the first value.
fn place(name: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    (folder, path)
}

/// A file of tensors of the given names and shapes, as 32-bit floats that count up.
fn written(shapes: &[(&str, &[usize])]) -> (TempDir, PathBuf) {
    let (folder, path) = place("weights.safetensors");
    let tensor = |shape: &[usize]| {
        let n: usize = shape.iter().product();
        let bytes = (0..n).flat_map(|i| (i as f32).to_le_bytes()).collect();
        TensorBytes { kind: DataType::F32, shape: shape.to_vec(), bytes }
    };
    let tensors: BTreeMap<String, TensorBytes> =
        shapes.iter().map(|(name, shape)| (name.to_string(), tensor(shape))).collect();
    write_tensors(&path, &tensors, &BTreeMap::from([("format".into(), "pt".into())])).unwrap();
    (folder, path)
}

thread_local! {
    /// One for all of a test's files: fuzzing opens thousands.
    static PLACE: (TempDir, PathBuf) = place("");
}

/// Writes bytes to a file of the test's own, over the last one of that name.
fn put(name: &str, bytes: &[u8]) -> PathBuf {
    let path = PLACE.with(|(folder, _)| folder.path().join(name));
    // A new file: some file systems wait for the disk where an old one is overwritten.
    let _ = std::fs::remove_file(&path);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Opens bytes as a file of weights.
fn open_bytes(bytes: &[u8]) -> Result<TensorFile, Error> {
    TensorFile::open(&put("weights.safetensors", bytes))
}

/// Opens bytes as a file of PyTorch's.
fn open_pickle(bytes: &[u8]) -> Result<PickleFile, Error> {
    PickleFile::open(&put("weights.bin", bytes))
}

/// Asserts that bytes are refused as no file of PyTorch's, in a sentence that names the file and holds `reason`.
#[track_caller]
fn pickle_refused(bytes: &[u8], reason: &str) {
    let error = open_pickle(bytes).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Pickle { .. }), "{error:?}");
    assert!(text.contains("weights.bin is not a readable file of weights"), "{text}");
    assert!(text.contains(reason), "{text} lacks {reason:?}");
}

/// A file with a header and the given number of bytes of tensors.
fn with_header(header: &str, n_data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + n_data, 7);
    bytes
}

/// Asserts that bytes are refused as not safetensors, in a sentence that names the file and holds `reason`.
#[track_caller]
fn refused(bytes: &[u8], reason: &str) {
    let error = open_bytes(bytes).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, Error::Format { .. }), "{error:?}");
    assert!(text.contains("weights.safetensors") && text.contains(reason), "{text} lacks {reason:?}");
}

/// Asserts that a file or folder could not be read or written, in a sentence that names it.
#[track_caller]
fn failed_at(error: &Error, path: &Path) {
    assert!(matches!(error, Error::Io { .. } | Error::Files(_)), "{error:?}");
    assert!(error.to_string().contains(&path.display().to_string()), "{error} lacks {}", path.display());
}
