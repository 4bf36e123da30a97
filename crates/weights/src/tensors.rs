//! `.safetensors` files, read tensor by tensor and written in one go.

use crate::{DataType, Error};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, View};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Where a tensor lies in a file, and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name.
    pub name: String,
    /// Its kind of number.
    pub kind: DataType,
    /// Its shape.
    pub shape: Vec<usize>,
    start: u64,
    n_bytes: usize,
}

/// An open `.safetensors` file whose header was read and checked.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    file: File,
    tensors: Vec<TensorInfo>,
    metadata: BTreeMap<String, String>,
}

/// The format's own bound on the header.
const MAX_HEADER: u64 = 100_000_000;

impl TensorFile {
    /// Opens a file, reads its header and checks that every tensor lies inside it.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::Format`] for a file that is foreign, truncated or damaged, or names a tensor twice.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bad = |reason: String| Error::Format { path: path.to_path_buf(), reason };
        let mut file = File::open(path).map_err(Error::io("cannot read", path))?;
        let length = file.metadata().map_err(Error::io("cannot read", path))?.len();
        let mut prefix = [0; 8];
        if length < 8 {
            return Err(bad(format!(
                "it has {length} bytes, fewer than the 8 that every such file begins with"
            )));
        }
        file.read_exact(&mut prefix).map_err(Error::io("cannot read", path))?;
        let n_header = u64::from_le_bytes(prefix);
        if n_header > MAX_HEADER || n_header + 8 > length {
            return Err(bad(format!("its header should have {n_header} bytes, and the file has {length}")));
        }
        let mut json = vec![0; n_header as usize];
        file.read_exact(&mut json).map_err(Error::io("cannot read", path))?;
        if let Some(name) = first_duplicate(&json) {
            return Err(bad(format!("it holds the tensor {name} twice")));
        }
        // Deserialising checks that the tensors follow one another without gaps and fit their shapes.
        let header: Metadata = serde_json::from_slice(&json)
            .map_err(|error| bad(metadata_that_is_no_text(&json).unwrap_or_else(|| error.to_string())))?;
        let tensors = read_infos(&header, 8 + n_header).map_err(bad)?;
        let of = |info: &TensorInfo| u128::from(info.start) + info.n_bytes as u128;
        let end = tensors.iter().map(of).max().unwrap_or(u128::from(8 + n_header));
        if end != u128::from(length) {
            let what = if end > u128::from(length) { "truncated" } else { "followed by foreign bytes" };
            return Err(bad(format!(
                "it is {what}: its tensors end at byte {end}, and the file has {length}"
            )));
        }
        let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
        Ok(Self { path: path.to_path_buf(), file, tensors, metadata })
    }

    /// What it holds, by name.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// The header's free text.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads one tensor's bytes, little-endian, row-major.
    ///
    /// # Errors
    /// [`Error::Io`] when the file changed or cannot be read.
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
            format!("its tensor {name} is of the kind {:?}, which holds no weights", info.dtype)
        })?;
        let (from, to) = info.data_offsets;
        infos.push(TensorInfo {
            kind,
            shape: info.shape.clone(),
            start: data_start.checked_add(from as u64).ok_or("its tensors lie beyond any file")?,
            n_bytes: to - from,
            name,
        });
    }
    infos.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(infos)
}

/// The key of the header's free text whose value is no text, as a sentence.
fn metadata_that_is_no_text(json: &[u8]) -> Option<String> {
    let header: serde_json::Value = serde_json::from_slice(json).ok()?;
    let metadata = header.get("__metadata__")?;
    let Some(entries) = metadata.as_object() else {
        return Some(format!("its __metadata__ is {}; it must be an object of texts", short(metadata)));
    };
    let (key, value) = entries.iter().find(|(_, value)| !value.is_string())?;
    Some(format!("its metadata's key `{key}` is {}; every value there must be text", short(value)))
}

/// A value as JSON, cut where it is long.
fn short(value: &serde_json::Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The first key that a JSON object holds twice, which a map would silently overwrite.
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

/// A tensor to be written.
#[derive(Debug, Clone)]
pub struct TensorBytes {
    /// Its kind of number.
    pub kind: DataType,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Little-endian, row-major.
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

/// Writes a `.safetensors` file at its final name, into a folder that is put in place as a whole, such as a
/// [`tweedie_files::Staging`]. For a file by itself, pass [`tensor_file_bytes`] to [`tweedie_files::write_file`].
///
/// # Errors
/// [`Error::Format`] for a tensor whose bytes do not have its shape; [`Error::Files`] when the file cannot be written.
pub fn write_tensors(
    path: &Path,
    tensors: &BTreeMap<String, TensorBytes>,
    metadata: &BTreeMap<String, String>,
) -> Result<(), Error> {
    Ok(tweedie_files::write_synced(path, &tensor_file_bytes(path, tensors, metadata)?)?)
}

/// The bytes of a `.safetensors` file; the path is for complaints.
///
/// # Errors
/// [`Error::Format`] for a tensor whose bytes do not have its shape.
pub fn tensor_file_bytes(
    path: &Path,
    tensors: &BTreeMap<String, TensorBytes>,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>, Error> {
    const FREE_TEXT: &str = "__metadata__";
    let bad = |reason: String| Error::Format { path: path.to_path_buf(), reason };
    if tensors.contains_key(FREE_TEXT) {
        return Err(bad(format!("a tensor is named {FREE_TEXT}, which the format keeps for free text")));
    }
    let metadata: HashMap<String, String> = metadata.clone().into_iter().collect();
    let metadata = Some(metadata).filter(|metadata| !metadata.is_empty());
    safetensors::serialize(tensors, metadata).map_err(|error| bad(error.to_string()))
}
