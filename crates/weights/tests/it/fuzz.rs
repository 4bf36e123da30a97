//! No byte string makes the reader panic, and what it accepts the format's reference accepts too.

use crate::torch_file::*;
use crate::{open_bytes, open_pickle, put, with_header, written};
use proptest::collection::vec;
use proptest::prelude::*;
use safetensors::SafeTensors;
use tweedie_weights::{Error, Weights};

/// Whether bytes that may be anything open; a file that does gives all its tensors, as the reference does.
fn opens(bytes: &[u8]) -> Result<bool, TestCaseError> {
    let mut file = match open_bytes(bytes) {
        Ok(file) => file,
        Err(error) => {
            prop_assert!(matches!(error, Error::Format { .. }), "{:?}", error);
            return Ok(false);
        }
    };
    let reference = SafeTensors::deserialize(bytes);
    prop_assert!(reference.is_ok(), "the reference refuses it: {:?}", reference);
    let reference = reference.unwrap();
    prop_assert_eq!(file.tensors().len(), reference.len());
    for info in file.tensors().to_vec() {
        let view = reference.tensor(&info.name).unwrap();
        prop_assert_eq!(&info.shape, view.shape());
        prop_assert_eq!(&file.read(&info).unwrap(), view.data());
    }
    Ok(true)
}

/// Whether bytes open as PyTorch's; a file that does gives all its tensors.
fn opens_pickle(bytes: &[u8]) -> Result<bool, TestCaseError> {
    let mut file = match open_pickle(bytes) {
        Ok(file) => file,
        Err(error) => {
            prop_assert!(matches!(error, Error::Pickle { .. }), "{:?}", error);
            return Ok(false);
        }
    };
    for tensor in file.tensors().to_vec() {
        let n: usize = if tensor.shape.contains(&0) { 0 } else { tensor.shape.iter().product() };
        prop_assert_eq!(file.read(&tensor).unwrap().len(), n * tensor.kind.n_bytes());
    }
    Ok(true)
}

/// Operations of a pickle, most of them with what they need.
fn operations() -> impl Strategy<Value = Vec<u8>> {
    let whole = [Two, Four].into_iter().flat_map(|protocol| {
        let view = floats("0", 0, &[2], &[1]);
        [
            text(protocol, "a"),
            global(protocol, "torch", "Size"),
            tensor(protocol, &view),
            parameter(protocol, &view),
        ]
    });
    let single = b"(NJKMGX)t]}aesuqrhjcQRb0.".iter().copied().chain(0x80..=0x95).map(|byte| vec![byte]);
    let piece = prop::sample::select(whole.chain(single).collect::<Vec<_>>());
    let number = any::<i64>().prop_map(int);
    vec(prop_oneof![4 => piece, 1 => number, 1 => vec(any::<u8>(), 1..3)], 0..40)
        .prop_map(|pieces| pieces.concat())
}

/// Headers that are nearly right.
fn nearly_header() -> impl Strategy<Value = (String, usize)> {
    let dtype = prop::sample::select(vec!["F64", "F32", "F16", "BF16", "I64", "U8", "BOOL", "F4", "x"]);
    let number = prop_oneof![0usize..9, 0usize..9, Just(usize::MAX), Just(1 << 61)];
    let tensor =
        ("[a-c]", dtype, vec(0usize..4, 0..3), number, prop_oneof![Just(None), (0usize..9).prop_map(Some)]);
    (vec(tensor, 0..4), 0usize..4, any::<bool>()).prop_map(|(tensors, more, tiled)| {
        let mut end = 0usize;
        let mut entries = Vec::new();
        for (name, dtype, shape, number, to) in tensors {
            let size = match dtype {
                "F64" | "I64" => 8,
                "F32" => 4,
                "F16" | "BF16" => 2,
                _ => 1,
            };
            let from = if tiled { end } else { number };
            let to =
                to.filter(|_| !tiled).unwrap_or(from.saturating_add(shape.iter().product::<usize>() * size));
            entries.push(format!(
                "\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape:?},\"data_offsets\":[{from},{to}]}}"
            ));
            end = to;
        }
        (format!("{{{}}}", entries.join(",")), end.min(100) + more.saturating_sub(2))
    })
}

