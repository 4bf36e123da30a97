//! A pickle with more than tensors is refused, and so is a file that does not contain its declared storages.

use crate::torch_file::*;
use crate::{open_pickle, pickle_refused};
use tweedie_weights::{Error, PickleFile};

fn good() -> Vec<u8> {
    let views = [("a", floats("0", 0, &[2, 2], &[1, 2])), ("b", floats("1", 0, &[], &[]))];
    of_tensors(Two, &views, &[("0", &counting(4)), ("1", &counting(1))])
}

/// Asserts that a pickle is refused, for `reason`.
#[track_caller]
fn body_refused(body: &[u8], reason: &str) {
    for protocol in [Two, Four] {
        pickle_refused(&around(&program(protocol, body), &[("0", &counting(4))]), reason);
    }
}

/// Asserts that a dictionary of this one tensor, beside four floats, is refused.
#[track_caller]
fn view_refused(view: View, reason: &str) {
    body_refused(&dict(Two, &[("conv.weight", tensor(Two, &view))]), reason);
}

#[test]
fn nothing_is_called() {
    let (_folder, marker) = crate::place("marker");
    let command = [text(Two, &format!("touch {}", marker.display()))];
    for (module, name) in [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("__builtin__", "exec"),
        ("subprocess", "Popen"),
        ("torch", "load"),
        ("torch.storage", "_load_from_bytes"),
        ("collections", "OrderedDict.fromkeys"),
        ("", "collections.OrderedDict"),
    ] {
        for protocol in [Two, Four] {
            let name_alone = global(protocol, module, name);
            let reason = format!("it refers to {module}.{name}, which is not allowed in a file of weights");
            body_refused(&name_alone, &reason);
            body_refused(&call(name_alone, &command), &reason);
        }
    }
    assert!(!marker.exists());
}

/// INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, PERSID, NEXT_BUFFER, and a byte that is no operation.
#[test]
fn other_ways_to_make_objects_are_refused() {
    for operation in [b'i', b'o', 0x81, 0x92, 0x82, b'P', 0x97, 0xff] {
        let body = [b"(", &text(Two, "touch marker")[..], &[operation], b"os\nsystem\n"].concat();
        body_refused(&body, &format!("the operation 0x{operation:02x}"));
    }
}

#[test]
fn allowed_names_take_their_own_arguments_alone() {
    let rebuild = |arguments: &[Vec<u8>]| call(global(Two, "torch._utils", "_rebuild_tensor_v2"), arguments);
    body_refused(&rebuild(&[]), "calls torch._utils._rebuild_tensor_v2 with 0 arguments");
    body_refused(&rebuild(&[int(1), int(0), ints(&[1]), ints(&[1])]), "with 4 arguments");
    body_refused(
        &call(global(Two, "collections", "OrderedDict"), &[int(1)]),
        "collections.OrderedDict with 1",
    );
    body_refused(&call(global(Two, "torch", "FloatStorage"), &[int(1)]), "calls torch.FloatStorage");
    body_refused(&call(global(Two, "torch._utils", "_rebuild_parameter"), &[int(1)]), "_rebuild_parameter");
    body_refused(&call(int(1), &[]), "calls a value that is not a function");
    body_refused(
        &[&global(Two, "collections", "OrderedDict")[..], b"]R"].concat(),
        "calls a value that is not a function",
    );
    for id in [int(0), tuple(&[]), tuple(&[text(Two, "module"), int(1), int(2)])] {
        body_refused(&[id, b"Q".to_vec()].concat(), "that torch.save does not write");
    }
    body_refused(&[int(1), int(2), vec![0x93]].concat(), "a name that is not text");
}

#[test]
fn a_pickle_must_keep_its_own_rules() {
    for (body, reason) in [
        (&b""[..], "takes a value from an empty stack"),
        (b"0", "takes a value from an empty stack"),
        (b"K\x01(0", "takes a value from an empty stack"),
        (b"t", "needs a mark on the stack"),
        (b"q\0", "the stack is empty"),
        (b"h\0", "an entry of the memo that does not exist"),
        (b"K\x01j\xff\xff\xff\xff", "an entry of the memo that does not exist"),
        (b"}K\x01a", "appends to a value that is not a list"),
        (b"](K\x01u", "sets an item of a value that is not a dictionary"),
        (b"}(K\x01u", "a key of a dictionary without a value"),
        (b"X\x02\0\0\0\xff\xff", "not UTF-8"),
        (b"\x8a\x09123456789", "more than 64 bits"),
    ] {
        body_refused(body, reason);
    }
    for cut in
        [&b"X\xff\xff\xff\xff"[..], b"\x8c\xff", b"\x8a\xff", b"J\0", b"M", b"G", b"K", b"ctorch", b"\x95"]
    {
        pickle_refused(&around(cut, &[]), "truncated");
    }
}

