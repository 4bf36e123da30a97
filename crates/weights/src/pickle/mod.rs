//! Reading of PyTorch's `.bin` and `.pt` files, which are zip archives of a pickle and the storages that it refers to.
//!
//! A pickle is a program. It is run on a machine that can only create dictionaries, lists and tensors. A reference to any name outside
//! a short list is an error that contains the name, and no code is executed.

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
use tweedie_files::open_regular;
use zip::ZipArchive;

/// The maximum size of the pickle in bytes. A pickle of names and shapes is small, and a larger one could exhaust the memory.
const MOST_PICKLE: u64 = 256 << 20;

/// The maximum size in bytes of a tensor that is larger than its storage. With strides of 0, a few bytes can describe a tensor of any
/// size.
const MOST_REPEATED: u64 = 64 << 20;

/// A tensor of a `.bin` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PickledTensor {
    /// The name.
    pub name: String,
    /// The data type.
    pub kind: DataType,
    /// The shape.
    pub shape: Vec<usize>,
    strided: Strided,
}

/// An open `.bin` file with a checked pickle.
#[derive(Debug)]
pub struct PickleFile {
    path: PathBuf,
    file: File,
    tensors: Vec<PickledTensor>,
    /// The position and the size of each storage in bytes, by key.
    storages: HashMap<String, (u64, u64)>,
}

impl PickleFile {
    /// Opens a file, runs its pickle on the restricted machine, and checks that every tensor lies inside its storage.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Pickle`] for a file that is damaged, not a file of weights, or contains more than tensors.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bad = |reason: String| Error::Pickle { path: path.to_path_buf(), reason };
        let mut file = open_regular(path).map_err(Error::io("cannot read", path))?;
        let mut head = [0; 2];
        let n = file.read(&mut head).map_err(Error::io("cannot read", path))?;
        match (n, head) {
            (2, [b'P', b'K']) => {}
            (2, [0x80, _]) => {
                return Err(bad(
                    "it has PyTorch's format before version 1.6; load and save it in PyTorch to convert it"
                        .into(),
                ));
            }
            _ => return Err(bad("it does not start with a zip header".into())),
        }
        let mut archive =
            ZipArchive::new(&file).map_err(|error| bad(format!("it is not a valid zip file ({error})")))?;
        // Zip readers differ in which of two files with the same name they use.
        if archive.has_duplicate_names() {
            return Err(bad("it contains two files with the same name".into()));
        }
        let mut pickle = None;
        let mut storages = HashMap::new();
        for i in 0..archive.len() {
            let mut entry =
                archive.by_index(i).map_err(|error| bad(format!("it is not a valid zip file ({error})")))?;
            let name = entry.name().map_err(|error| bad(error.to_string()))?.to_string();
            // All files are in one folder with an arbitrary name.
            let inner = name.split_once('/').map_or(name.as_str(), |(_, inner)| inner);
            if inner == "data.pkl" {
                if pickle.is_some() {
                    return Err(bad("it contains data.pkl twice".into()));
                }
                if entry.size() > MOST_PICKLE {
                    return Err(bad(format!(
                        "its data.pkl has {} bytes; at most {MOST_PICKLE} are supported",
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
                    return Err(bad(format!(
                        "its numbers are {order}-endian; only little-endian numbers are supported"
                    )));
                }
            } else if let Some(key) = inner.strip_prefix("data/") {
                if entry.compression() != zip::CompressionMethod::Stored {
                    return Err(bad(format!(
                        "its {name} is compressed, but PyTorch does not compress numbers"
                    )));
                }
                let start =
                    entry.data_start().ok_or_else(|| bad(format!("the position of {name} is missing")))?;
                if storages.insert(key.to_string(), (start, entry.size())).is_some() {
                    return Err(bad(format!("it contains data/{key} twice")));
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
                return Err(bad(format!("its tensor {name} refers to a storage that does not exist")));
            };
            let end = strided.end(&shape).and_then(|end| end.checked_mul(kind.n_bytes() as u64));
            if end.is_none_or(|end| end > size) || start.checked_add(size).is_none_or(|end| end > length) {
                return Err(bad(format!("its tensor {name} of shape {shape:?} exceeds its storage")));
            }
            let n = if shape.contains(&0) { 0 } else { shape.iter().product::<usize>() as u64 };
            if n * kind.n_bytes() as u64 > size.max(MOST_REPEATED) {
                return Err(bad(format!(
                    "its tensor {name} of shape {shape:?} is too large for the repeated numbers of its storage"
                )));
            }
            tensors.push(PickledTensor { name, kind, shape, strided });
        }
        tensors.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { path: path.to_path_buf(), file, tensors, storages })
    }

    /// The tensors, sorted by name.
    pub fn tensors(&self) -> &[PickledTensor] {
        &self.tensors
    }

    /// Reads the bytes of a tensor in little-endian, row-major order, for any strides.
    ///
    /// # Errors
    /// [`Error::Io`] if the file was changed or cannot be read.
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
