//! The selection of the images of a set, with their classes and their sides of the split.

use super::classes::check_no_empty_class;
use super::contents::count;
use super::labels::Labels;
use super::origin::{Image, Origin, around_most, find_classes};
use super::splits::{Role, check_training_is_filled, roles};
use super::{ClassSource, ImageOptions, SplitFolders};
use crate::files::Files;
use crate::{Error, Side};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The selected images of a set.
#[derive(Debug, Default)]
pub(super) struct Arrangement {
    /// The images, as indices of the files.
    pub(super) images: Vec<usize>,
    /// The class of each image, if the set has classes.
    pub(super) labels: Option<Vec<u32>>,
    /// The names of the classes.
    pub(super) class_names: Vec<String>,
    /// The side of each image, if folders of the set determine it.
    pub(super) sides: Option<Vec<Side>>,
    /// The length of the path that all images share, in bytes.
    pub(super) outer: usize,
    /// Lines about the classes, the parts and the images that are left out.
    pub(super) notices: Vec<String>,
}

impl Arrangement {
    /// Selects images and determines their classes and sides by label files and folders.
    ///
    /// # Errors
    /// [`Error::NoData`] for a class folder without images.
    pub(super) fn of(
        files: &dyn Files,
        images: &[usize],
        labels: &Labels,
        options: &ImageOptions,
        path: &Path,
    ) -> Result<Self, Error> {
        let name = |at: usize| files.names()[at].as_str();
        let outer = around_most(images.iter().map(|&at| name(at)));
        let image = |&at: &usize| Image {
            at,
            inner: name(at).strip_prefix(outer),
            role: Some(Role::Train),
            class: None,
        };
        let mut images: Vec<Image> = images.iter().map(image).collect();
        let mut this = Self { outer: outer.len(), ..Self::default() };
        let is_split = options.splits == SplitFolders::Auto && find_roles(&mut images);
        if path.is_dir() && options.splits == SplitFolders::Auto {
            check_training_is_filled(path, outer)?;
        }
        let origin = find_classes(&mut images, labels, options.classes);
        let mut held = None;
        if is_split {
            held = this.choose_held_out(&images, &origin);
        }
        this.keep(files, images, held, &origin);
        if path.is_dir() && options.classes != ClassSource::None && !matches!(origin, Origin::Files(_)) {
            let trained = (0..this.images.len())
                .filter(|&i| this.sides.as_ref().is_none_or(|sides| sides[i] == Side::Trained));
            let names: Vec<&str> = trained.map(|i| name(this.images[i])).collect();
            check_no_empty_class(path, names.into_iter())?;
        }
        let notice = origin.notice(&this.class_names, options.classes);
        this.notices.insert(0, notice);
        Ok(this)
    }

    /// Chooses the part that is held out: validation, or else test, if it has images of the classes that are trained on. Adds a line about the
    /// choice.
    fn choose_held_out(&mut self, images: &[Image], origin: &Origin) -> Option<Role> {
        let known: BTreeSet<&String> = images
            .iter()
            .filter(|it| it.role == Some(Role::Train))
            .filter_map(|it| it.class.as_ref())
            .collect();
        let has_classes = known.len() > 1 && !matches!(origin, Origin::Nothing(_));
        let usable =
            |it: &&Image| !has_classes || it.class.as_ref().is_some_and(|class| known.contains(class));
        let number = |role| images.iter().filter(|it| it.role == Some(role)).filter(usable).count();
        let folder = |role| {
            let mut folders: Vec<&str> = images
                .iter()
                .filter(|it| it.role == Some(role))
                .filter_map(|it| Some(it.inner?.split_once('/')?.0))
                .collect();
            folders.dedup();
            folders.join(" and ")
        };
        let held = [Role::Validation, Role::Test].into_iter().find(|&role| number(role) > 0);
        let others: Vec<String> = [Role::Validation, Role::Test]
            .into_iter()
            .filter(|&role| Some(role) != held && images.iter().any(|it| it.role == Some(role)))
            .map(|role| {
                let n = images.iter().filter(|it| it.role == Some(role)).count();
                let why = if number(role) == 0 { " (no class of it is trained on)" } else { "" };
                format!("{} of {}{why}", count(n, "image"), folder(role))
            })
            .collect();
        let mut line =
            format!("splits: trained on {} ({})", folder(Role::Train), count(number(Role::Train), "image"));
        line += &match held {
            Some(role) => format!(", held out {} ({})", folder(role), count(number(role), "image")),
            None => ", held out a share of it".into(),
        };
        if !others.is_empty() {
            line += &format!(", left out {}", others.join(" and "));
        }
        self.notices.push(format!("{line}; data.splits = \"ignore\" makes one set of all"));
        held
    }

    /// Selects the images, and adds lines about the ones that are left out.
    fn keep(&mut self, files: &dyn Files, images: Vec<Image>, held: Option<Role>, origin: &Origin) {
        let mut names: BTreeSet<&String> = images
            .iter()
            .filter(|it| it.role == Some(Role::Train))
            .filter_map(|it| it.class.as_ref())
            .collect();
        if names.len() < 2 {
            names.clear();
        }
        self.class_names = names.into_iter().cloned().collect();
        if matches!(origin, Origin::Files(_))
            && self.class_names.iter().all(|name| name.parse::<u64>().is_ok())
        {
            self.class_names.sort_by_key(|name| name.parse::<u64>().unwrap_or(0));
        }
        let rows: BTreeMap<String, u32> = self.class_names.iter().cloned().zip(0..).collect();
        let (mut labels, mut sides) = (Vec::new(), Vec::new());
        let (mut strays, mut foreign) = (Vec::new(), Vec::new());
        for image in images {
            let side = match image.role {
                Some(Role::Train) => Side::Trained,
                Some(role) if Some(role) == held => Side::HeldOut,
                Some(_) => continue,
                None => {
                    strays.push(image.at);
                    continue;
                }
            };
            let row = image.class.as_ref().and_then(|class| rows.get(class));
            match row {
                Some(row) => labels.push(*row),
                None if rows.is_empty() => {}
                None if image.class.is_some() => {
                    foreign.push(image.at);
                    continue;
                }
                None => {
                    strays.push(image.at);
                    continue;
                }
            }
            self.images.push(image.at);
            sides.push(side);
        }
        self.labels = (!rows.is_empty()).then_some(labels);
        self.sides = held.map(|_| sides);
        let such_as = |list: &[usize]| match list {
            [only] => files.names()[*only].clone(),
            _ => {
                format!("{} images such as {}", list.len(), list.first().map_or("", |&at| &files.names()[at]))
            }
        };
        if !strays.is_empty() {
            let why = origin.stray();
            self.notices.push(format!(
                "left out: {}, {why}; data.classes = \"none\" takes all images",
                such_as(&strays)
            ));
        }
        if !foreign.is_empty() {
            self.notices.push(format!("left out: {}, of a class that is not trained on", such_as(&foreign)));
        }
    }
}

/// Sets the role of each image if the folders of the set are its parts. Returns whether they are.
fn find_roles(images: &mut [Image]) -> bool {
    let Some(roles) = roles(images.iter().map(|it| it.inner.unwrap_or_default())) else { return false };
    for (image, role) in images.iter_mut().zip(roles) {
        image.role = role;
    }
    true
}
