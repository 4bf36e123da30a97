//! The files below a folder.

use super::{Files, MOST_BYTES, is_hidden, sorted, stamp};
use crate::Error;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tweedie_files::open_regular;

/// The files below a folder.
pub(super) struct Folder {
    root: PathBuf,
    names: Vec<String>,
}

/// The greatest depth of nested folders.
const DEEPEST: usize = 32;

/// The device and the inode of a folder, which are the same for every path to it.
type Identity = (u64, u64);

fn identity(folder: &Path) -> Result<Identity, Error> {
    let found =
        std::fs::metadata(folder).map_err(|source| Error::Io { path: folder.to_path_buf(), source })?;
    Ok((found.dev(), found.ino()))
}

impl Folder {
    pub(super) fn open(root: &Path) -> Result<Self, Error> {
        let mut found = Vec::new();
        walk(root, "", &mut vec![identity(root)?], &mut found)?;
        let (names, _) = sorted(found);
        Ok(Self { root: root.to_path_buf(), names })
    }
}

/// Adds the files below a folder. `above` holds the folder and the folders above it, up to the root.
fn walk(
    folder: &Path,
    prefix: &str,
    above: &mut Vec<Identity>,
    found: &mut Vec<(String, ())>,
) -> Result<(), Error> {
    let io = |source| Error::Io { path: folder.to_path_buf(), source };
    let refuse = |path: &Path, reason: String| Err(Error::Format { path: path.to_path_buf(), reason });
    if above.len() > DEEPEST + 1 {
        return refuse(folder, format!("its folders are nested more than {DEEPEST} deep"));
    }
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let name = entry.file_name().into_string().map_err(|name| Error::Format {
            path: folder.join(&name),
            reason: "its name is not Unicode".into(),
        })?;
        if is_hidden(&name) {
            continue;
        }
        let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
        // Links are followed; a link without a target is an error that names it.
        let path = entry.path();
        let kind = std::fs::metadata(&path).map_err(|source| Error::Io { path: path.clone(), source })?;
        if kind.is_dir() {
            let own = identity(&path)?;
            if above.contains(&own) {
                return refuse(&path, "it is a link to a folder that contains it".into());
            }
            above.push(own);
            walk(&path, &name, above, found)?;
            above.pop();
        } else if kind.is_file() {
            found.push((name, ()));
        }
    }
    Ok(())
}

impl Files for Folder {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn read(&self, at: usize) -> Result<Vec<u8>, Error> {
        self.head(at, MOST_BYTES)
    }

    fn head(&self, at: usize, most: u64) -> Result<Vec<u8>, Error> {
        let path = self.root.join(&self.names[at]);
        let mut bytes = Vec::new();
        let read = open_regular(&path).and_then(|file| file.take(most).read_to_end(&mut bytes));
        read.map_err(|source| Error::Io { path, source })?;
        Ok(bytes)
    }

    fn version(&self, places: &[usize]) -> String {
        let of = |&at: &usize| stamp(&self.root.join(&self.names[at]));
        places.iter().map(of).collect::<Vec<_>>().join("\n")
    }
}
