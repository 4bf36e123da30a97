//! What a run has computed, without the times of its clocks, so that two runs can be compared bit for bit.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

/// The files of a run by their names, without times.
pub type Outcome = BTreeMap<String, Vec<u8>>;

/// The files that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The results: the last checkpoint, the stored averages and the metrics.
    Results,
    /// Every file whose content does not depend on the clock.
    Everything,
}

/// Keys of JSON files whose values are times, or checksums of files with times.
const TIMES: [&str; 5] = ["clock", "seconds", "log", "resume/state.json", "resume/checksums.json"];

/// Reads the files of a run. Files that are full of times, and files that are not regular, are left out.
pub fn outcome(run: &Path) -> io::Result<Outcome> {
    let mut found = Outcome::new();
    for path in files(run)? {
        let name = name_in(run, &path);
        let has_times = ["lock", "index.html"].contains(&name.as_str()) || name.contains("tfevents");
        if !has_times && std::fs::metadata(&path).is_ok_and(|facts| facts.is_file()) {
            found.insert(name.clone(), without_times(&name, std::fs::read(&path)?));
        }
    }
    Ok(found)
}

/// The names of the files in a scope that differ, or that only one of two runs has. `last` is the name of the last checkpoint.
pub fn differences(found: &Outcome, expected: &Outcome, scope: Scope, last: &str) -> Vec<String> {
    let checkpoint = format!("checkpoints/{last}/");
    let is_result = |name: &str| {
        name == "metrics.jsonl" || name.starts_with("averages/") || name.starts_with(&checkpoint)
    };
    let names: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let names = names.into_iter().filter(|name| scope == Scope::Everything || is_result(name));
    names.filter(|name| found.get(*name) != expected.get(*name)).cloned().collect()
}

/// The paths below a folder that an atomic writer left unfinished.
pub fn partial(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let is_partial = |path: &PathBuf| path.iter().any(|part| part.to_string_lossy().ends_with(".partial"));
    Ok(entries(folder)?.into_iter().filter(is_partial).collect())
}

/// Everything below a folder that is not a folder, sorted.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_symlink() || !path.is_dir()).collect())
}

/// Everything below a folder, sorted. Symbolic links are not followed.
pub fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The path of a file relative to its run.
pub fn name_in(run: &Path, path: &Path) -> String {
    path.strip_prefix(run).unwrap_or(path).display().to_string()
}

/// The content of a file without the times in it. Content that cannot be parsed is unchanged.
fn without_times(name: &str, bytes: Vec<u8>) -> Vec<u8> {
    let plain = |bytes: &[u8]| {
        let mut value: Value = serde_json::from_slice(bytes).ok()?;
        remove_times(&mut value);
        Some(value.to_string().into_bytes())
    };
    if name.ends_with(".jsonl") {
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        return lines.flat_map(|line| plain(line).unwrap_or_else(|| line.to_vec())).collect();
    }
    if name.ends_with(".json") { plain(&bytes).unwrap_or(bytes) } else { bytes }
}

fn remove_times(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|key, _| {
                !TIMES.iter().any(|time| key == time || time.strip_prefix("resume/") == Some(key))
            });
            members.values_mut().for_each(remove_times);
        }
        Value::Array(elements) => elements.iter_mut().for_each(remove_times),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(name: &str, text: &str) -> String {
        String::from_utf8(without_times(name, text.into())).unwrap()
    }

    #[test]
    fn only_times_are_left_out() {
        assert_eq!(
            plain("metrics.jsonl", "{\"loss\":0.1,\"clock\":{\"seconds\":1.5}}\n{\"lo"),
            "{\"loss\":0.1}{\"lo"
        );
        assert_eq!(
            plain("a/state.json", "{\"progress\": {\"seconds\": 3, \"n\": 4}}"),
            "{\"progress\":{\"n\":4}}"
        );
        let sums = "{\"unet/config.json\": \"ab\", \"resume/state.json\": \"cd\"}";
        assert_eq!(plain("resume/checksums.json", sums), "{\"unet/config.json\":\"ab\"}");
        assert_eq!(plain("config.toml", "seconds = 1"), "seconds = 1");
    }

    #[test]
    fn differences_are_named_within_their_scope() {
        let of = |list: &[(&str, &str)]| -> Outcome {
            list.iter().map(|(name, text)| (name.to_string(), text.as_bytes().to_vec())).collect()
        };
        let expected = of(&[("checkpoints/8/a", "1"), ("checkpoints/4/a", "1"), ("samples/8.png", "1")]);
        assert_eq!(differences(&expected, &expected, Scope::Everything, "8"), [""; 0]);
        let found = of(&[("checkpoints/8/a", "2"), ("checkpoints/4/a", "2"), ("averages/8", "1")]);
        assert_eq!(differences(&found, &expected, Scope::Results, "8"), ["averages/8", "checkpoints/8/a"]);
        assert_eq!(differences(&found, &expected, Scope::Everything, "8").len(), 4);
    }
}
