//! Finds an existing LibTorch: in `LIBTORCH`, in the user's cache, or in a Python environment.

use super::python::python;
use super::{VERSION, Wanted, cache, cargo_config, platform};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A LibTorch of the right version: `folder` holds `lib/` and `include/`.
#[derive(Debug)]
pub struct LibTorch {
    /// Absolute and canonical.
    pub folder: PathBuf,
    /// Where it was found, for messages.
    pub origin: &'static str,
}

/// The LibTorch to use, or `None` if one must be installed.
pub fn find(wanted: Wanted) -> Result<Option<LibTorch>> {
    if let Some(found) = from_environment()? {
        return Ok(Some(found));
    }
    if let Some(folder) = cache::complete(wanted)? {
        return Ok(Some(LibTorch { folder, origin: "the user's cache" }));
    }
    Ok(from_python(wanted))
}

/// The folder named by `LIBTORCH`, unless cargo set it from the configuration that `setup` wrote.
fn from_environment() -> Result<Option<LibTorch>> {
    let Some(named) = std::env::var_os("LIBTORCH").filter(|value| !value.is_empty()).map(PathBuf::from)
    else {
        return Ok(None);
    };
    let ours = cargo_config::written().is_some_and(|written| written == named);
    if ours && cache::holds(&named) {
        return Ok(None);
    }
    match check(&named) {
        Ok(folder) => Ok(Some(LibTorch { folder, origin: "LIBTORCH" })),
        // `setup` wrote this path earlier and the folder is gone: search again.
        Err(_) if ours => Ok(None),
        Err(error) => Err(error),
    }
}

/// The canonical path of the folder, if it holds a LibTorch of the right version.
pub fn check(folder: &Path) -> Result<PathBuf> {
    let Ok(canonical) = folder.canonicalize() else {
        bail!(
            "LIBTORCH names {}, which does not exist: unset it, or set it to a LibTorch {VERSION}",
            folder.display()
        );
    };
    if !canonical.join("lib/libtorch_cpu.so").is_file() {
        bail!(
            "LIBTORCH names {}, which holds no lib/libtorch_cpu.so: unset it, or set it to a LibTorch {VERSION}",
            folder.display()
        );
    }
    match version(&canonical) {
        Some(found) if found == VERSION => Ok(canonical),
        Some(found) => bail!(
            "LIBTORCH names {}, which is LibTorch {found}; tweedie needs {VERSION} exactly: unset LIBTORCH and run `cargo xtask setup`",
            folder.display()
        ),
        None => bail!(
            "LIBTORCH names {}, whose version cannot be read; tweedie needs LibTorch {VERSION}",
            folder.display()
        ),
    }
}

/// The version of a LibTorch folder without its local part: `2.11.0` for `2.11.0+cu130`.
pub fn version(folder: &Path) -> Option<String> {
    let from_python = || {
        let text = std::fs::read_to_string(folder.join("version.py")).ok()?;
        let line = text.lines().find(|line| line.starts_with("__version__"))?;
        Some(line.split(['\'', '"']).nth(1)?.to_string())
    };
    let from_build = || Some(std::fs::read_to_string(folder.join("build-version")).ok()?.trim().to_string());
    let from_header = || {
        let text = std::fs::read_to_string(folder.join("include/torch/headeronly/version.h")).ok()?;
        let part = |name: &str| {
            let define = format!("#define TORCH_VERSION_{name} ");
            text.lines().find_map(|line| line.strip_prefix(&define)).map(|value| value.trim().to_string())
        };
        Some(format!("{}.{}.{}", part("MAJOR")?, part("MINOR")?, part("PATCH")?))
    };
    let full = from_python().or_else(from_build).or_else(from_header)?;
    Some(full.split('+').next()?.to_string())
}

/// Whether the folder holds the CUDA libraries.
pub fn has_cuda(folder: &Path) -> bool {
    folder.join("lib/libtorch_cuda.so").is_file()
}

/// `torch` 2.11.0 in the active Python environment. Python finds the package without importing it.
fn from_python(wanted: Wanted) -> Option<LibTorch> {
    const WHERE: &str = "import importlib.util as u; s = u.find_spec('torch'); print(s.origin if s else '')";
    let output = Command::new(python()?).args(["-c", WHERE]).output().ok()?;
    let origin = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let folder = check(origin.parent().filter(|folder| !folder.as_os_str().is_empty())?).ok()?;
    let needs_cuda = wanted == Wanted::Cuda || (wanted == Wanted::Any && platform::has_nvidia_driver());
    let loads = needs_cuda || !has_cuda(&folder) || cuda_runtime_beside(&folder);
    (loads && (!needs_cuda || has_cuda(&folder)))
        .then_some(LibTorch { folder, origin: "the Python environment's torch" })
}

/// Whether the two CUDA libraries are present that the wheel's `libtorch_cpu.so` needs; an incomplete environment may lack them.
fn cuda_runtime_beside(folder: &Path) -> bool {
    folder.parent().is_some_and(|site| site.join("nvidia/cu13/lib").is_dir())
}
