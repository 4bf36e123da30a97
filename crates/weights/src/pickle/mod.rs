//! PyTorch's `.bin` and `.pt` files: a zip of a pickle and the numbers it refers to.
//!
//! A pickle is a program. This one is run on a machine that knows how to make dictionaries, lists and tensors and nothing
//! else: whatever the file names outside a short list is refused by that name, and nothing is executed.

mod bytes;
mod calls;
mod machine;
mod operations;
mod state;
mod value;

use crate::{DataType, Error};
use state::{Strided, tensors_of};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// A pickle of names and shapes is small: more is an attack on memory.
const MOST_PICKLE: u64 = 256 << 20;

/// Strides of 0 make a few bytes into any number of them: beyond this size a tensor needs as many of its own.
const MOST_REPEATED: u64 = 64 << 20;

/// A tensor of a `.bin` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickledTensor {
    /// Its name.
    pub name: String,
    /// Its kind of number.
    pub kind: DataType,
    /// Its shape.
    pub shape: Vec<usize>,
    strided: Strided,
}

/// An open `.bin` file whose pickle was read and checked.
#[derive(Debug)]
pub struct PickleFile {
    path: PathBuf,
    file: File,
    tensors: Vec<PickledTensor>,
    /// Where each storage's bytes begin, and how many there are.
    storages: HashMap<String, (u64, u64)>,
}

impl PickleFile {
    /// Opens a file, runs its pickle on the restricted machine and checks that every tensor lies inside its numbers.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Pickle`] for a file that is foreign, damaged, or asks for anything but tensors.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bad = |reason: String| Error::Pickle { path: path.to_path_buf(), reason };
        let mut file = File::open(path).map_err(Error::io("cannot read", path))?;
        let mut head = [0; 2];
        let n = file.read(&mut head).map_err(Error::io("cannot read", path))?;
        match (n, head) {
            (2, [b'P', b'K']) => {}
            (2, [0x80, _]) => {
                return Err(bad(
                    "it is of PyTorch's format before version 1.6; loading and saving it once in PyTorch makes it readable".into(),
                ));
            }
            _ => return Err(bad("it does not begin as a zip".into())),
        }
        let mut archive =
            ZipArchive::new(&file).map_err(|error| bad(format!("it is no whole zip ({error})")))?;
        // Readers disagree about which of two counts.
        if archive.has_duplicate_names() {
            return Err(bad("it holds a file of one name twice".into()));
        }
        let mut pickle = None;
        let mut storages = HashMap::new();
        for i in 0..archive.len() {
            let mut entry =
                archive.by_index(i).map_err(|error| bad(format!("it is no whole zip ({error})")))?;
            let name = entry.name().map_err(|error| bad(error.to_string()))?.to_string();
            // Everything lies below one folder, whose name does not matter.
            let inner = name.split_once('/').map_or(name.as_str(), |(_, inner)| inner);
            if inner == "data.pkl" {
                if pickle.is_some() {
                    return Err(bad("it holds data.pkl twice".into()));
                }
                if entry.size() > MOST_PICKLE {
                    return Err(bad(format!(
                        "its data.pkl has {} bytes, more than names and shapes need",
                        entry.size()
                    )));
                }
                let mut bytes = Vec::new();
                let read = entry.by_ref().take(MOST_PICKLE).read_to_end(&mut bytes);
                read.map_err(|error| bad(format!("its data.pkl is damaged ({error})")))?;
                pickle = Some(bytes);
            } else if inner == "byteorder" {
                let mut order = String::new();
                let read = entry.by_ref().take(16).read_to_string(&mut order);
                if read.is_err() || order != "little" {
                    return Err(bad(format!("its numbers are {order}-endian; little-endian ones are read")));
                }
            } else if let Some(key) = inner.strip_prefix("data/") {
                if entry.compression() != zip::CompressionMethod::Stored {
                    return Err(bad(format!("its {name} is compressed; PyTorch stores numbers as they are")));
                }
                let start =
                    entry.data_start().ok_or_else(|| bad(format!("it does not say where {name} begins")))?;
                if storages.insert(key.to_string(), (start, entry.size())).is_some() {
                    return Err(bad(format!("it holds data/{key} twice")));
                }
            }
        }
        drop(archive);
        let pickle = pickle.ok_or_else(|| bad("it has no data.pkl".into()))?;
        let (value, arena) = machine::run(&pickle).map_err(bad)?;
        let length = file.metadata().map_err(Error::io("cannot read", path))?.len();
        let mut tensors = Vec::new();
        for (name, kind, shape, strided) in tensors_of(&value, &arena).map_err(bad)? {
            let Some(&(start, size)) = storages.get(&strided.storage) else {
                return Err(bad(format!("its tensor {name} refers to numbers that it does not hold")));
            };
            let end = strided.end(&shape).and_then(|end| end.checked_mul(kind.n_bytes() as u64));
            if end.is_none_or(|end| end > size) || start.checked_add(size).is_none_or(|end| end > length) {
                return Err(bad(format!("its tensor {name} of shape {shape:?} ends beyond its numbers")));
            }
            let n = if shape.contains(&0) { 0 } else { shape.iter().product::<usize>() as u64 };
            if n * kind.n_bytes() as u64 > size.max(MOST_REPEATED) {
                return Err(bad(format!(
                    "its tensor {name} of shape {shape:?} repeats its numbers beyond reason"
                )));
            }
            tensors.push(PickledTensor { name, kind, shape, strided });
        }
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { path: path.to_path_buf(), file, tensors, storages })
    }

    /// What it holds, by name.
    pub fn tensors(&self) -> &[PickledTensor] {
        &self.tensors
    }

    /// Reads one tensor's bytes, little-endian, row-major, whatever its strides.
    ///
    /// # Errors
    /// [`Error::Io`] when the file changed or cannot be read.
    pub fn read(&mut self, tensor: &PickledTensor) -> Result<Vec<u8>, Error> {
        let (start, _) = self.storages.get(&tensor.strided.storage).copied().unwrap_or_default();
        let width = tensor.kind.n_bytes();
        let end = tensor.strided.end(&tensor.shape).unwrap_or(0);
        let first = tensor.strided.offset.min(end);
        let mut span = vec![0; (end - first) as usize * width];
        self.file
            .seek(SeekFrom::Start(start + first * width as u64))
            .and_then(|_| self.file.read_exact(&mut span))
            .map_err(Error::io("cannot read", &self.path))?;
        Ok(tensor.strided.gather(&tensor.shape, &span, width))
    }
}
