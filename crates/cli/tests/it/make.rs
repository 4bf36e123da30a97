//! Data made by hand: images of every kind of colour, archives, CIFAR's batches, arrays.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use tweedie_weights::{DataType, TensorBytes, write_tensors};

/// Settings of images of 8×8 from a folder or an archive.
pub const SMALL: &[&str] = &["--preset", "folder", "--set", "data.height=8", "--set", "data.width=8"];

/// Bytes that no formula needs to know.
pub fn noise(n: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    (0..n).map(|_| next()).collect()
}

/// A PNG of 1 channel (grey), 3 (colours) or 4 (with transparency), from its values row by row.
pub fn png([height, width]: [usize; 2], channels: usize, values: &[u8]) -> Vec<u8> {
    let rows: Vec<u8> =
        values.chunks_exact(width * channels).take(height).flat_map(|row| [&[0], row].concat()).collect();
    announced([height as u32, width as u32], channels, &rows)
}

/// A PNG whose header declares a size, independent of its rows.
pub fn announced([height, width]: [u32; 2], channels: usize, rows: &[u8]) -> Vec<u8> {
    let kind = [0, 0, 0, 2, 6][channels];
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, kind, 0, 0, 0]].concat();
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(rows).unwrap();
    let packed = packed.finish().unwrap();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [(b"IHDR", &head), (b"IDAT", &packed), (b"IEND", &Vec::new())] {
        let body = [name.as_slice(), content].concat();
        bytes.extend((content.len() as u32).to_be_bytes());
        bytes.extend(&body);
        bytes.extend(checksum(&body).to_be_bytes());
    }
    bytes
}

/// A noisy image in colours.
pub fn noisy(size: [usize; 2], seed: u64) -> Vec<u8> {
    png(size, 3, &noise(3 * size[0] * size[1], seed))
}

/// Files by name, with the folders around them.
pub fn put(folder: &Path, files: &[(&str, Vec<u8>)]) {
    for (name, bytes) in files {
        let file = folder.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}

/// Six images, no two of one size.
pub fn images() -> Vec<(&'static str, Vec<u8>)> {
    let names = ["0.png", "1.png", "2.png", "3.png", "4.PNG", "deep/5.png"];
    names.into_iter().enumerate().map(|(i, name)| (name, noisy([9 + i, 14 + 3 * i], i as u64))).collect()
}

/// Three images of each of three classes.
pub fn classes() -> Vec<(&'static str, Vec<u8>)> {
    let names = [
        "cat/1.png",
        "cat/2.png",
        "cat/3.png",
        "dog/1.png",
        "dog/2.png",
        "dog/3.png",
        "eel/1.png",
        "eel/2.png",
        "eel/3.png",
    ];
    names.into_iter().enumerate().map(|(i, name)| (name, noisy([10, 9 + i], 100 + i as u64))).collect()
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    sum.sum()
}

pub fn tar(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A zip of files as they are.
pub fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let n = (content.len() as u32).to_le_bytes();
        let sum = checksum(content).to_le_bytes();
        let length = (name.len() as u16).to_le_bytes();
        let rest = [&[20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0][..], &sum, &n, &n, &length, &[0, 0]].concat();
        let start = (bytes.len() as u32).to_le_bytes();
        directory.extend([b"PK\x01\x02\x14\0", &rest[..], &[0; 10], &start, name.as_bytes()].concat());
        bytes.extend([b"PK\x03\x04", &rest[..], name.as_bytes(), content].concat());
    }
    let (n, start) = ((files.len() as u16).to_le_bytes(), (bytes.len() as u32).to_le_bytes());
    let size = (directory.len() as u32).to_le_bytes();
    [&bytes, &directory, &b"PK\x05\x06\0\0\0\0"[..], &n, &n, &size, &start, &[0, 0]].concat()
}

/// A batch of CIFAR's, of these labels.
pub fn cifar(labels: &[u8]) -> Vec<u8> {
    let record = |label: &u8| [&[*label][..], &noise(3072, u64::from(*label) + 7)].concat();
    labels.iter().flat_map(record).collect()
}

/// Numbers of a shape, as a tensor of f32.
pub fn tensor(shape: &[usize], numbers: impl Iterator<Item = f32>) -> TensorBytes {
    let n = shape.iter().product();
    let bytes: Vec<u8> = numbers.take(n).flat_map(f32::to_le_bytes).collect();
    assert_eq!(bytes.len(), 4 * n);
    TensorBytes { kind: DataType::F32, shape: shape.to_vec(), bytes }
}

/// Noise around 3, as a tensor.
pub fn latents(shape: &[usize]) -> TensorBytes {
    let bytes = noise(shape.iter().product(), 5);
    tensor(shape, bytes.into_iter().map(|byte| 3.0 + f32::from(byte) / 64.0))
}

/// Labels 0, 1, 2, 0 … as a tensor.
pub fn labels(n: usize) -> TensorBytes {
    let bytes = (0..n as i64).flat_map(|i| (i % 3).to_le_bytes()).collect();
    TensorBytes { kind: DataType::I64, shape: vec![n], bytes }
}

pub fn safetensors(path: &Path, tensors: &[(&str, TensorBytes)]) {
    let named = tensors.iter().map(|(name, tensor)| {
        let TensorBytes { kind, shape, bytes } = tensor;
        (name.to_string(), TensorBytes { kind: *kind, shape: shape.clone(), bytes: bytes.clone() })
    });
    write_tensors(path, &named.collect(), &BTreeMap::new()).unwrap();
}

/// A configuration for arrays.
pub const ARRAYS: &str = r#"
name = "arrays"
data = { kind = "arrays" }
model = { schedule = { name = "linear", beta_start = 1e-4, beta_end = 0.02 }, steps = 100, parameterization = "epsilon" }
"#;
