//! `.cargo/libtorch.toml`: the only file that holds the place of LibTorch.

use crate::cargo;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

fn path() -> PathBuf {
    cargo::workspace().join(".cargo/libtorch.toml")
}

/// The folder named in the file, if the file exists.
pub fn written() -> Option<PathBuf> {
    let text = std::fs::read_to_string(path()).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("LIBTORCH = \""))?;
    Some(PathBuf::from(line.strip_suffix('"')?))
}

/// Writes the file, unless its content is already right: another spelling of the same path would rebuild everything.
pub fn write(folder: &Path) -> Result<()> {
    let Some(name) = folder.to_str().filter(|name| !name.contains(['"', '\\', '\n'])) else {
        bail!(
            "LibTorch is at {}, a path with characters that the configuration of cargo cannot hold",
            folder.display()
        );
    };
    let flags = format!("[\"-Clink-arg=-Wl,-rpath,{name}/lib\"]");
    let text = format!(
        "# Written by `cargo xtask setup`; this machine only.\n[env]\nLIBTORCH = \"{name}\"\n\n\
         [target.x86_64-unknown-linux-gnu]\nrustflags = {flags}\nrustdocflags = {flags}\n"
    );
    if std::fs::read_to_string(path()).is_ok_and(|old| old == text) {
        return Ok(());
    }
    let temporary = path().with_extension("toml.partial");
    std::fs::write(&temporary, text)
        .and_then(|()| std::fs::rename(&temporary, path()))
        .with_context(|| format!("{} could not be written", path().display()))
}
