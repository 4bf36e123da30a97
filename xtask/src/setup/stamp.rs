//! The stamp of a finished installation: the list of its files with their sizes. It is written last, so a folder without a stamp is
//! incomplete.

use anyhow::{Context, Result, bail};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const NAME: &str = "INSTALLED";

/// Writes the stamp: every file below `folder` with its size.
pub fn write(folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    collect(folder, folder, &mut files)?;
    files.sort();
    let mut text = String::new();
    for (name, size) in files {
        writeln!(text, "{size} {}", name.display())?;
    }
    let mut file = std::fs::File::create(folder.join(NAME))?;
    file.write_all(text.as_bytes())?;
    file.sync_all().context("the stamp could not be written to disk")
}

/// Returns an error unless every file of the stamp exists with its size.
pub fn verify(folder: &Path) -> Result<()> {
    let Ok(text) = std::fs::read_to_string(folder.join(NAME)) else {
        bail!("its installation was not finished")
    };
    for line in text.lines() {
        let Some((size, name)) = line.split_once(' ') else { bail!("its stamp is damaged") };
        match std::fs::metadata(folder.join(name)) {
            Ok(found) if found.len().to_string() == size => {}
            Ok(found) => bail!("{name} has {} bytes instead of {size}", found.len()),
            Err(_) => bail!("{name} is missing"),
        }
    }
    if text.is_empty() {
        bail!("its stamp is empty");
    }
    Ok(())
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, u64)>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else {
            files.push((path.strip_prefix(root)?.to_path_buf(), std::fs::metadata(&path)?.len()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_install_is_noticed() -> Result<()> {
        let folder = std::env::temp_dir().join(format!("tweedie-stamp-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("torch/lib"))?;
        std::fs::write(folder.join("torch/lib/a.so"), b"12345")?;
        assert!(verify(&folder).is_err_and(|e| e.to_string().contains("not finished")));
        write(&folder)?;
        verify(&folder)?;
        std::fs::write(folder.join("torch/lib/a.so"), b"1234")?;
        assert!(verify(&folder).is_err_and(|e| e.to_string().contains("4 bytes instead of 5")));
        std::fs::remove_file(folder.join("torch/lib/a.so"))?;
        assert!(verify(&folder).is_err_and(|e| e.to_string().contains("is missing")));
        std::fs::remove_dir_all(folder)?;
        Ok(())
    }
}
