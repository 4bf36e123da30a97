//! The classes of images, from label files or folders.

use super::ClassSource;
use super::classes::{Level, around, shared_end};
use super::labels::Labels;
use super::splits::Role;
use crate::names::short_list;
use std::collections::BTreeSet;

/// An image with its properties during the selection.
pub(super) struct Image<'a> {
    /// The index of the file.
    pub(super) at: usize,
    /// The name inside the shared path; `None` for an image outside of it.
    pub(super) inner: Option<&'a str>,
    /// The part of the set; `None` for an image in none of them.
    pub(super) role: Option<Role>,
    /// The class, once it is known.
    pub(super) class: Option<String>,
}

/// The source of the classes.
pub(super) enum Origin {
    /// A label file, by its name.
    Files(String),
    /// Folders at a level.
    Folders(ClassSource),
    /// There are no classes, for this reason.
    Nothing(&'static str),
}

impl Origin {
    /// The line about the classes.
    pub(super) fn notice(&self, names: &[String], source: ClassSource) -> String {
        let how = match (self, source) {
            (Self::Folders(ClassSource::Leaf), ClassSource::Auto) => {
                "the folders that hold images; data.classes = \"top\" takes the top folders"
            }
            (Self::Folders(ClassSource::Leaf), _) => "the folders that hold images",
            (Self::Folders(_), _) => "the top folders",
            (Self::Files(file), _) if names.is_empty() => {
                return format!("classes: none (all labels in {file} are alike)");
            }
            (Self::Files(file), _) => {
                return format!("classes: {} (of {file}): {}", names.len(), short_list(names));
            }
            (Self::Nothing(reason), _) => return format!("classes: none ({reason})"),
        };
        match names.len() {
            0 | 1 => "classes: none (the images lie in fewer than two folders)".into(),
            n => format!("classes: {n} ({how}): {}", short_list(names)),
        }
    }

    /// The reason why an image has no class.
    pub(super) fn stray(&self) -> &'static str {
        match self {
            Self::Files(_) => "for which the label file has no class",
            _ => "beside the folders of the set",
        }
    }
}

/// Sets the class of each image and returns the source of the classes.
pub(super) fn find_classes(images: &mut [Image], labels: &Labels, source: ClassSource) -> Origin {
    if source == ClassSource::None {
        return Origin::Nothing("data.classes is \"none\"");
    }
    if let Some(classes) = &labels.classes {
        if classes.of.is_empty() {
            return Origin::Nothing("the labels of dataset.json are null");
        }
        images.iter_mut().for_each(|image| image.class = classes.of.get(&image.at).cloned());
        return Origin::Files(classes.file.clone());
    }
    let is_split = images.iter().any(|it| it.role != Some(Role::Train));
    let of_role = |role: Role| -> Vec<(usize, String)> {
        let own = images.iter().enumerate().filter(|(_, it)| it.role == Some(role));
        own.map(|(i, it)| (i, rest(it, is_split).to_string())).collect()
    };
    let parts = [Role::Train, Role::Validation, Role::Test].map(of_role);
    let inner: Vec<Vec<&str>> = parts.iter().map(|part| inside_of_part(part, is_split)).collect();
    let level = Level::of(&inner[0], source);
    for (part, inner) in parts.iter().zip(&inner) {
        let leaves: BTreeSet<&str> = inner.iter().filter_map(|name| level.class_of(name)).collect();
        let end = if level.source == ClassSource::Leaf { shared_end(&leaves) } else { "" };
        for ((i, _), name) in part.iter().zip(inner) {
            images[*i].class =
                level.class_of(name).map(|class| class.strip_suffix(end).unwrap_or(class).to_string());
        }
    }
    match level.source {
        ClassSource::None => Origin::Nothing("the images do not lie in several folders"),
        source => Origin::Folders(source),
    }
}

/// The name of an image inside its part of the set.
fn rest<'a>(image: &Image<'a>, is_split: bool) -> &'a str {
    let inner = image.inner.unwrap_or_default();
    if is_split { inner.split_once('/').map_or("", |(_, rest)| rest) } else { inner }
}

/// The names of a part of the set inside the path that they share.
fn inside_of_part(part: &[(usize, String)], is_split: bool) -> Vec<&str> {
    let outer = if is_split { around_most(part.iter().map(|(_, name)| name.as_str())) } else { "" };
    part.iter().map(|(_, name)| name.strip_prefix(outer).unwrap_or_default()).collect()
}

/// The path that all images share. A minority of images beside a folder with the others is ignored.
pub(super) fn around_most<'a>(names: impl Iterator<Item = &'a str> + Clone) -> &'a str {
    let outer = around(names.clone());
    let (inside, beside): (Vec<&str>, Vec<&str>) = names.partition(|name| name[outer.len()..].contains('/'));
    if beside.len() < inside.len() { around(inside.into_iter()) } else { outer }
}
