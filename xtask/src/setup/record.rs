//! Checks files against a wheel's `RECORD`, which holds the SHA-256 of every file.

use anyhow::{Context, Result, bail};
use base64::Engine;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// SHA-256 as `RECORD` spells it: URL-safe base64 without padding.
pub fn sha256_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(Sha256::digest(bytes))
}

/// Checks every file that the wheels below `site` recorded. Returns the number of files.
pub fn verify(site: &Path) -> Result<usize> {
    let mut n_checked = 0;
    for entry in std::fs::read_dir(site)? {
        let record = entry?.path().join("RECORD");
        if let Ok(text) = std::fs::read_to_string(&record) {
            for line in text.lines() {
                n_checked += usize::from(check_line(site, line)?);
            }
        }
    }
    if n_checked == 0 {
        bail!("{} holds no RECORD of a wheel, so its files cannot be checked", site.display());
    }
    Ok(n_checked)
}

/// Checks one line `path,sha256=…,size`. Lines without a hash and scripts outside the folder are left out.
fn check_line(site: &Path, line: &str) -> Result<bool> {
    let Some((name, hash)) = parse(line) else { return Ok(false) };
    if name.starts_with("../") || name.starts_with('/') {
        return Ok(false);
    }
    let found = sha256_of(&site.join(name))
        .with_context(|| format!("{name}, a file of the wheel, cannot be read"))?;
    if found != hash {
        bail!("the hash of {name} differs from the one in its wheel: the download is damaged");
    }
    Ok(true)
}

fn parse(line: &str) -> Option<(&str, &str)> {
    let (rest, _size) = line.rsplit_once(',')?;
    let (name, hash) = rest.rsplit_once(',')?;
    Some((name.trim_matches('"'), hash.strip_prefix("sha256=")?))
}

fn sha256_of(path: &Path) -> Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_wheels_write_them() {
        assert_eq!(parse("torch/a.so,sha256=abc,12"), Some(("torch/a.so", "abc")));
        assert_eq!(parse("\"torch/a,b.h\",sha256=abc,12"), Some(("torch/a,b.h", "abc")));
        assert_eq!(parse("torch-2.11.0.dist-info/RECORD,,"), None);
    }

    #[test]
    fn hashes_are_spelled_as_wheels_spell_them() {
        assert_eq!(sha256_base64(b""), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }
}
