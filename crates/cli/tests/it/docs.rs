//! What `docs/derivation.md` names is there: every function and every test.

use std::path::Path;

/// All Rust sources below a folder, one after another.
fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for (path, bytes) in crate::files(folder) {
        if path.extension().is_some_and(|kind| kind == "rs") {
            all.push_str(&crate::text(&bytes.unwrap_or_default()));
        }
    }
    all
}

/// The names between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn the_derivation_names_what_there_is() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let chapter = std::fs::read_to_string(crates.join("../docs/derivation.md")).unwrap();
    let (mut functions, mut tests) = (0, 0);
    for line in chapter.lines().filter(|line| line.starts_with("Computed by")) {
        let (computed, proven) = line.split_once("proven by").unwrap_or((line, ""));
        for name in quoted(computed) {
            let (package, _) = name.split_once("::").unwrap();
            let package = package.strip_prefix("tweedie_").unwrap();
            let item = name.rsplit("::").next().unwrap();
            let source = sources(&crates.join(package).join("src"));
            let is_there = ["fn", "struct", "enum", "trait"].iter().any(|kind| {
                [" ", "(", "<"].iter().any(|end| source.contains(&format!("{kind} {item}{end}")))
            });
            assert!(is_there, "there is no {name}");
            functions += 1;
        }
        let mut package = "";
        for name in quoted(proven) {
            let test = match name.split_once(" tests: ") {
                Some((of, test)) => {
                    package = of;
                    test
                }
                None => name,
            };
            let function = test.rsplit("::").next().unwrap();
            let source = sources(&crates.join(package).join("tests/it"));
            assert!(source.contains(&format!("fn {function}(")), "{package} has no test {test}");
            tests += 1;
        }
    }
    assert!(functions > 30 && tests > 60, "only {functions} functions and {tests} tests were found");
    for figure in chapter.split("](figures/").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(crates.join("../docs/figures").join(figure).is_file(), "there is no figure {figure}");
    }
}
