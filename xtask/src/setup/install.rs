//! Installs LibTorch from the `torch` wheel by `uv` or `pip`: it is unpacked into a staging folder, checked, trimmed and renamed.

use super::python::{python, starts};
use super::source::LibTorch;
use super::{VERSION, Wanted, cache, platform, record, stamp};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// The packages that the CPU set needs beside `torch`: `libtorch_cpu.so` links against these two.
const CPU_COMPANIONS: [&str; 2] = ["nvidia-cuda-runtime==13.0.96", "nvidia-cuda-cupti==13.0.85"];

/// Libraries of `torch/lib` that the CPU set does not keep.
const CUDA_ONLY: [&str; 5] =
    ["libtorch_cuda", "libc10_cuda", "libtorch_nvshmem", "libcaffe2_nvrtc", "libtorch_python"];

/// Installs the wanted set into the user's cache.
pub fn install(wanted: Wanted) -> Result<LibTorch> {
    let cuda = cache::is_cuda(wanted);
    let _lock = cache::lock()?;
    // Another process may have finished while this one waited.
    if let Ok(folder) = cache::verified(wanted) {
        return Ok(LibTorch { folder, origin: "the user's cache" });
    }
    let staging = cache::root()?.join("staging");
    remove(&staging)?;
    std::fs::create_dir_all(&staging).with_context(|| format!("{} cannot be created", staging.display()))?;
    check_space(&staging, cuda)?;

    eprintln!(
        "Installing LibTorch {VERSION} ({}) into {} …",
        if cuda { "CUDA set, about 5 GB" } else { "CPU set, a download of about 540 MB" },
        cache::root()?.display()
    );
    download(&staging, cuda)?;
    eprintln!("Checking every file against the record of its wheel …");
    record::verify(&staging)?;
    if !cuda {
        trim(&staging)?;
    }
    stamp::write(&staging)?;
    let folder = cache::folder(cuda)?;
    remove(&folder)?;
    std::fs::rename(&staging, &folder)
        .with_context(|| format!("{} cannot be put in place", folder.display()))?;
    Ok(LibTorch { folder: folder.join("torch").canonicalize()?, origin: "installed just now" })
}

fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}

fn check_space(folder: &Path, cuda: bool) -> Result<()> {
    let needed_gib = if cuda { 16 } else { 5 };
    match platform::free_kib(folder) {
        Some(free) if free < needed_gib << 20 => bail!(
            "installing LibTorch needs {needed_gib} GiB of free disk space under {}, and {:.1} GiB are free: make room, or \
             set XDG_CACHE_HOME to a folder on another disk",
            folder.display(),
            free as f64 / f64::from(1 << 20)
        ),
        _ => Ok(()),
    }
}

/// Runs `uv pip install` or `pip install` into `staging`. The wheels are those for CPython 3.12, independent of the local Python.
fn download(staging: &Path, cuda: bool) -> Result<()> {
    let mut command = if starts(Path::new("uv"), &["--version"]) {
        let mut uv = Command::new("uv");
        uv.args(["pip", "install", "--python-platform", "x86_64-manylinux_2_28", "--python-version", "3.12"]);
        uv
    } else {
        let Some(python) = python() else {
            bail!(
                "LibTorch comes from a Python package, and neither uv nor python3 was found: install Python 3 with pip (Debian, \
                 Ubuntu: `apt install python3-pip`), or install LibTorch {VERSION} yourself and set LIBTORCH to its folder"
            );
        };
        if !starts(&python, &["-m", "pip", "--version"]) {
            bail!(
                "{} has no pip: install it (Debian, Ubuntu: `apt install python3-pip`), or install uv, or set LIBTORCH to a \
                 LibTorch {VERSION}",
                python.display()
            );
        }
        let mut pip = Command::new(python);
        pip.args([
            "-m",
            "pip",
            "install",
            "--no-compile",
            "--disable-pip-version-check",
            "--implementation",
            "cp",
        ]);
        pip.args(["--python-version", "3.12"]);
        for tag in ["manylinux_2_28_x86_64", "manylinux2014_x86_64", "manylinux_2_25_x86_64"] {
            pip.args(["--platform", tag]);
        }
        pip
    };
    command.arg("--target").arg(staging).args(["--only-binary", ":all:", &format!("torch=={VERSION}")]);
    if !cuda {
        command.arg("--no-deps").args(CPU_COMPANIONS);
    }
    // Temporary files go to the same disk, whose free space was checked.
    let temporary = staging.join("tmp");
    std::fs::create_dir_all(&temporary)?;
    command.env("TMPDIR", &temporary).stdin(Stdio::null()).stderr(Stdio::piped());
    // Standard output is left to the program that runs afterwards.
    command.stdout(std::io::stderr());
    let mut child = command.spawn().context("the Python package installer could not be started")?;
    let mut messages = String::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            eprintln!("{line}");
            messages += &(line + "\n");
        }
    }
    let status = child.wait()?;
    remove(&temporary)?;
    if !status.success() {
        bail!("LibTorch could not be installed: {}", explain(&messages));
    }
    Ok(())
}