#[test]
fn what_is_no_dictionary_of_tensors_is_named() {
    for body in [&b"N"[..], b"]", b")", &tensor(Two, &floats("0", 0, &[1], &[1]))] {
        body_refused(body, "no dictionary of tensors");
    }
    body_refused(&dict(Two, &[("epoch", int(3))]), "its epoch is not a tensor");
    body_refused(&dict(Two, &[("state_dict", int(3))]), "its state_dict is not a tensor");
    body_refused(b"}K\x01K\x02s", "a key that is not text");
    let made = tensor(Two, &floats("0", 0, &[1], &[1]));
    body_refused(&dict(Two, &[("w", made.clone()), ("w", made)]), "contains the tensor w twice");
    for storage in ["IntStorage", "ShortStorage", "CharStorage", "BoolStorage"] {
        let view = View { storage, ..floats("0", 0, &[1], &[1]) };
        view_refused(view, &format!("conv.weight has the storage type torch.{storage}"));
    }
    view_refused(
        View { storage: "Size", ..floats("0", 0, &[1], &[1]) },
        "conv.weight has the storage type torch.Size",
    );
}

#[test]
fn a_tensor_must_lie_inside_its_numbers() {
    let most = i64::MAX;
    view_refused(floats("7", 0, &[1], &[1]), "conv.weight refers to a storage that does not exist");
    for (offset, shape, strides) in [
        (0, &[5][..], &[1][..]),
        (4, &[1], &[1]),
        (4, &[], &[]),
        (1, &[2, 2], &[2, 1]),
        (0, &[2], &[4]),
        (5, &[0], &[1]),
        (most, &[1], &[1]),
        (most, &[2], &[most]),
        (0, &[3], &[most]),
        (0, &[2, 2, 2], &[most, most, most]),
        (most / 4 + 1, &[0], &[1]),
    ] {
        view_refused(floats("0", offset, shape, strides), "exceeds its storage");
    }
    for (offset, shape, strides) in
        [(-1, &[1][..], &[1][..]), (0, &[-1], &[1]), (0, &[1], &[-1]), (0, &[1], &[]), (0, &[], &[1])]
    {
        view_refused(floats("0", offset, shape, strides), "with invalid sizes");
    }
    for shape in [&[most][..], &[most, most], &[1 << 40, 1 << 40], &[1 << 18, 1 << 18]] {
        view_refused(floats("0", 0, shape, &vec![0; shape.len()]), "has more than 17179869184 values");
    }
}

#[test]
fn every_cut_of_a_pickled_file_is_refused() {
    let bytes = good();
    open_pickle(&bytes).unwrap();
    for n in 0..bytes.len() {
        pickle_refused(&bytes[..n], "");
    }
    let pickle = program(Four, &dict(Four, &[("w", parameter(Four, &floats("0", 0, &[1], &[1])))]));
    for n in 0..pickle.len() {
        pickle_refused(&around(&pickle[..n], &[("0", &counting(1))]), "");
    }
}

#[test]
fn foreign_files_are_told_apart() {
    pickle_refused(b"", "does not start with a zip header");
    pickle_refused(b"P", "does not start with a zip header");
    pickle_refused(b"<html>not found</html>", "does not start with a zip header");
    pickle_refused(b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "format before version 1.6");
    pickle_refused(b"PK\x03\x04 and so on", "not a valid zip file");
    let (folder, path) = crate::place("weights.bin");
    crate::failed_at(&PickleFile::open(&path).unwrap_err(), &path);
    crate::failed_at(&PickleFile::open(folder.path()).unwrap_err(), folder.path());
}

#[test]
fn an_archive_must_hold_what_torch_writes() {
    let pickle = program(Two, &dict(Two, &[("w", tensor(Two, &floats("0", 0, &[1], &[1])))]));
    let (pickle, numbers) = (("a/data.pkl", &pickle[..]), ("a/data/0", &[0u8; 4][..]));
    open_pickle(&zip(&[pickle, numbers], 0)).unwrap();
    pickle_refused(&zip(&[], 0), "");
    pickle_refused(&zip(&[numbers, ("a/b/data.pkl", pickle.1)], 0), "no data.pkl");
    pickle_refused(&zip(&[pickle], 0), "a storage that does not exist");
    pickle_refused(&zip(&[pickle, numbers, ("a/byteorder", b"big")], 0), "big-endian");
    pickle_refused(&zip(&[pickle, numbers, ("a/byteorder", b"\xff")], 0), "-endian");
    pickle_refused(&zip(&[numbers, pickle], 8), "a/data/0 is compressed");
    pickle_refused(&zip(&[pickle, numbers], 8), "data.pkl is damaged");
    // Python's readers disagree about which of two counts.
    pickle_refused(&zip(&[pickle, numbers, pickle], 0), "same name");
    pickle_refused(&zip(&[pickle, numbers, numbers], 0), "same name");
    pickle_refused(&zip(&[pickle, numbers, ("b/data.pkl", pickle.1)], 0), "data.pkl twice");
    pickle_refused(&zip(&[pickle, numbers, ("b/data/0", numbers.1)], 0), "data/0 twice");
    // A flipped bit of the pickle, which the archive's checksum detects.
    let mut bytes = good();
    bytes[70] ^= 1;
    assert!(matches!(open_pickle(&bytes), Err(Error::Pickle { .. })));
}
