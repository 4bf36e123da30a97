//! Selection of the weight file of a component.

use crate::Error;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The stems of the names of weight files in `diffusers`, `accelerate` and `transformers`.
const STEMS: [&str; 3] = ["diffusion_pytorch_model", "model", "pytorch_model"];

/// A weight file of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WeightFile {
    path: PathBuf,
    /// The part of the name between the stem and the format; empty for a file without a variant.
    variant: String,
    /// The rank among files of the same variant: an earlier stem, safetensors and a single file are preferred.
    rank: (usize, bool, bool),
}

/// Selects the weight file of a variant. Without `wanted`, the file without a variant or the only variant is selected. Returns the
/// path and a note about a default choice.
pub(super) fn weights_of(folder: &Path, wanted: Option<&str>) -> Result<(PathBuf, Option<String>), Error> {
    let mut files = weight_files(folder);
    files.sort_by_key(|file| (file.variant.clone(), Reverse(file.rank)));
    let variants: BTreeSet<&str> = files.iter().map(|file| file.variant.as_str()).collect();
    let of = |variant: &str| files.iter().find(|file| file.variant == variant).map(|file| file.path.clone());
    let named = || variants.iter().filter(|name| !name.is_empty()).copied().collect::<Vec<_>>();
    if let Some(wanted) = wanted {
        return of(wanted).map(|path| (path, None)).ok_or_else(|| Error::Variant {
            path: folder.to_path_buf(),
            wanted: Some(wanted.to_string()),
            found: list(&named()),
        });
    }
    if let Some(path) = of("") {
        return Ok((path, None));
    }
    match named().as_slice() {
        // If no file exists, the error of reading names the expected file.
        [] => Ok((folder.join(super::WEIGHTS), None)),
        [only] => {
            let path = of(only).unwrap_or_default();
            let note =
                format!("weights: the variant `{only}`, which is the only one in {}", folder.display());
            Ok((path, Some(note)))
        }
        several => Err(Error::Variant { path: folder.to_path_buf(), wanted: None, found: list(several) }),
    }
}

fn list(names: &[&str]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn weight_files(folder: &Path) -> Vec<WeightFile> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| weight_file(folder, entry.file_name().to_str()?)).collect()
}

/// The variant and the rank of a file, from its name. Returns `None` for a single shard and for files that are not weights.
fn weight_file(folder: &Path, name: &str) -> Option<WeightFile> {
    let (at, stem) = STEMS
        .iter()
        .enumerate()
        .find(|(_, stem)| name.strip_prefix(**stem).is_some_and(|rest| rest.starts_with('.')))?;
    let mut parts: Vec<&str> = name[stem.len() + 1..].split('.').collect();
    let is_index = parts.last() == Some(&"json");
    if is_index {
        parts.pop();
        let index = parts.iter().position(|part| *part == "index")?;
        parts.remove(index);
    }
    let format = parts.iter().position(|part| ["safetensors", "bin", "pt", "pth", "ckpt"].contains(part))?;
    let is_safetensors = parts.remove(format) == "safetensors";
    let rank = (STEMS.len() - at, is_safetensors, !is_index);
    Some(WeightFile { path: folder.join(name), variant: parts.join("."), rank })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (name, variant, is_index) in [
            ("diffusion_pytorch_model.safetensors", "", false),
            ("diffusion_pytorch_model.bin", "", false),
            ("diffusion_pytorch_model.fp16.bin", "fp16", false),
            ("diffusion_pytorch_model.non_ema.safetensors", "non_ema", false),
            ("diffusion_pytorch_model.safetensors.index.json", "", true),
            ("diffusion_pytorch_model.safetensors.index.fp16.json", "fp16", true),
            ("diffusion_pytorch_model.fp16.safetensors.index.json", "fp16", true),
            ("model.safetensors", "", false),
        ] {
            let file = weight_file(Path::new(""), name).unwrap();
            assert_eq!((file.variant.as_str(), !file.rank.2), (variant, is_index), "{name}");
        }
        for other in [
            "config.json",
            "diffusion_pytorch_model-00001-of-00002.safetensors",
            "model_index.json",
            "optimizer.bin",
        ] {
            assert_eq!(weight_file(Path::new(""), other), None, "{other}");
        }
    }
}
