//! What the chapters below `docs` name is there: functions, tests, flags, figures.

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

/// The flags, samplers, tests and images that the guide to samplers names are there.
#[test]
fn the_guide_to_samplers_names_what_there_is() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guide = std::fs::read_to_string(crates.join("../docs/sampling.md")).unwrap();
    let place = crate::place();
    let help: String = ["sample", "invert", "reconstruct", "compare", "evaluate samples"]
        .iter()
        .map(|command| crate::succeeds(crate::tweedie(place.path()).args(command.split(' ')).arg("--help")))
        .collect();
    let mut flags = 0;
    // Other programs have flags of their own.
    let ours = quoted(&guide).into_iter().filter(|span| !span.contains(".py") && !span.contains("cargo"));
    for word in ours.flat_map(str::split_whitespace) {
        if let Some(flag) = word.strip_prefix("--").filter(|flag| !flag.is_empty()) {
            assert!(help.contains(&format!("--{flag}")), "there is no flag --{flag}");
            flags += 1;
        }
    }
    assert!(flags > 15, "only {flags} flags were found");
    for name in quoted(&guide).into_iter().filter(|name| name.ends_with(".rs")) {
        let file = crates.join("samplers/tests/it").join(name.rsplit('/').next().unwrap());
        assert!(file.is_file(), "there is no test {name}");
    }
    for (_, name, ..) in tweedie_models::sampling::Sampler::ALL {
        let named = guide.contains(&format!("`{name}")) || name.ends_with("_sde");
        assert!(named, "the guide does not name {name}");
    }
    for image in guide.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        let is_here = image.starts_with('#') || crates.join("../docs").join(image).exists();
        assert!(is_here, "there is no {image}");
    }
}
