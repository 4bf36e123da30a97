//! Valid files with a few wrong bytes, for a given time.

use crate::torch_file::*;
use crate::{put, written};
use tweedie_testing::{Dice, fuzz};
use tweedie_weights::{Error, Weights};

/// Operations of pickles, and the beginnings of a zip's parts.
const PIECES: [&[u8]; 24] = [
    b"(",
    b")",
    b".",
    b"0",
    b"R",
    b"Q",
    b"]",
    b"}",
    b"a",
    b"b",
    b"e",
    b"h\0",
    b"q\0",
    b"r\0\0\x01\0",
    b"s",
    b"t",
    b"u",
    b"\x85",
    b"\x93",
    b"\x94",
    b"ctorch\nSize\n",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
];

/// The pickles that the damage begins with.
fn pickles() -> Vec<Vec<u8>> {
    let views = [
        floats("0", 0, &[2, 3], &[3, 1]),
        floats("0", 0, &[3, 2], &[1, 3]),
        floats("1", 1, &[2, 2], &[0, 1]),
    ];
    [Two, Four]
        .into_iter()
        .flat_map(|protocol| {
            let pairs = [
                ("a", tensor(protocol, &views[0])),
                ("b.weight", parameter(protocol, &views[1])),
                ("c", tensor(protocol, &views[2])),
            ];
            let flat = state_dict(protocol, &pairs);
            let nested = dict(protocol, &[("epoch", int(300)), ("state_dict", flat.clone())]);
            [program(protocol, &flat), program(protocol, &nested)]
        })
        .collect()
}

fn storages() -> [(&'static str, Vec<u8>); 2] {
    [("0", counting(6)), ("1", counting(3))]
}

/// A damaged file with its ending: of the safetensors format, a zip, or a whole zip around a damaged pickle.
fn damaged(dice: &mut Dice, right: &[u8], pickles: &[Vec<u8>]) -> (usize, Vec<u8>) {
    let storages = storages();
    let storages = storages.each_ref().map(|(key, bytes)| (*key, &bytes[..]));
    let mut pickle = pickles[dice.below(pickles.len())].clone();
    let kind = dice.below(3);
    let bytes = match kind {
        0 => {
            let mut bytes = right.to_vec();
            dice.damage(&mut bytes, 100, &PIECES);
            bytes
        }
        1 => {
            let mut bytes = around(&pickle, &storages);
            dice.damage(&mut bytes, 100, &PIECES);
            bytes
        }
        _ => {
            dice.damage(&mut pickle, 100, &PIECES);
            around(&pickle, &storages)
        }
    };
    (kind, bytes)
}

/// Opens a file and reads all of it. Returns whether it is valid; its tensors must then have their declared sizes.
fn reads(path: &std::path::Path) -> bool {
    let mut weights = match Weights::open(path) {
        Ok(weights) => weights,
        Err(Error::Format { .. } | Error::Pickle { .. } | Error::Shards { .. } | Error::Foreign { .. }) => {
            return false;
        }
        Err(other) => panic!("{other:?}"),
    };
    for (name, shape) in weights.shapes() {
        let (kind, bytes) = weights.read(&name).unwrap().unwrap();
        let n: usize = if shape.contains(&0) { 0 } else { shape.iter().product() };
        assert_eq!(bytes.len(), n * kind.n_bytes(), "{name} of {shape:?}");
        assert!(bytes.len() <= 64 << 20, "{name} of {shape:?}");
    }
    true
}

#[test]
fn fuzz_for_a_stated_time() {
    const NAMES: [&str; 3] = ["weights.safetensors", "weights.bin", "weights.bin"];
    let (_folder, path) = written(&[("conv.weight", &[2, 3]), ("empty", &[0]), ("scale", &[])]);
    let (right, pickles) = (std::fs::read(path).unwrap(), pickles());
    fuzz(
        &["safetensors", "zip", "pickle"],
        |dice| damaged(dice, &right, &pickles),
        |kind, bytes| reads(&put(NAMES[kind], bytes)),
    );
}
