//! PyTorch's files come back bit for bit, however their tensors lie in their numbers.

use crate::torch_file::*;
use crate::{KINDS, open_pickle, pickle_refused};
use proptest::collection::vec;
use proptest::prelude::*;
use std::io::Write;
use tweedie_weights::{DataType, PickleFile};

/// The bytes of one tensor.
fn read(file: &mut PickleFile, name: &str) -> Vec<u8> {
    let tensor = file.tensors().iter().find(|tensor| tensor.name == name).unwrap().clone();
    file.read(&tensor).unwrap()
}

/// Numbers as bytes of 32-bit floats.
fn bytes_of(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn storage_of(kind: DataType) -> &'static str {
    match kind {
        DataType::F64 => "DoubleStorage",
        DataType::F32 => "FloatStorage",
        DataType::F16 => "HalfStorage",
        DataType::Bf16 => "BFloat16Storage",
        DataType::I64 => "LongStorage",
        DataType::U8 => "ByteStorage",
    }
}

/// Every index of a shape, in row-major order.
fn indices(shape: &[i64]) -> Vec<Vec<i64>> {
    shape.iter().fold(vec![vec![]], |found, &side| {
        found.iter().flat_map(|index| (0..side).map(move |i| [&index[..], &[i]].concat())).collect()
    })
}

proptest! {
    /// The definition of a stride: number i of a tensor is number offset + Σ iₖ·strideₖ of its storage.
    #[test]
    fn every_view_reads_what_its_strides_say(
        (kind, width) in prop::sample::select(KINDS.to_vec()),
        sides in vec((0i64..5, 0i64..7), 0..4),
        offset in 0i64..4,
        four in any::<bool>(),
        noise in vec(any::<u8>(), 700),
    ) {
        let (shape, strides): (Vec<i64>, Vec<i64>) = sides.into_iter().unzip();
        let places: Vec<usize> = indices(&shape)
            .iter()
            .map(|index| (offset + index.iter().zip(&strides).map(|(i, stride)| i * stride).sum::<i64>()) as usize)
            .collect();
        let end = places.iter().max().map_or(offset as usize, |last| last + 1);
        let view = View { storage: storage_of(kind), key: "0", offset, shape: shape.clone(), strides };
        let of = |n_bytes: usize| {
            of_tensors(if four { Four } else { Two }, &[("w", view.clone())], &[("0", &noise[..n_bytes])])
        };
        let mut file = open_pickle(&of(end * width)).unwrap();
        prop_assert_eq!(file.tensors().len(), 1);
        let tensor = file.tensors()[0].clone();
        prop_assert_eq!(tensor.kind, kind);
        prop_assert_eq!(&tensor.shape, &shape.iter().map(|&side| side as usize).collect::<Vec<_>>());
        let expected: Vec<u8> =
            places.iter().flat_map(|&at| noise[at * width..(at + 1) * width].to_vec()).collect();
        prop_assert_eq!(file.read(&tensor).unwrap(), expected);
        if end > 0 {
            pickle_refused(&of(end * width - 1), "exceeds its storage");
        }
    }
}

#[test]
fn transposed_expanded_and_shared_numbers_are_gathered() {
    let views = [
        ("dense", floats("0", 0, &[2, 3], &[3, 1])),
        ("expanded", floats("0", 1, &[2, 2], &[0, 1])),
        ("row", floats("0", 3, &[3], &[1])),
        ("scalar", floats("0", 4, &[], &[])),
        ("transposed", floats("0", 0, &[3, 2], &[1, 3])),
    ];
    for protocol in [Two, Four] {
        let mut file = open_pickle(&of_tensors(protocol, &views, &[("0", &counting(6))])).unwrap();
        let names: Vec<_> = file.tensors().iter().map(|tensor| tensor.name.clone()).collect();
        assert_eq!(names, views.each_ref().map(|(name, _)| *name));
        for (name, numbers) in [
            ("dense", &[0., 1., 2., 3., 4., 5.][..]),
            ("expanded", &[1., 2., 1., 2.]),
            ("row", &[3., 4., 5.]),
            ("scalar", &[4.]),
            ("transposed", &[0., 3., 1., 4., 2., 5.]),
        ] {
            assert_eq!(read(&mut file, name), bytes_of(numbers), "{name}");
        }
    }
}

/// Empty tensors may have other sides whose product overflows.
#[test]
fn an_empty_tensor_is_empty() {
    let big = 1i64 << 40;
    for (shape, strides) in
        [(vec![0], vec![1]), (vec![0, big, big], vec![big, big, 1]), (vec![2, 0], vec![0, 0])]
    {
        let view = View { shape, strides, ..floats("0", 0, &[], &[]) };
        let mut file = open_pickle(&of_tensors(Two, &[("w", view)], &[("0", b"")])).unwrap();
        assert_eq!(read(&mut file, "w"), b"");
    }
}

