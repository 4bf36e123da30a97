//! Checks of README.md and docs that need neither LibTorch nor the tweedie binary.

use crate::arguments::Arguments;
use crate::cargo;
use clap::{CommandFactory, Parser};
use std::collections::BTreeSet;
use std::path::Path;
use tweedie_testing::markdown::{Document, XTASK_COMMANDS, documents};

fn read() -> Vec<Document> {
    let documents = documents();
    assert!(documents.len() > 3, "only {} documents were found", documents.len());
    documents
}

#[test]
fn commands_of_xtask_are_parsed() {
    let definition = Arguments::command();
    let ours: BTreeSet<&str> = definition.get_subcommands().map(clap::Command::get_name).collect();
    assert_eq!(ours, BTreeSet::from(XTASK_COMMANDS));
    let mut parsed = 0;
    for command in read().iter().flat_map(Document::commands) {
        let words = || std::iter::once("xtask").chain(command.words.iter().map(String::as_str));
        if command.is_of_xtask() && !command.is_abbreviated() {
            let result = Arguments::try_parse_from(words());
            assert!(
                result.is_ok(),
                "{}: {}",
                command.place,
                result.err().map(|e| e.to_string()).unwrap_or_default()
            );
            parsed += 1;
        }
    }
    assert!(parsed > 10, "only {parsed} commands were found");
}

#[test]
fn links_lead_to_files_and_headings() {
    let documents = read();
    let mut followed = 0;
    for document in &documents {
        let folder = document.path.parent().unwrap_or(&document.path);
        for link in document.links().iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = if file.is_empty() { document.path.clone() } else { folder.join(file) };
            assert!(path.exists(), "{}: {link} leads nowhere", document.name());
            if !anchor.is_empty() {
                let target =
                    documents.iter().find(|other| other.path.canonicalize().ok() == path.canonicalize().ok());
                let anchors = target.map(Document::anchors).unwrap_or_default();
                assert!(
                    anchors.iter().any(|known| known == anchor),
                    "{}: {link} is not in {anchors:?}",
                    document.name()
                );
            }
            followed += 1;
        }
    }
    assert!(followed > 30, "only {followed} links were found");
}

#[test]
fn the_book_has_every_page() {
    let documents = read();
    let summary = documents.iter().find(|document| document.name() == "SUMMARY.md").expect("docs/SUMMARY.md");
    let links = summary.links();
    for page in documents.iter().filter(|document| document.path.parent() == summary.path.parent()) {
        let is_listed = links.iter().any(|link| *link == page.name());
        assert!(is_listed || page.name() == "SUMMARY.md", "{} is not in SUMMARY.md", page.name());
    }
}

/// The paths of all files and folders below a folder, relative to the workspace, folders with `/` at the end.
fn paths(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder of the workspace").flatten() {
        let path = entry.path();
        let relative = path.strip_prefix(cargo::workspace()).unwrap_or(&path).display().to_string();
        if path.is_dir() {
            found.push(format!("{relative}/"));
            paths(&path, found);
        } else {
            found.push(relative);
        }
    }
}

/// The files and folders that ARCHITECTURE.md names exist: those of a crate's section in that crate, others anywhere.
#[test]
fn the_architecture_names_files_that_exist() {
    let mut known = Vec::new();
    ["crates", "xtask/src", "benches"]
        .iter()
        .for_each(|folder| paths(&cargo::workspace().join(folder), &mut known));
    let documents = read();
    let architecture =
        documents.iter().find(|document| document.name() == "ARCHITECTURE.md").expect("ARCHITECTURE.md");
    let mut checked = 0;
    for section in architecture.text.split("\n## ").flat_map(|part| part.split("\n### ")) {
        let heading = section.lines().next().unwrap_or_default();
        let of = heading.strip_prefix("`crates/").and_then(|rest| rest.split('`').next());
        let prefix = of.map_or(String::new(), |name| format!("crates/{name}/"));
        let section = Document { text: section.to_string(), ..architecture.clone() };
        for name in section.spans().iter().filter(|name| name.ends_with(".rs") || name.ends_with('/')) {
            let is_it = |path: &String| {
                let path = path.strip_prefix(&prefix);
                path.is_some_and(|path| path == name || path.ends_with(&format!("/{name}")))
            };
            let exists = known.iter().any(is_it) || ["benches/", "fixtures/"].contains(&name.as_str());
            assert!(exists, "`{heading}` names {name}, which does not exist");
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} names were found");
}

/// The sources of the programs and libraries, one after another, with strings over several lines joined.
fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).expect("a folder of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, text);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let source = std::fs::read_to_string(&path).expect("a source");
            text.extend(
                source
                    .split("\\\n")
                    .enumerate()
                    .map(|(i, part)| if i == 0 { part } else { part.trim_start() }),
            );
        }
    }
}

/// The messages in the first column of the tables of docs/troubleshooting.md are those of the sources.
#[test]
fn the_messages_of_troubleshooting_exist() {
    let mut text = String::new();
    for folder in std::fs::read_dir(cargo::workspace().join("crates")).expect("crates").flatten() {
        sources(&folder.path().join("src"), &mut text);
    }
    sources(&cargo::workspace().join("xtask/src/setup"), &mut text);
    let documents = read();
    let page = documents
        .iter()
        .find(|document| document.name() == "troubleshooting.md")
        .expect("troubleshooting.md");
    let mut checked = 0;
    for row in page.text.lines().filter(|line| line.starts_with('|')) {
        let symptom = row.split('|').nth(1).unwrap_or_default();
        for message in symptom.split('`').skip(1).step_by(2).filter(|span| span.contains(' ')) {
            for part in message.split('…').map(|part| part.trim_matches([' ', ',', ';', ':'])) {
                assert!(text.contains(part), "no source holds `{part}` of the message `{message}`");
                checked += 1;
            }
        }
    }
    assert!(checked > 50, "only {checked} parts of messages were found");
}

/// Every line of the README's Rust is part of a program in docs/rust.md, which is compiled as a test.
#[test]
fn the_readmes_rust_is_compiled() {
    let documents = read();
    let code = |name: &str| -> Vec<String> {
        let page =
            documents.iter().find(|document| document.name() == name).map(Document::code).unwrap_or_default();
        let rust = page.into_iter().filter(|(_, language, _)| language.starts_with("rust"));
        rust.map(|(.., line)| line.trim().to_string()).filter(|line| !line.is_empty()).collect()
    };
    let (readme, compiled) = (code("README.md"), code("rust.md"));
    assert!(!readme.is_empty());
    for line in readme {
        assert!(compiled.contains(&line), "docs/rust.md does not hold `{line}`");
    }
}

/// Formulas stand between `$` in a line of text and between `$$` in a paragraph.
#[test]
fn formulas_are_closed() {
    let mut formulas = 0;
    for document in read() {
        for paragraph in document.prose().split("\n\n") {
            let text: String = paragraph.split('`').step_by(2).collect();
            let displayed = text.matches("$$").count();
            let inline = text.replace("$$", "").matches('$').count();
            assert!(
                displayed.is_multiple_of(2) && inline.is_multiple_of(2),
                "{}: an open formula in: {text}",
                document.name()
            );
            formulas += displayed / 2 + inline / 2;
        }
    }
    assert!(formulas > 100, "only {formulas} formulas were found");
}

#[test]
fn the_readme_is_short() {
    let documents = read();
    let lines = documents
        .iter()
        .find(|document| document.name() == "README.md")
        .map(|readme| readme.text.lines().count());
    assert!(
        lines.is_some_and(|lines| lines <= 130),
        "README.md has {lines:?} lines; it should have at most 130"
    );
}
