//! The user's copy of LibTorch, which every clone and worktree shares.

use super::{VERSION, Wanted, platform, stamp};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::path::{Path, PathBuf};

/// `~/.cache/tweedie`, or `tweedie` in the folder named by `XDG_CACHE_HOME`.
pub fn root() -> Result<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    match absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache"))) {
        Some(cache) => Ok(cache.join("tweedie")),
        None => bail!("neither HOME nor XDG_CACHE_HOME names a folder for LibTorch: set one of them"),
    }
}

/// The folder of one installed set.
pub fn folder(cuda: bool) -> Result<PathBuf> {
    Ok(root()?.join(format!("libtorch-{VERSION}-{}", if cuda { "cuda" } else { "cpu" })))
}

/// Whether a path lies in the cache.
pub fn holds(path: &Path) -> bool {
    root().is_ok_and(|root| path.starts_with(root.canonicalize().unwrap_or(root)))
}

/// Whether the wanted set is the CUDA set on this machine.
pub fn is_cuda(wanted: Wanted) -> bool {
    match wanted {
        Wanted::Any => platform::has_nvidia_driver(),
        Wanted::Cpu => false,
        Wanted::Cuda => true,
    }
}

/// The `torch` folder of the wanted set, if it is installed. A message is printed for a damaged one.
pub fn complete(wanted: Wanted) -> Result<Option<PathBuf>> {
    let folder = folder(is_cuda(wanted))?;
    if !folder.exists() {
        return Ok(None);
    }
    verified(wanted).map(Some).or_else(|reason| {
        eprintln!("The LibTorch in {} is incomplete ({reason}) and is installed again.", folder.display());
        Ok(None)
    })
}

/// The `torch` folder of the wanted set; an error unless its installation was finished and every file has its size.
pub fn verified(wanted: Wanted) -> Result<PathBuf> {
    let folder = folder(is_cuda(wanted))?;
    stamp::verify(&folder)?;
    Ok(folder.join("torch").canonicalize()?)
}

/// Locks the cache for one installation. The lock is released when it is dropped or its process ends.
pub fn lock() -> Result<File> {
    let root = root()?;
    let name = root.join("lock");
    std::fs::create_dir_all(&root).with_context(|| format!("{} cannot be created", root.display()))?;
    let file = File::create(&name).with_context(|| format!("{} cannot be written", name.display()))?;
    if file.try_lock().is_err() {
        eprintln!("Another process is installing LibTorch; waiting for it …");
        file.lock().with_context(|| format!("{} cannot be locked", name.display()))?;
    }
    Ok(file)
}
