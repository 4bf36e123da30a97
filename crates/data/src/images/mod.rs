//! Pictures as people have them: files of any size in a folder, a tar or a zip, flat or one folder per class.

mod decode;
mod fit;

pub use decode::{Pixels, decode};
pub use fit::{Fit, fit};

use crate::dataset::check_index;
use crate::files::{Files, is_hidden, open};
use crate::{Dataset, Error, Shape, Values};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What to do with a file that is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadFiles {
    /// Stop and name it.
    #[default]
    Error,
    /// Leave it out, count it, and show the next one in its place.
    Skip,
}

/// How pictures are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOptions {
    /// Channels (1 or 3), height and width of every picture of the set.
    pub shape: Shape,
    /// How pictures of other proportions are fitted.
    pub fit: Fit,
    /// What lies behind transparency and beside padded pictures.
    pub background: [u8; 3],
    /// Whether a mirrored picture is still one of the set.
    pub may_flip: bool,
    /// What to do with a file that is no picture.
    pub bad_files: BadFiles,
    /// A file of captions inside the set (`name<TAB>caption` lines), where it is not `captions.tsv`.
    pub captions: Option<String>,
}

/// Picture files as a set.
pub struct ImageFiles {
    path: PathBuf,
    name: String,
    files: Box<dyn Files>,
    /// The places of pictures among the files.
    pictures: Vec<usize>,
    labels: Option<Vec<u32>>,
    class_names: Vec<String>,
    captions: HashMap<String, String>,
    options: ImageOptions,
    left_out: Mutex<BTreeSet<String>>,
}

/// What files of pictures end in.
const ENDINGS: [&str; 9] = ["png", "jpg", "jpeg", "webp", "bmp", "pnm", "pgm", "ppm", "pbm"];
const CAPTIONS: &str = "captions.tsv";

impl ImageFiles {
    /// The pictures below a folder or in an archive. Where all of them lie in folders, those of the first level are classes,
    /// in alphabetical order.
    ///
    /// # Errors
    /// [`Error::NoData`] where there is no picture, or folders without any beside others; [`Error::Parameter`] for a shape
    /// that is none.
    pub fn open(path: &Path, options: ImageOptions) -> Result<Self, Error> {
        let Shape { channels, height, width } = options.shape;
        if !matches!(channels, 1 | 3) || !(1..=4096).contains(&height) || !(1..=4096).contains(&width) {
            return Err(Error::Parameter {
                name: "the shape of pictures",
                found: format!("{channels} channels, {height}×{width}"),
                allowed: "1 or 3 channels and 1 to 4096 pixels a side".into(),
            });
        }
        let files = open(path)?;
        let none = |reason: String| Error::NoData { path: path.to_path_buf(), reason };
        let pictures: Vec<usize> =
            (0..files.names().len()).filter(|&at| is_picture(&files.names()[at])).collect();
        if pictures.is_empty() {
            return Err(none(format!("it has no files that end in {}", ENDINGS.join(", "))));
        }
        let name_of = |at: usize| files.names()[at].as_str();
        let (class_names, labels) = classes(pictures.iter().map(|&at| name_of(at)));
        if path.is_dir() {
            check_no_empty_class(path, pictures.iter().map(|&at| name_of(at)))?;
        }
        let captions = read_captions(files.as_ref(), options.captions.as_deref(), path)?;
        let name = set_name(path);
        let left_out = Mutex::default();
        Ok(Self {
            path: path.to_path_buf(),
            name,
            files,
            pictures,
            labels,
            class_names,
            captions,
            options,
            left_out,
        })
    }

    /// Reads every picture's head and fails at the first file that is none, unless such files are left out: better now than
    /// when its turn comes.
    ///
    /// # Errors
    /// [`Error::Picture`].
    pub fn check(&self) -> Result<(), Error> {
        if self.options.bad_files == BadFiles::Skip {
            return Ok(());
        }
        for &at in &self.pictures {
            let bad = |reason| Error::Picture {
                name: self.path.join(&self.files.names()[at]).display().to_string(),
                reason,
            };
            decode::size_of(&self.files.read(at)?).map_err(bad)?;
        }
        Ok(())
    }