proptest! {
    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..200)) {
        opens(&bytes)?;
    }

    #[test]
    fn any_header(header in vec(any::<u8>(), 0..200), n_data in 0usize..20) {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(&header);
        bytes.resize(bytes.len() + n_data, 0);
        opens(&bytes)?;
    }

    /// Any text, and text of a header's letters alone.
    #[test]
    fn any_text(text in any::<String>(), letters in "[{}\\[\\]\":,a0-9 ]{0,40}", n_data in 0usize..4) {
        opens(&with_header(&text, n_data))?;
        opens(&with_header(&letters, n_data))?;
    }

    /// Bytes of a right file that were overwritten.
    #[test]
    fn flipped_bytes(places in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let (_folder, path) = written(&[("conv.weight", &[2, 3]), ("empty", &[0]), ("scale", &[])]);
        let mut bytes = std::fs::read(path).unwrap();
        for (place, byte) in places {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        opens(&bytes)?;
    }

    #[test]
    fn any_bytes_as_a_pickle(bytes in vec(any::<u8>(), 0..200), pickle in vec(any::<u8>(), 0..100)) {
        opens_pickle(&bytes)?;
        opens_pickle(&[b"PK\x03\x04", &bytes[..]].concat())?;
        opens_pickle(&around(&pickle, &[("0", &counting(2))]))?;
    }

    #[test]
    fn any_operations(body in operations()) {
        opens_pickle(&around(&program(Two, &body), &[("0", &counting(2))]))?;
        // And as the value of a dictionary's only item.
        opens_pickle(&around(&program(Two, &dict(Two, &[("w", body)])), &[("0", &counting(2))]))?;
    }

    /// Bytes of an index that were overwritten, beside one right shard.
    #[test]
    fn flipped_bytes_of_an_index(places in vec((any::<prop::sample::Index>(), any::<u8>()), 0..3)) {
        put("a.bin", &of_tensors(Two, &[("w", floats("0", 0, &[2], &[1]))], &[("0", &counting(2))]));
        let mut text = b"{\"weight_map\": {\"w\": \"a.bin\"}}".to_vec();
        for (place, byte) in &places {
            let at = place.index(text.len());
            text[at] = *byte;
        }
        match Weights::open(&put("a.index.json", &text)) {
            Ok(mut weights) => prop_assert_eq!(weights.read("w").unwrap().unwrap().1, counting(2)),
            Err(error) => {
                prop_assert!(!places.is_empty());
                prop_assert!(matches!(error, Error::Shards { .. } | Error::Io { .. } | Error::Pickle { .. }), "{error:?}");
            }
        }
    }
}

/// Flips each bit of a valid file of PyTorch's. Flips in the numbers and in the dates of the zip change no names and shapes.
#[test]
fn each_flipped_bit_of_a_pickled_file() {
    let bytes = of_tensors(Four, &[("w", floats("0", 0, &[2], &[1]))], &[("0", &counting(2))]);
    let mut refused = 0;
    for bit in 0..8 * bytes.len() {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        refused += usize::from(!opens_pickle(&flipped).unwrap());
    }
    assert!(refused > 2 * bytes.len(), "only {refused} of {} flips were refused", 8 * bytes.len());
}

/// Each bit of a right file's header, one at a time; some flips only change a name.
#[test]
fn each_flipped_bit() {
    let (_folder, path) = written(&[("conv.weight", &[2, 3]), ("scale", &[])]);
    let bytes = std::fs::read(path).unwrap();
    let n_header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut refused = 0;
    for bit in 0..8 * (8 + n_header) {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        refused += usize::from(!opens(&flipped).unwrap());
    }
    assert!(refused > 4 * n_header, "only {refused} of {} flips were refused", 8 * (8 + n_header));
}

/// The reader refuses what it should and nothing else, on headers of which many are right.
#[test]
fn near_headers_open_where_the_reference_opens_them() {
    use proptest::test_runner::{Config, TestRunner};
    let counts = std::cell::Cell::new((0, 0));
    let mut runner = TestRunner::new(Config::with_cases(1000));
    let checked = runner.run(&nearly_header(), |(header, n_data)| {
        let bytes = with_header(&header, n_data);
        let opened = opens(&bytes)?;
        let names = header.matches("\"dtype\"").count();
        let right = SafeTensors::deserialize(&bytes)
            .is_ok_and(|file| file.len() == names && !header.contains("BOOL") && !header.contains("\"F4\""));
        prop_assert_eq!(opened, right, "{}", header);
        let (n_opened, n) = counts.get();
        counts.set((n_opened + usize::from(opened), n + 1));
        Ok(())
    });
    checked.unwrap();
    let (n_opened, n) = counts.get();
    assert!(10 * n_opened > n && 10 * n_opened < 9 * n, "{n_opened} of {n} opened");
}
