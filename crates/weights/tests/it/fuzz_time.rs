//! Right files with a few wrong bytes, for as long as is asked: `TWEEDIE_FUZZ_SECONDS=300 cargo test fuzz_for`.

use crate::torch_file::*;
use crate::{put, written};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use tweedie_weights::{Error, Weights};

/// Numbers that break what counts carelessly.
const NUMBERS: [u64; 8] = [0, 1, 0x7f, 0xff, 0xffff, 0xffff_ffff, i64::MAX as u64, u64::MAX];

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

/// A number below `n`.
fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    (rng.next_u64() % n.max(1) as u64) as usize
}

/// Damages bytes in one to four places.
fn mutate(rng: &mut ChaCha8Rng, bytes: &mut Vec<u8>) {
    for _ in 0..1 + below(rng, 4) {
        let at = below(rng, bytes.len());
        let end = (at + 1 + below(rng, 16)).min(bytes.len());
        match below(rng, 8) {
            0 if at < end => bytes[at] ^= 1 << below(rng, 8),
            1 if at < end => bytes[at] = rng.next_u64() as u8,
            2 => {
                let number = NUMBERS[below(rng, NUMBERS.len())].to_le_bytes();
                for (byte, new) in bytes[at..end.min(at + (1 << below(rng, 4)))].iter_mut().zip(number) {
                    *byte = new;
                }
            }
            3 => drop(bytes.splice(at..at, PIECES[below(rng, PIECES.len())].iter().copied())),
            4 => drop(bytes.splice(at..end, PIECES[below(rng, PIECES.len())].iter().copied())),
            5 => drop(bytes.drain(at..end)),
            6 => {
                let part = bytes[at..end].to_vec();
                let to = below(rng, bytes.len());
                drop(bytes.splice(to..to, part));
            }
            7 if below(rng, 4) == 0 => bytes.truncate(at),
            _ => {}
        }
    }
}

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
fn damaged(rng: &mut ChaCha8Rng, right: &[u8], pickles: &[Vec<u8>]) -> (usize, Vec<u8>) {
    let storages = storages();
    let storages = storages.each_ref().map(|(key, bytes)| (*key, &bytes[..]));
    let mut pickle = pickles[below(rng, pickles.len())].clone();
    let kind = below(rng, 3);
    let bytes = match kind {
        0 => {
            let mut bytes = right.to_vec();
            mutate(rng, &mut bytes);
            bytes
        }
        1 => {
            let mut bytes = around(&pickle, &storages);
            mutate(rng, &mut bytes);
            bytes
        }
        _ => {
            mutate(rng, &mut pickle);
            around(&pickle, &storages)
        }
    };
    (kind, bytes)
}

/// Opens a file and reads all of it; whether it is one. What it says of itself must hold.
fn reads(path: &std::path::Path) -> bool {
    let mut weights = match Weights::open(path) {
        Ok(weights) => weights,
        Err(Error::Format { .. } | Error::Pickle { .. }) => return false,
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

/// Each input is its number's alone: one that fails can be made again.
#[test]
fn fuzz_for_a_stated_time() {
    const KINDS: [(&str, &str); 3] =
        [("safetensors", "weights.safetensors"), ("zip", "weights.bin"), ("pickle", "weights.bin")];
    let seconds = std::env::var("TWEEDIE_FUZZ_SECONDS").map_or(1., |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let (_folder, path) = written(&[("conv.weight", &[2, 3]), ("empty", &[0]), ("scale", &[])]);
    let (right, pickles) = (std::fs::read(path).unwrap(), pickles());
    let (mut counts, mut opened, mut slowest) = ([0u64; 3], [0u64; 3], Duration::ZERO);
    for number in 0.. {
        let started = Instant::now();
        if started >= end {
            break;
        }
        let mut rng = ChaCha8Rng::seed_from_u64(number);
        let (kind, bytes) = damaged(&mut rng, &right, &pickles);
        let path = put(KINDS[kind].1, &bytes);
        match catch_unwind(AssertUnwindSafe(|| reads(&path))) {
            Ok(is_one) => opened[kind] += u64::from(is_one),
            Err(_) => panic!("input {number}, a {}: {}", KINDS[kind].0, bytes.escape_ascii()),
        }
        counts[kind] += 1;
        slowest = slowest.max(started.elapsed());
    }
    for (((name, _), count), opened) in KINDS.iter().zip(counts).zip(opened) {
        writeln!(std::io::stderr(), "{name}: {count} damaged files, {opened} of them open").unwrap();
        // Both ends of the reader are reached.
        assert!(count < 1000 || (opened > 0 && opened < count), "{name}: {opened} of {count}");
    }
    writeln!(std::io::stderr(), "the slowest took {slowest:?}").unwrap();
}
