//! A small writer of PyTorch's files, with which each of their parts can be made wrong.

/// The pickle protocols that `torch.save` writes.
#[derive(Debug, Clone, Copy)]
pub enum Protocol {
    /// What it writes by default.
    Two,
    /// The optional protocol: short texts, names from the stack, frames.
    Four,
}
pub use Protocol::{Four, Two};

/// A tensor as a pickle describes it; negative numbers can be written, too.
#[derive(Debug, Clone)]
pub struct View {
    pub storage: &'static str,
    pub key: &'static str,
    pub offset: i64,
    pub shape: Vec<i64>,
    pub strides: Vec<i64>,
}

/// A tensor of 32-bit floats.
pub fn floats(key: &'static str, offset: i64, shape: &[i64], strides: &[i64]) -> View {
    View { storage: "FloatStorage", key, offset, shape: shape.to_vec(), strides: strides.to_vec() }
}

/// The bytes of 32-bit floats that count up.
pub fn counting(n: usize) -> Vec<u8> {
    (0..n).flat_map(|i| (i as f32).to_le_bytes()).collect()
}

/// A text, remembered as picklers do.
pub fn text(protocol: Protocol, text: &str) -> Vec<u8> {
    match protocol {
        Two => [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes(), b"q\0"].concat(),
        Four => [&[0x8c, text.len() as u8], text.as_bytes(), &[0x94]].concat(),
    }
}

/// A name of Python's.
pub fn global(protocol: Protocol, module: &str, name: &str) -> Vec<u8> {
    match protocol {
        Two => format!("c{module}\n{name}\nq\u{1}").into_bytes(),
        Four => [text(Four, module), text(Four, name), vec![0x93, 0x94]].concat(),
    }
}

/// A number, as short as it can be written.
pub fn int(n: i64) -> Vec<u8> {
    if let Ok(n) = u8::try_from(n) {
        vec![b'K', n]
    } else if let Ok(n) = u16::try_from(n) {
        [b"M", &n.to_le_bytes()[..]].concat()
    } else if let Ok(n) = i32::try_from(n) {
        [b"J", &n.to_le_bytes()[..]].concat()
    } else {
        [&[0x8a, 8], &n.to_le_bytes()[..]].concat()
    }
}

pub fn tuple(parts: &[Vec<u8>]) -> Vec<u8> {
    match parts.len() {
        0 => b")".to_vec(),
        n @ 1..=3 => [parts.concat(), vec![0x84 + n as u8]].concat(),
        _ => [b"(", &parts.concat()[..], b"t"].concat(),
    }
}

pub fn ints(numbers: &[i64]) -> Vec<u8> {
    tuple(&numbers.iter().map(|&n| int(n)).collect::<Vec<_>>())
}

/// A call of one of Python's functions.
pub fn call(function: Vec<u8>, arguments: &[Vec<u8>]) -> Vec<u8> {
    [function, tuple(arguments), b"R".to_vec()].concat()
}

fn empty_ordered(protocol: Protocol) -> Vec<u8> {
    call(global(protocol, "collections", "OrderedDict"), &[])
}

pub fn tensor(protocol: Protocol, view: &View) -> Vec<u8> {
    let storage = tuple(&[
        text(protocol, "storage"),
        global(protocol, "torch", view.storage),
        text(protocol, view.key),
        text(protocol, "cpu"),
        int(1),
    ]);
    let arguments = [
        [storage, b"Q".to_vec()].concat(),
        int(view.offset),
        ints(&view.shape),
        ints(&view.strides),
        vec![0x89],
        empty_ordered(protocol),
    ];
    call(global(protocol, "torch._utils", "_rebuild_tensor_v2"), &arguments)
}

/// A trained parameter: a tensor in a further call.
pub fn parameter(protocol: Protocol, view: &View) -> Vec<u8> {
    let function = global(protocol, "torch._utils", "_rebuild_parameter");
    call(function, &[tensor(protocol, view), vec![0x88], empty_ordered(protocol)])
}

fn items(protocol: Protocol, items: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let pairs: Vec<u8> =
        items.iter().flat_map(|(key, value)| [text(protocol, key), value.clone()].concat()).collect();
    [b"(", &pairs[..], b"u"].concat()
}

pub fn dict(protocol: Protocol, pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    [b"}".to_vec(), items(protocol, pairs)].concat()
}

/// What `module.state_dict()` is: an ordered dictionary that gets versions as its state.
pub fn state_dict(protocol: Protocol, pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let versions = dict(protocol, &[("", dict(protocol, &[("version", int(1))]))]);
    let state = dict(protocol, &[("_metadata", versions)]);
    [empty_ordered(protocol), items(protocol, pairs), state, b"b".to_vec()].concat()
}

/// A whole pickle.
pub fn program(protocol: Protocol, body: &[u8]) -> Vec<u8> {
    match protocol {
        Two => [&[0x80, 2], body, b"."].concat(),
        Four => [&[0x80, 4, 0x95], &(body.len() as u64 + 1).to_le_bytes()[..], body, b"."].concat(),
    }
}

/// A zip of uncompressed files, whose headers contain `method`.
pub fn zip(entries: &[(&str, &[u8])], method: u16) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let n = (content.len() as u32).to_le_bytes();
        let rest = [
            &[20, 0, 0, 0][..],
            &method.to_le_bytes(),
            &[0, 0, 0x21, 0],
            &crc32(content).to_le_bytes(),
            &n,
            &n,
            &(name.len() as u16).to_le_bytes(),
            &[0, 0],
        ]
        .concat();
        let start = (bytes.len() as u32).to_le_bytes();
        directory.extend([b"PK\x01\x02\x14\0", &rest[..], &[0; 10], &start, name.as_bytes()].concat());
        bytes.extend([b"PK\x03\x04", &rest[..], name.as_bytes(), content].concat());
    }
    let (n, start) = ((entries.len() as u16).to_le_bytes(), (bytes.len() as u32).to_le_bytes());
    let size = (directory.len() as u32).to_le_bytes();
    [&bytes, &directory, &b"PK\x05\x06\0\0\0\0"[..], &n, &n, &size, &start, &[0, 0]].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

/// A whole file around a pickle and its storages.
pub fn around(pickle: &[u8], storages: &[(&str, &[u8])]) -> Vec<u8> {
    let names: Vec<String> = storages.iter().map(|(key, _)| format!("archive/data/{key}")).collect();
    let mut entries = vec![("archive/data.pkl", pickle), ("archive/byteorder", b"little")];
    entries.extend(names.iter().map(String::as_str).zip(storages.iter().map(|(_, content)| *content)));
    entries.push(("archive/version", b"3\n"));
    zip(&entries, 0)
}

/// A file of a dictionary with these tensors.
pub fn of_tensors(protocol: Protocol, tensors: &[(&str, View)], storages: &[(&str, &[u8])]) -> Vec<u8> {
    let pairs: Vec<_> = tensors.iter().map(|(name, view)| (*name, tensor(protocol, view))).collect();
    around(&program(protocol, &state_dict(protocol, &pairs)), storages)
}
