//! Files next to single images: `a.txt` contains the caption of `a.png`, and `a.cls` its class, as in `WebDataset` archives.

use super::{Contents, ImageOptions, Labels};
use crate::Error;
use crate::files::Files;
use crate::images::formats::ending;
use std::collections::HashMap;
use std::path::Path;

/// The greatest length of the name of a class, in bytes.
const LONGEST_CLASS: u64 = 1 << 10;

/// The length to which captions are cut, in bytes.
const LONGEST_CAPTION: u64 = 1 << 16;

/// A name without its extension.
fn stem(name: &str) -> &str {
    let folder = name.rfind('/').map_or(0, |at| at + 1);
    name[folder..].rfind('.').map_or(name, |at| &name[..folder + at])
}

/// A name up to the first dot after the last slash: the key of a sample in a `WebDataset` archive.
fn key(name: &str) -> &str {
    let folder = name.rfind('/').map_or(0, |at| at + 1);
    name[folder..].find('.').map_or(name, |at| &name[..folder + at])
}

impl Labels {
    /// Finds the files next to images and reads the classes.
    pub(super) fn take_sidecars(
        &mut self,
        files: &dyn Files,
        contents: &Contents,
        options: &ImageOptions,
        path: &Path,
    ) -> Result<(), Error> {
        let name = |at: usize| files.names()[at].as_str();
        let (mut texts, mut classes) = (HashMap::new(), HashMap::new());
        for &at in contents.others.iter().filter(|at| !self.used.contains(at)) {
            match ending(name(at)).as_str() {
                "txt" | "caption" => drop(texts.insert(stem(name(at)), at)),
                "cls" => drop(classes.insert(stem(name(at)), at)),
                _ => {}
            }
        }
        let beside = |list: &HashMap<&str, usize>, image: usize| {
            let image = name(image);
            list.get(stem(image)).or_else(|| list.get(key(image))).copied()
        };
        let mut found = HashMap::new();
        for &image in &contents.images {
            if let Some(at) = beside(&texts, image) {
                self.texts.insert(image, at);
                self.used.insert(at);
            }
            if let Some(at) = beside(&classes, image) {
                self.used.insert(at);
                found.insert(image, read_class(files, at, path)?);
            }
        }
        if !self.texts.is_empty() && options.captions.is_none() {
            self.caption_files.push("the .txt files next to the images".into());
        }
        if !found.is_empty() {
            self.add_classes("the .cls files next to the images", found);
        }
        Ok(())
    }

    /// The caption in the text file next to an image, on one line; `None` if there is none.
    pub(in crate::images) fn text(&self, files: &dyn Files, image: usize) -> Option<String> {
        let bytes = files.head(*self.texts.get(&image)?, LONGEST_CAPTION).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let words: Vec<&str> = text.trim_start_matches('\u{feff}').split_whitespace().collect();
        Some(words.join(" ")).filter(|text| !text.is_empty())
    }
}

fn read_class(files: &dyn Files, at: usize, path: &Path) -> Result<String, Error> {
    let bytes = files.head(at, LONGEST_CLASS + 1)?;
    let bad = |reason: &str| Error::Format { path: path.join(&files.names()[at]), reason: reason.into() };
    if bytes.len() as u64 > LONGEST_CLASS {
        return Err(bad("it has more than 1024 bytes; a class is a number or a name"));
    }
    let text = str::from_utf8(&bytes).map_err(|_| bad("it is not UTF-8; a class is a number or a name"))?;
    match text.trim_start_matches('\u{feff}').trim() {
        "" => Err(bad("it is empty; a class is a number or a name")),
        class => Ok(class.into()),
    }
}
