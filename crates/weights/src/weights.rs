//! The weights of a network in one or several files of any supported format.

use crate::{DataType, Error, Format, PickleFile, PickledTensor, TensorFile, TensorInfo};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// The file and the description of a tensor.
#[derive(Debug)]
enum Place {
    Safetensors(usize, TensorInfo),
    Pickle(usize, PickledTensor),
}

/// Named tensors in a `.safetensors` or `.bin` file, or in several files listed in an `.index.json`.
#[derive(Debug)]
pub struct Weights {
    path: PathBuf,
    tensors: BTreeMap<String, Place>,
    safetensors: Vec<TensorFile>,
    pickles: Vec<PickleFile>,
}

impl Weights {
    /// Opens a file of weights or the index of several. The format is detected from the content, not from the name.
    ///
    /// # Errors
    /// Errors of [`Format::of`], [`TensorFile::open`] and [`PickleFile::open`]; [`Error::Shards`] for files that do not contain the tensors
    /// listed in the index.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut weights = Self {
            path: path.to_path_buf(),
            tensors: BTreeMap::new(),
            safetensors: Vec::new(),
            pickles: Vec::new(),
        };
        match Format::of(path)? {
            Format::Index => weights.add_shards()?,
            format => {
                weights.add(path, format)?;
            }
        }
        Ok(weights)
    }

    /// Adds a file's tensors and returns their names.
    fn add(&mut self, path: &Path, format: Format) -> Result<HashSet<String>, Error> {
        let twice = |name: &str| Error::Shards {
            path: path.to_path_buf(),
            reason: format!("{name} is also in an earlier shard"),
        };
        let mut names = HashSet::new();
        if format == Format::Safetensors {
            let file = TensorFile::open(path)?;
            for info in file.tensors() {
                let place = Place::Safetensors(self.safetensors.len(), info.clone());
                if self.tensors.insert(info.name.clone(), place).is_some() {
                    return Err(twice(&info.name));
                }
                names.insert(info.name.clone());
            }
            self.safetensors.push(file);
        } else {
            let file = PickleFile::open(path)?;
            for tensor in file.tensors() {
                let place = Place::Pickle(self.pickles.len(), tensor.clone());
                if self.tensors.insert(tensor.name.clone(), place).is_some() {
                    return Err(twice(&tensor.name));
                }
                names.insert(tensor.name.clone());
            }
            self.pickles.push(file);
        }
        Ok(names)
    }

    fn add_shards(&mut self) -> Result<(), Error> {
        #[derive(serde::Deserialize)]
        struct Index {
            weight_map: BTreeMap<String, String>,
        }
        let path = self.path.clone();
        let wrong = |reason: String| Error::Shards { path: path.clone(), reason };
        let text = tweedie_files::read_bytes(&path, tweedie_files::MOST_SETTINGS)
            .map_err(Error::io("cannot read", &path))?;
        let index: Index = serde_json::from_slice(&text)
            .map_err(|error| wrong(format!("it is not an index of shards ({error})")))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut shards: Vec<&String> = index.weight_map.values().collect();
        shards.sort();
        shards.dedup();
        for shard in shards {
            if Path::new(shard).file_name() != Some(shard.as_ref()) {
                return Err(wrong(format!("its shard `{shard}` is not a file in the same folder")));
            }
            let file = folder.join(shard);
            if !tweedie_files::is_there(&file) {
                return Err(wrong(format!("its shard {shard} is missing")));
            }
            let format = Format::of(&file)?;
            if format == Format::Index {
                return Err(wrong(format!("its shard {shard} is an index itself")));
            }
            let names = self.add(&file, format)?;
            for (name, its) in &index.weight_map {
                if its == shard && !names.contains(name) {
                    return Err(wrong(format!("it lists {name} in {shard}, which does not contain it")));
                }
            }
        }
        Ok(())
    }

    /// Renames the tensors.
    ///
    /// # Errors
    /// [`Error::Names`] if two tensors get the same name.
    pub fn renamed(mut self, rename: impl Fn(&str) -> String) -> Result<Self, Error> {
        let mut tensors = BTreeMap::new();
        for (name, place) in std::mem::take(&mut self.tensors) {
            let new = rename(&name);
            if tensors.insert(new.clone(), place).is_some() {
                let differences = format!("it contains {new} under an old and a new name");
                return Err(Error::Names { path: self.path, differences });
            }
        }
        Ok(Self { tensors, ..self })
    }

    /// The shapes of all tensors by name.
    pub fn shapes(&self) -> BTreeMap<String, Vec<usize>> {
        let shape = |place: &Place| match place {
            Place::Safetensors(_, info) => info.shape.clone(),
            Place::Pickle(_, tensor) => tensor.shape.clone(),
        };
        self.tensors.iter().map(|(name, place)| (name.clone(), shape(place))).collect()
    }

    /// The path of the file or of the index.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the data type and the bytes of a tensor in little-endian, row-major order. Returns `None` for a name that does not exist.
    ///
    /// # Errors
    /// [`Error::Io`] if a file was changed or cannot be read.
    pub fn read(&mut self, name: &str) -> Result<Option<(DataType, Vec<u8>)>, Error> {
        Ok(match self.tensors.get(name) {
            None => None,
            Some(Place::Safetensors(file, info)) => Some((info.kind, self.safetensors[*file].read(info)?)),
            Some(Place::Pickle(file, tensor)) => Some((tensor.kind, self.pickles[*file].read(tensor)?)),
        })
    }
}
