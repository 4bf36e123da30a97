//! The walls of the workspace, as ARCHITECTURE.md states them.

mod reading;
mod words;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What each package takes as a normal dependency, without `tweedie-` in front.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let short = |name: &Value| name.as_str().unwrap().trim_start_matches("tweedie-").to_string();
    let of = |package: &Value| {
        let list = package["dependencies"].as_array().unwrap().iter();
        let normal =
            list.filter(|dependency| dependency["kind"].is_null() && dependency["optional"] == false);
        normal.map(|dependency| short(&dependency["name"])).collect()
    };
    metadata()["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (short(&package["name"]), of(package)))
        .collect()
}

#[test]
fn imports_go_one_way() {
    /// A crate may take what stands before it in this order, and nothing else of ours.
    const ORDER: [&str; 13] = [
        "math",
        "files",
        "samplers",
        "weights",
        "data",
        "report",
        "torch",
        "networks",
        "models",
        "training",
        "evaluation",
        "applications",
        "cli",
    ];
    /// What does not take everything before it, and all that it takes.
    const NARROW: [(&str, &[&str]); 8] = [
        ("files", &[]),
        ("samplers", &["math"]),
        ("weights", &["files"]),
        ("data", &["math", "files", "weights"]),
        ("report", &[]),
        ("torch", &[]),
        ("networks", &["math", "torch", "weights"]),
        ("models", &["math", "files", "samplers", "weights", "torch", "networks"]),
    ];
    let found = dependencies();
    for (place, name) in ORDER.iter().enumerate() {
        let narrow = NARROW.iter().find(|(narrow, _)| narrow == name);
        let allowed = narrow.map_or(&ORDER[..place], |(_, allowed)| allowed);
        for dependency in found[*name].iter().filter(|dependency| ORDER.contains(&dependency.as_str())) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not import {dependency}");
        }
    }
    let evaluation = &found["evaluation"];
    assert!(!evaluation.contains("training"), "evaluation must not import training");
}

#[test]
fn libtorch_stays_behind_its_wall() {
    for (name, needs) in dependencies() {
        let may = ["torch", "networks", "models", "training", "evaluation", "applications", "cli", "benches"]
            .contains(&name.as_str());
        assert!(may || !needs.contains("tch"), "{name} must not need tch");
        assert!(name == "torch" || !needs.contains("torch-sys"), "{name} must not need torch-sys");
    }
}

#[test]
fn anyhow_belongs_to_programs() {
    for (name, needs) in dependencies() {
        let program = ["cli", "xtask", "benches"].contains(&name.as_str());
        assert!(program || !needs.contains("anyhow"), "{name} is a library and returns its own errors");
    }
}

/// Every Rust file below a folder of the workspace.
fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Fails for each line of the crates' own sources that holds one of the words, comments and strings left out crudely.
fn forbid(words: &[&str], why: &str, allowed: &[&str]) {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root().join("crates")).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().to_string();
        if !allowed.contains(&name.as_str()) && name != "testing" {
            sources(&entry.path().join("src"), &mut files);
        }
    }
    assert!(files.len() > 50, "only {} files were found", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (number, line) in
            code.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
        {
            for word in words {
                assert!(!line.contains(word), "{}:{}: {why}: {line}", file.display(), number + 1);
            }
        }
    }
}

#[test]
fn unsafe_lives_in_torch_alone() {
    forbid(
        &["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern"],
        "unsafe belongs to crates/torch",
        &["torch"],
    );
}

#[test]
fn only_programs_print() {
    forbid(&["println!", "eprintln!", "print!("], "libraries emit tracing events", &["cli"]);
}

/// Networks are evaluated in one file, so that the scaling of the input and the conditioning are only there.
#[test]
fn only_the_backbone_asks_a_network() {
    let mut files = Vec::new();
    for room in ["models", "training", "applications", "cli"] {
        sources(&root().join("crates").join(room).join("src"), &mut files);
    }
    let evaluates = |file: &&PathBuf| std::fs::read_to_string(file).unwrap().contains(".forward(");
    let found: Vec<&PathBuf> = files.iter().filter(evaluates).collect();
    assert!(matches!(found.as_slice(), [one] if one.ends_with("models/src/backbone/mod.rs")), "{found:?}");
}

#[test]
fn math_computes_in_f64_and_touches_no_files() {
    let mut files = Vec::new();
    sources(&root().join("crates/math/src"), &mut files);
    assert!(!files.is_empty());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for word in ["f32", "std::fs", "std::io", "tch::"] {
                assert!(!line.contains(word), "{}: math knows no {word}: {line}", file.display());
            }
        }
    }
}

#[test]
fn samplers_leave_the_gradient_mode_alone() {
    let mut files = Vec::new();
    sources(&root().join("crates/samplers/src"), &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for word in ["no_grad", "detach", "set_requires_grad"] {
            assert!(!text.contains(word), "{}: {word} would decide for the caller", file.display());
        }
    }
}

#[test]
fn nothing_names_the_machine_it_was_written_on() {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().unwrap();
    // A packaged copy has no history; the files are the same.
    let listed = String::from_utf8_lossy(&output.stdout).to_string();
    for name in listed.split('\0').filter(|name| !name.is_empty() && !name.ends_with("Cargo.lock")) {
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        for place in ["root", "home"] {
            assert!(!text.contains(&format!("/{place}/")), "{name} names a path below /{place}");
        }
    }
}