#[test]
fn training_state_around_the_weights_is_passed_over() {
    for protocol in [Two, Four] {
        let weights = state_dict(protocol, &[("w", tensor(protocol, &floats("0", 0, &[2], &[1])))]);
        let losses = [b"](".to_vec(), [b"G".to_vec(), 0.5f64.to_be_bytes().to_vec()].concat(), b"e".to_vec()];
        let whole = dict(
            protocol,
            &[
                ("epoch", int(70_000)),
                ("losses", losses.concat()),
                ("best", b"N".to_vec()),
                ("seed", int(i64::MIN)),
                ("size", call(global(protocol, "torch", "Size"), &[ints(&[1, 2])])),
                ("state_dict", weights),
            ],
        );
        let mut file = open_pickle(&around(&program(protocol, &whole), &[("0", &counting(2))])).unwrap();
        assert_eq!(file.tensors().len(), 1);
        assert_eq!(read(&mut file, "w"), counting(2));
    }
}

#[test]
fn parameters_are_tensors() {
    for protocol in [Two, Four] {
        let pairs = [("w", parameter(protocol, &floats("0", 1, &[2], &[1])))];
        let bytes = around(&program(protocol, &dict(protocol, &pairs)), &[("0", &counting(3))]);
        assert_eq!(read(&mut open_pickle(&bytes).unwrap(), "w"), bytes_of(&[1., 2.]));
    }
}

/// Two names of one object: the second is recalled, at a near place or a far one.
#[test]
fn what_was_remembered_is_recalled() {
    let made = tensor(Two, &floats("0", 0, &[2], &[1]));
    for (put, get) in [(&b"q\x09"[..], &b"h\x09"[..]), (b"r\x09\0\0\0", b"j\x09\0\0\0")] {
        let body = [b"}", &text(Two, "a")[..], &made, put, b"s", &text(Two, "b"), get, b"s"].concat();
        let mut file = open_pickle(&around(&program(Two, &body), &[("0", &counting(2))])).unwrap();
        assert_eq!(read(&mut file, "a"), counting(2));
        assert_eq!(read(&mut file, "b"), counting(2));
    }
}

/// The archive's folder is named after the file, older files have no byte order, and a pickle may be compressed.
#[test]
fn the_archive_may_be_told_otherwise() {
    let pickle = program(Two, &dict(Two, &[("w", tensor(Two, &floats("0", 0, &[2], &[1])))]));
    let bytes = zip(&[("my model/data/0", &counting(2)), ("my model/data.pkl", &pickle)], 0);
    assert_eq!(read(&mut open_pickle(&bytes).unwrap(), "w"), counting(2));

    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, content, method) in [
        ("a/data.pkl", &pickle, zip::CompressionMethod::Deflated),
        ("a/data/0", &counting(2), zip::CompressionMethod::Stored),
    ] {
        writer.start_file(name, options.compression_method(method)).unwrap();
        writer.write_all(content).unwrap();
    }
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(read(&mut open_pickle(&bytes).unwrap(), "w"), counting(2));
}

/// What was read of the archive is no promise about the rest of the file.
#[test]
fn a_pickled_file_cut_after_it_was_opened_is_an_error() {
    let (_folder, path) = crate::place("weights.bin");
    let bytes = of_tensors(Two, &[("w", floats("0", 0, &[2], &[1]))], &[("0", &counting(2))]);
    std::fs::write(&path, bytes).unwrap();
    let mut file = PickleFile::open(&path).unwrap();
    let tensor = file.tensors()[0].clone();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(100).unwrap();
    crate::failed_at(&file.read(&tensor).unwrap_err(), &path);
}

/// A network trained elsewhere, saved by PyTorch and converted by someone else.
#[test]
fn a_real_file_holds_what_its_conversion_holds() {
    let Some(pickled) = tweedie_testing::shared("data/ddpm-tiny/ddpm_mnist.pt") else { return };
    let Some(converted) = tweedie_testing::shared("data/ddpm-tiny/ddpm_mnist.safetensors") else { return };
    let mut converted = tweedie_weights::Weights::open(&converted).unwrap();
    let pickled = tweedie_weights::Weights::open(&pickled).unwrap();
    let mut pickled = pickled.renamed(|name| name.strip_prefix("network.").unwrap().to_string()).unwrap();
    assert_eq!(pickled.shapes(), converted.shapes());
    assert_eq!(pickled.shapes().len(), 173);
    for name in pickled.shapes().keys() {
        assert_eq!(pickled.read(name).unwrap(), converted.read(name).unwrap(), "{name}");
    }
}