/// The likely cause of the installer's error, and what to do about it.
fn explain(messages: &str) -> String {
    let has = |words: &[&str]| words.iter().any(|word| messages.contains(word));
    if has(&["No space left", "ENOSPC"]) {
        "the disk is full: make room, or set XDG_CACHE_HOME to a folder on another disk".into()
    } else if has(&["Permission denied", "Read-only file system"]) {
        "its folder cannot be written: see the message above, or set XDG_CACHE_HOME to a folder that you own"
            .into()
    } else if has(&[
        "name resolution",
        "NewConnectionError",
        "Connection",
        "Max retries",
        "timed out",
        "ProxyError",
        "(from versions: none)",
        "dns error",
        "Network",
    ]) {
        "the Python package index cannot be reached: connect this machine to a network (or set your proxy or mirror for pip), \
         or copy a LibTorch here and set LIBTORCH to its folder"
            .into()
    } else if has(&["No matching distribution", "no version of torch", "Could not find a version"]) {
        format!(
            "the Python package index that this machine uses has no torch {VERSION}: see the message above"
        )
    } else {
        "the installer failed: see its message above".into()
    }
}

/// Removes everything from the CPU set that building and running do not need.
fn trim(site: &Path) -> Result<()> {
    for entry in std::fs::read_dir(site)? {
        let path = entry?.path();
        if !["torch", "nvidia"].iter().any(|kept| path.file_name().is_some_and(|name| name == *kept)) {
            discard(&path)?;
        }
    }
    for entry in std::fs::read_dir(site.join("torch"))? {
        let path = entry?.path();
        if !["lib", "include", "version.py"]
            .iter()
            .any(|kept| path.file_name().is_some_and(|name| name == *kept))
        {
            discard(&path)?;
        }
    }
    for entry in std::fs::read_dir(site.join("torch/lib"))? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().to_string()).unwrap_or_default();
        if CUDA_ONLY.iter().any(|prefix| name.starts_with(prefix)) {
            discard(&path)?;
        }
    }
    Ok(())
}

fn discard(path: &Path) -> Result<()> {
    let result = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    result.with_context(|| format!("{} cannot be removed", path.display()))
}

#[cfg(test)]
mod tests {
    use super::explain;

    #[test]
    fn complaints_become_advice() {
        assert!(explain("OSError: [Errno 28] No space left on device").contains("disk is full"));
        assert!(explain("NewConnectionError: Temporary failure in name resolution").contains("network"));
        assert!(
            explain("ERROR: Could not find a version (from versions: none)\nNo matching distribution")
                .contains("network")
        );
        assert!(explain("ERROR: No matching distribution found for torch==2.11.0").contains("has no torch"));
        assert!(explain("something else").contains("above"));
    }
}