    /// Reads every picture's head: how many there are of each height and width, and the names of files that are none.
    pub fn sizes(&self) -> (BTreeMap<[usize; 2], u64>, Vec<String>) {
        let mut sizes = BTreeMap::new();
        let mut bad = Vec::new();
        for &at in &self.pictures {
            match self
                .files
                .read(at)
                .map_err(|error| error.to_string())
                .and_then(|bytes| decode::size_of(&bytes))
            {
                Ok(size) => *sizes.entry(size).or_default() += 1,
                Err(_) => bad.push(self.files.names()[at].clone()),
            }
        }
        (sizes, bad)
    }

    fn read(&self, at: usize) -> Result<Vec<u8>, Error> {
        let bad = |reason| Error::Picture {
            name: self.path.join(&self.files.names()[at]).display().to_string(),
            reason,
        };
        let bytes = self.files.read(at)?;
        let ImageOptions { shape, fit: how, background, .. } = self.options;
        let picture = decode(&bytes, shape.channels, background).map_err(bad)?;
        fit(&picture, shape, how, background).map_err(bad)
    }
}

fn is_picture(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ENDINGS.contains(&ending.to_lowercase().as_str()))
}

/// A set's name: that of its folder, or of its archive without the ending.
fn set_name(path: &Path) -> String {
    let name = path.file_name().map_or("pictures".into(), |name| name.to_string_lossy().to_string());
    let ending =
        [".tar.gz", ".tgz", ".tar", ".zip"].into_iter().find(|ending| name.to_lowercase().ends_with(ending));
    match ending {
        Some(ending) if !path.is_dir() => name[..name.len() - ending.len()].to_string(),
        _ => name,
    }
}

/// The one folder around everything, with its slash, as archives are packed; often there is none.
fn around<'a>(mut names: impl Iterator<Item = &'a str>) -> &'a str {
    let Some(folder) = names.next().and_then(|name| Some(&name[..=name.find('/')?])) else { return "" };
    if names.all(|name| name.starts_with(folder)) { folder } else { "" }
}

/// The folders that the pictures lie in by name and each picture's place among them, where every picture lies in one and
/// there are several.
fn classes<'a>(names: impl Iterator<Item = &'a str> + Clone) -> (Vec<String>, Option<Vec<u32>>) {
    let outer = around(names.clone()).len();
    let folders: Option<Vec<&str>> =
        names.map(|name| name[outer..].split_once('/').map(|(folder, _)| folder)).collect();
    let Some(folders) = folders else { return (Vec::new(), None) };
    let names: Vec<&str> = folders.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    if names.len() < 2 {
        return (Vec::new(), None);
    }
    let label = |folder: &&str| names.binary_search(folder).unwrap_or(0) as u32;
    let labels = folders.iter().map(label).collect();
    (names.into_iter().map(String::from).collect(), Some(labels))
}

/// A class folder without pictures is a slip that would silently renumber the others, where all pictures lie in folders.
fn check_no_empty_class<'a>(
    root: &Path,
    mut names: impl Iterator<Item = &'a str> + Clone,
) -> Result<(), Error> {
    let filled: Option<BTreeSet<&str>> = names.clone().map(|name| Some(name.split_once('/')?.0)).collect();
    let Some(filled) = filled.filter(|_| names.next().is_some()) else { return Ok(()) };
    let entries = std::fs::read_dir(root).map_err(|source| Error::Io { path: root.to_path_buf(), source })?;
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().to_string();
        if !is_hidden(&name) && !filled.contains(name.as_str()) {
            let reason = format!("its class {name} has no pictures; remove the folder or fill it");
            return Err(Error::NoData { path: root.to_path_buf(), reason });
        }
    }
    Ok(())
}

