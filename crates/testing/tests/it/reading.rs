//! Files are read through `tweedie-files`, which reads only regular files within a size, and the process is ended by `tweedie-torch`.

use crate::{root, sources};

/// Fails for each line of code that contains one of the words and none of the exempt ones, except in the given crates.
fn forbidden(except: &[&str], words: &[&str], exempt: &[&str]) {
    let mut files = Vec::new();
    for folder in std::fs::read_dir(root().join("crates")).unwrap().flatten() {
        if !except.contains(&folder.file_name().to_str().unwrap()) {
            sources(&folder.path().join("src"), &mut files);
        }
    }
    assert!(files.len() > 50);
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for (i, line) in code.lines().enumerate() {
            let is_exempt = exempt.iter().any(|word| line.contains(word));
            let is_comment = line.trim_start().starts_with("//");
            let word = words.iter().find(|word| line.contains(**word));
            if let Some(word) = word.filter(|_| !is_exempt && !is_comment) {
                panic!("{}:{}: {word} is not used here: {}", path.display(), i + 1, line.trim());
            }
        }
    }
}

#[test]
fn files_are_read_as_regular_files() {
    // The kernel's files are regular, and the folders of a run and of all runs are opened to be locked.
    let exempt = ["/proc/", "File::open(run)", "File::open(runs)"];
    forbidden(
        &["files", "testing"],
        &["fs::read(", "fs::read_to_string(", " File::open(", "(File::open("],
        &exempt,
    );
}

#[test]
fn a_name_that_is_no_file_does_not_count_as_absent() {
    // Entries of archives and of a listed folder, a file that is replaced by a download, and the test for an empty file.
    let exempt = ["entry", "kind.is_file()", "target.is_file()", "path.is_file() && std::fs::metadata"];
    forbidden(&["files", "testing"], &[".is_file()"], &exempt);
}

#[test]
fn the_process_is_ended_without_destructors() {
    forbidden(&["testing"], &["process::exit("], &[]);
}
