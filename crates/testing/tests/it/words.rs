//! Words that personify code stay out of sources and documents. CONTRIBUTING.md has the style guide.

use crate::{root, sources};
use std::path::PathBuf;

/// A network predicts and is conditioned on; a function returns; an option is given; data are images.
const WORDS: [&str; 15] = [
    "say", "says", "said", "saying", "tell", "tells", "told", "ask", "asks", "asked", "asking", "hear",
    "hears", "picture", "pictures",
];

/// What may hold such a word: former names that are still read, and the style guide's examples.
const ALLOWED: [&str; 4] = ["alias = \"told\"", "_pictures", "CONTRIBUTING.md", "former `--told`"];

fn documents() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].iter().map(|name| root().join(name)).collect();
    let pages = std::fs::read_dir(root().join("docs")).unwrap().flatten().map(|entry| entry.path());
    files.extend(pages.filter(|path| path.extension().is_some_and(|kind| kind == "md")));
    files
}

/// The words of a line, split where neither a letter nor an underscore stands.
fn words(line: &str) -> impl Iterator<Item = String> {
    line.split(|c: char| !c.is_alphabetic() && c != '_').map(str::to_lowercase)
}

/// Whether a line, named by its place, holds a word that it should not.
fn is_offence(place: &str, line: &str) -> bool {
    let is_allowed = ALLOWED.iter().any(|allowed| place.contains(allowed) || line.contains(allowed));
    !is_allowed && words(line).any(|word| WORDS.contains(&word.as_str()))
}

#[test]
fn sources_and_documents_use_the_terms_of_the_field() {
    let mut files = documents();
    for folder in ["crates", "xtask", "benches"] {
        let mut inside = Vec::new();
        sources(&root().join(folder), &mut inside);
        // Tests describe what is wrong in any words.
        inside.retain(|path| !path.components().any(|part| part.as_os_str() == "tests"));
        files.extend(inside);
    }
    assert!(files.len() > 300, "only {} files were found", files.len());
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let place = file.display().to_string();
        let lines = text.lines().enumerate().filter(|(_, line)| is_offence(&place, line));
        found.extend(lines.map(|(number, line)| format!("{place}:{}: {line}", number + 1)));
    }
    assert!(found.is_empty(), "{} lines, such as\n{}", found.len(), found[..found.len().min(10)].join("\n"));
}

#[test]
fn offences_are_seen() {
    for line in ["//! The network says x0.", "let asked = 1;", "/// Told once."] {
        assert!(is_offence("a.rs", line), "{line}");
    }
    for line in
        ["let tasked = told_apart;", "#[arg(long, alias = \"told\")]", "/// What the network predicts."]
    {
        assert!(!is_offence("a.rs", line), "{line}");
    }
}
