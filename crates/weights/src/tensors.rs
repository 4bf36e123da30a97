//! `.safetensors` files, which are read one tensor at a time and written at once.

use crate::{DataType, Error};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, View};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use tweedie_files::open_regular;

/// The description of a tensor in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// The name.
    pub name: String,
    /// The data type.
    pub kind: DataType,
    /// The shape.
    pub shape: Vec<usize>,
    start: u64,
    n_bytes: usize,
}

/// An open `.safetensors` file with a checked header.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    file: File,
    tensors: Vec<TensorInfo>,
    metadata: BTreeMap<String, String>,
}

/// The maximum size of the header in bytes, as in the reference implementation of the format.
const MAX_HEADER: u64 = 100_000_000;

impl TensorFile {
    /// Opens a file, reads its header, and checks that the tensors fill the file.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Format`] for a file of another format, a truncated or damaged file, or a duplicate tensor.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bad = |reason: String| Error::Format { path: path.to_path_buf(), reason };
        let mut file = open_regular(path).map_err(Error::io("cannot read", path))?;
        let length = file.metadata().map_err(Error::io("cannot read", path))?.len();
        let mut prefix = [0; 8];
        if length < 8 {
            return Err(bad(format!("it has {length} bytes; such a file has at least 8")));
        }
        file.read_exact(&mut prefix).map_err(Error::io("cannot read", path))?;
        let n_header = u64::from_le_bytes(prefix);
        if n_header > MAX_HEADER || n_header + 8 > length {
            return Err(bad(format!("its header should have {n_header} bytes, but the file has {length}")));
        }
        let mut json = vec![0; n_header as usize];
        file.read_exact(&mut json).map_err(Error::io("cannot read", path))?;
        if let Some(name) = first_duplicate(&json) {
            return Err(bad(format!("it contains the tensor {name} twice")));
        }
        // Deserialization checks that the tensors are contiguous and fit their shapes.
        let header: Metadata = serde_json::from_slice(&json)
            .map_err(|error| bad(invalid_metadata(&json).unwrap_or_else(|| error.to_string())))?;
        let tensors = read_infos(&header, 8 + n_header).map_err(bad)?;
        let of = |info: &TensorInfo| u128::from(info.start) + info.n_bytes as u128;
        let end = tensors.iter().map(of).max().unwrap_or(u128::from(8 + n_header));
        if end != u128::from(length) {
            let what = if end > u128::from(length) { "truncated" } else { "followed by foreign bytes" };
            return Err(bad(format!(
                "it is {what}: its tensors end at byte {end}, but the file has {length} bytes"
            )));
        }
        let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
        Ok(Self { path: path.to_path_buf(), file, tensors, metadata })
    }

    /// The tensors, sorted by name.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// The free-form metadata of the header.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the bytes of a tensor in little-endian, row-major order.
    ///
    /// # Errors
    /// [`Error::Io`] if the file was changed or cannot be read.
    pub fn read(&mut self, info: &TensorInfo) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; info.n_bytes];
        self.file
            .seek(SeekFrom::Start(info.start))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(Error::io("cannot read", &self.path))?;
        Ok(bytes)
    }
}

fn read_infos(header: &Metadata, data_start: u64) -> Result<Vec<TensorInfo>, String> {
    let mut infos = Vec::new();
    for (name, info) in header.tensors() {
        let kind = DataType::from_file(info.dtype).ok_or_else(|| {
            format!("its tensor {name} has the data type {:?}, which is not supported", info.dtype)
        })?;
        let (from, to) = info.data_offsets;
        infos.push(TensorInfo {
            kind,
            shape: info.shape.clone(),
            start: data_start.checked_add(from as u64).ok_or("the positions of its tensors overflow")?,
            n_bytes: to - from,
            name,
        });
    }
    infos.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(infos)
}

/// An error message about metadata of the header that is not text.
fn invalid_metadata(json: &[u8]) -> Option<String> {
    let header: serde_json::Value = serde_json::from_slice(json).ok()?;
    let metadata = header.get("__metadata__")?;
    let Some(entries) = metadata.as_object() else {
        return Some(format!("its __metadata__ is {}; it must be an object of strings", short(metadata)));
    };
    let (key, value) = entries.iter().find(|(_, value)| !value.is_string())?;
    Some(format!("its metadata key `{key}` is {}; it must be a string", short(value)))
}

/// A value as JSON, truncated after 60 characters.
fn short(value: &serde_json::Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The first duplicate key of a JSON object, which would be overwritten silently in a map.
fn first_duplicate(json: &[u8]) -> Option<String> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Option<String>;

        fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<String>, A::Error> {
            let mut seen = HashSet::new();
            let mut duplicate = None;
            while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                if !seen.insert(key.clone()) && duplicate.is_none() {
                    duplicate = Some(key);
                }
            }
            Ok(duplicate)
        }
    }
    serde_json::Deserializer::from_slice(json).deserialize_map(Keys).ok().flatten()
}

/// A tensor to write.
#[derive(Debug, Clone)]
pub struct TensorBytes {
    /// The data type.
    pub kind: DataType,
    /// The shape.
    pub shape: Vec<usize>,
    /// The values, little-endian and row-major.
    pub bytes: Vec<u8>,
}

impl View for &TensorBytes {
    fn dtype(&self) -> Dtype {
        self.kind.to_file()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// Writes a `.safetensors` file directly, into a folder that is put in place as a whole, such as a [`tweedie_files::Staging`]. To
/// write a single file atomically, pass [`tensor_file_bytes`] to [`tweedie_files::write_file`].
///
/// # Errors
/// [`Error::Format`] for a tensor whose bytes do not fit its shape; [`Error::Files`] if the file cannot be written.
pub fn write_tensors(
    path: &Path,
    tensors: &BTreeMap<String, TensorBytes>,
    metadata: &BTreeMap<String, String>,
) -> Result<(), Error> {
    Ok(tweedie_files::write_synced(path, &tensor_file_bytes(path, tensors, metadata)?)?)
}

/// The content of a `.safetensors` file. `path` is used only in errors.
///
/// # Errors
/// [`Error::Format`] for a tensor whose bytes do not fit its shape.
pub fn tensor_file_bytes(
    path: &Path,
    tensors: &BTreeMap<String, TensorBytes>,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>, Error> {
    const FREE_TEXT: &str = "__metadata__";
    let bad = |reason: String| Error::Format { path: path.to_path_buf(), reason };
    if tensors.contains_key(FREE_TEXT) {
        return Err(bad(format!("a tensor is named {FREE_TEXT}, which the format reserves for metadata")));
    }
    let metadata: HashMap<String, String> = metadata.clone().into_iter().collect();
    let metadata = Some(metadata).filter(|metadata| !metadata.is_empty());
    safetensors::serialize(tensors, metadata).map_err(|error| bad(error.to_string()))
}
