//! Classes and captions from label files.

mod captions;
mod dataset_json;
mod metadata;
mod scalar;
mod sidecars;

use super::contents::Contents;
use super::{ClassSource, ImageOptions};
use crate::Error;
use crate::files::Files;
use captions::read_captions;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// The greatest size of a label file, in bytes.
const MOST_BYTES: u64 = 256 << 20;

/// The content of the label files of a set.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// The classes, if a file contains them.
    pub(super) classes: Option<Classes>,
    /// Captions by the names of images in the lists.
    pub(super) captions: HashMap<String, String>,
    /// The text file next to an image, both as indices of the files.
    pub(super) texts: HashMap<usize, usize>,
    /// The names of the files with captions.
    pub(super) caption_files: Vec<String>,
    /// Lines about label files that are not used.
    pub(super) notices: Vec<String>,
    /// The indices of the files that were read or named in a line.
    used: HashSet<usize>,
}

/// The classes of images from a label file.
#[derive(Debug)]
pub(super) struct Classes {
    /// The file.
    pub(super) file: String,
    /// The class of each image, by its index of the files. Empty if the file states that there are no classes.
    pub(super) of: HashMap<usize, String>,
}

/// The labels of one image in a label file.
#[derive(Debug, Default)]
struct Row {
    /// The name of the image relative to the folder of the label file.
    name: String,
    class: Option<String>,
    caption: Option<String>,
}

/// The result of parsing a label file.
enum Parsed {
    /// The labels of images.
    Rows(Vec<Row>),
    /// The file states that there are no labels.
    NoLabels,
    /// The file has another structure, described by this text.
    Other(String),
}

impl Labels {
    /// Reads the label files of a set.
    ///
    /// # Errors
    /// [`Error::Format`] and [`Error::Row`] for a file that is damaged or contradicts itself; [`Error::NoData`] if a configured file does not
    /// exist.
    pub(super) fn read(
        files: &dyn Files,
        contents: &Contents,
        options: &ImageOptions,
        path: &Path,
    ) -> Result<Self, Error> {
        let mut labels = Self::default();
        if let Some(list) = read_captions(files, options.captions.as_deref(), path)? {
            labels.used.extend(list.at);
            labels.caption_files.push(list.name);
            labels.captions = list.captions;
        }
        let places: HashMap<&str, usize> =
            contents.images.iter().map(|&at| (files.names()[at].as_str(), at)).collect();
        for &at in &contents.others {
            let name = &files.names()[at];
            let short = name.rsplit('/').next().unwrap_or_default();
            let parse = match short {
                "dataset.json" => dataset_json::parse,
                "metadata.csv" => metadata::parse_csv,
                "metadata.jsonl" => metadata::parse_json_lines,
                _ => continue,
            };
            let bytes = files.head(at, MOST_BYTES + 1)?;
            let whole = path.join(name);
            if bytes.len() as u64 > MOST_BYTES {
                let reason =
                    format!("it has more than {} MiB, the most that a label file may have", MOST_BYTES >> 20);
                return Err(Error::Format { path: whole, reason });
            }
            let parsed = parse(&whole, &bytes)?;
            labels.used.insert(at);
            labels.take(name, parsed, &places, &whole)?;
        }
        labels.take_sidecars(files, contents, options, path)?;
        match (options.classes, &labels.classes) {
            (ClassSource::Labels, None) => {
                let reason = "data.classes is labels, and no dataset.json, metadata.csv, metadata.jsonl or .cls files contain classes of its images";
                Err(Error::NoData { path: path.to_path_buf(), reason: reason.into() })
            }
            (ClassSource::Leaf | ClassSource::Top | ClassSource::None, Some(_)) => {
                labels.classes = None;
                Ok(labels)
            }
            _ => Ok(labels),
        }
    }

    /// Whether a file was read or named in a line.
    pub(super) fn has_used(&self, at: usize) -> bool {
        self.used.contains(&at)
    }

    /// Adds the rows of a label file. If several files contain classes, the first one is used, together with files of the same name in other
    /// folders.
    fn take(
        &mut self,
        file: &str,
        parsed: Parsed,
        places: &HashMap<&str, usize>,
        path: &Path,
    ) -> Result<(), Error> {
        let short = file.rsplit('/').next().unwrap_or_default();
        let rows = match parsed {
            Parsed::Rows(rows) => rows,
            Parsed::NoLabels => {
                self.classes.get_or_insert_with(|| Classes { file: file.into(), of: HashMap::new() });
                return Ok(());
            }
            Parsed::Other(reason) => {
                self.notices.push(format!("{file} was not read: {reason}"));
                return Ok(());
            }
        };
        let folder = &file[..file.len() - short.len()];
        let (n, mut unknown) = (rows.len(), 0);
        let has_classes = rows.iter().any(|row| row.class.is_some());
        let has_captions = rows.iter().any(|row| row.caption.is_some());
        let mut found = HashMap::new();
        for row in rows {
            let name = row.name.trim_start_matches("./").replace('\\', "/");
            let whole = format!("{folder}{name}");
            let Some((whole, &at)) =
                [whole, name].into_iter().find_map(|it| Some((it.clone(), places.get(it.as_str())?)))
            else {
                unknown += 1;
                continue;
            };
            if let Some(class) = row.class
                && let Some(before) = found.insert(at, class.clone())
                && before != class
            {
                let reason = format!("{whole} has the class {before} in one row and {class} in another");
                return Err(Error::Format { path: path.to_path_buf(), reason });
            }
            if let Some(caption) = row.caption {
                self.captions.entry(whole).or_insert(caption);
            }
        }
        if unknown == n {
            self.notices
                .push(format!("{file} was not read: none of its {n} names is that of an image of the set"));
            return Ok(());
        }
        if unknown > 0 {
            self.notices
                .push(format!("{unknown} of the {n} names in {file} are not those of images of the set"));
        }
        if has_captions {
            self.caption_files.push(file.into());
        }
        if has_classes {
            self.add_classes(file, found);
        }
        Ok(())
    }

    fn add_classes(&mut self, file: &str, found: HashMap<usize, String>) {
        let short = |name: &str| name.rsplit('/').next().unwrap_or_default().to_string();
        match &mut self.classes {
            None => self.classes = Some(Classes { file: file.into(), of: found }),
            Some(classes) if short(&classes.file) == short(file) && !classes.of.is_empty() => {
                classes.file = short(file);
                classes.of.extend(found);
            }
            Some(classes) => {
                self.notices.push(format!(
                    "the labels of {file} are not used, as those of {} come first",
                    classes.file
                ));
            }
        }
    }
}