fn read_captions(
    files: &dyn Files,
    asked: Option<&str>,
    path: &Path,
) -> Result<HashMap<String, String>, Error> {
    let name = asked.unwrap_or(CAPTIONS);
    let inside = |outer: &str| files.names().iter().position(|it| it.strip_prefix(outer) == Some(name));
    let outer = around(files.names().iter().map(String::as_str));
    let (text, from) = match inside("").or_else(|| inside(outer)) {
        Some(at) => (files.read(at)?, path.join(&files.names()[at])),
        // Beside an archive there may be one, too.
        None => match (asked, path.parent().map(|folder| folder.join(name))) {
            (Some(_), Some(beside)) if beside.is_file() => {
                let bytes = std::fs::read(&beside);
                (bytes.map_err(|source| Error::Io { path: beside.clone(), source })?, beside)
            }
            (Some(_), _) => {
                let reason = format!("it has no file of captions named {name}, nor has the folder around it");
                return Err(Error::NoData { path: path.to_path_buf(), reason });
            }
            (None, _) => return Ok(HashMap::new()),
        },
    };
    let bad = |reason: String| Error::Format { path: from.clone(), reason };
    let text = String::from_utf8(text).map_err(|_| bad("it is not UTF-8".into()))?;
    text.trim_start_matches('\u{feff}')
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(i, line)| match line.split_once('\t') {
            Some((file, caption)) => Ok((file.trim().to_string(), caption.trim().to_string())),
            None => Err(bad(format!("its line {} has no tab between name and caption", i + 1))),
        })
        .collect()
}

impl Dataset for ImageFiles {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn shape(&self) -> Shape {
        self.options.shape
    }

    fn len(&self) -> Option<u64> {
        Some(self.pictures.len() as u64)
    }

    fn class_names(&self) -> Vec<String> {
        self.class_names.clone()
    }

    fn may_flip(&self) -> bool {
        self.options.may_flip
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        let first = check_index(index, self.pictures.len() as u64)?;
        let skips = self.options.bad_files == BadFiles::Skip;
        let n = self.pictures.len();
        // In the place of a file that is no picture stands the next of its class: labels stay true.
        let label = |place: usize| self.labels.as_ref().map(|labels| labels[place]);
        let alike = |place: &usize| label(*place) == label(first);
        for place in (first..n).chain(0..first).filter(alike) {
            match self.read(self.pictures[place]) {
                Ok(bytes) => return Ok(Values::Bytes(bytes)),
                Err(_) if skips => {
                    let name = self.files.names()[self.pictures[place]].clone();
                    self.left_out.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
                }
                Err(error) => return Err(error),
            }
        }
        let what = label(first).map_or(&self.name, |label| &self.class_names[label as usize]);
        Err(Error::Picture { name: what.clone(), reason: "not one of its files is a picture".into() })
    }

    fn label(&self, index: u64) -> Option<u32> {
        self.labels.as_ref()?.get(usize::try_from(index).ok()?).copied()
    }

    fn caption(&self, index: u64) -> String {
        let key = self.key(index);
        let short = key.rsplit('/').next().unwrap_or_default();
        let known = self.captions.get(&key).or_else(|| self.captions.get(short)).cloned();
        known.or_else(|| Some(self.class_names.get(self.label(index)? as usize)?.clone())).unwrap_or_default()
    }

    fn key(&self, index: u64) -> String {
        let at = usize::try_from(index).ok().and_then(|index| self.pictures.get(index));
        at.map(|&at| self.files.names()[at].clone()).unwrap_or_default()
    }

    fn loaders(&self) -> usize {
        // Decoding takes longer than a step of a small network; more threads than these would take its cores.
        std::thread::available_parallelism().map_or(1, |n| n.get().min(4))
    }

    fn version(&self) -> String {
        self.files.version()
    }

    fn left_out(&self) -> Vec<String> {
        self.left_out.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
