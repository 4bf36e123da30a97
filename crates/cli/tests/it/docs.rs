//! Everything that README.md and the pages of `docs` name exists: commands, flags, settings, functions, tests, figures.

/// The definition of the command line, of which the tests use a part.
#[path = "../../src/arguments/mod.rs"]
#[allow(dead_code, unused_imports)]
mod arguments;

use arguments::{Arguments, Command, ConfigSource, Data, Evaluate};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use std::collections::BTreeSet;
use std::path::Path;
use tweedie_applications::recipes::{PRESETS, RunConfig, Source};
use tweedie_testing::markdown::{Document, ShownCommand, documents, split};

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

/// README.md and the pages of docs, which are written for users.
fn pages() -> Vec<Document> {
    let developers = ["ARCHITECTURE.md", "CONTRIBUTING.md"];
    documents().into_iter().filter(|document| !developers.contains(&document.name().as_str())).collect()
}

/// The commands of the binary in all documents, without abbreviated ones.
fn shown() -> Vec<ShownCommand> {
    let commands = documents().iter().flat_map(Document::commands).collect::<Vec<_>>();
    let commands: Vec<ShownCommand> =
        commands.into_iter().filter(|command| !command.is_of_xtask() && !command.is_abbreviated()).collect();
    assert!(commands.len() > 80, "only {} commands were found", commands.len());
    commands
}

/// The arguments of a command, or `None` for one that prints help, and for a command that is mentioned by its name alone.
fn parsed(command: &ShownCommand) -> Option<Arguments> {
    let words = std::iter::once("tweedie").chain(command.words.iter().map(String::as_str));
    match Arguments::try_parse_from(words) {
        Ok(arguments) => Some(arguments),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => None,
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument && command.words.len() == 1 => None,
        Err(error) => panic!("{}: {error}", command.place),
    }
}

#[test]
fn every_command_is_parsed() {
    let used: BTreeSet<String> =
        shown().iter().inspect(|command| drop(parsed(command))).map(|it| it.words[0].clone()).collect();
    for command in Arguments::command().get_subcommands() {
        assert!(used.contains(command.get_name()), "no document shows `{}`", command.get_name());
    }
}

/// Where a command takes its configuration from.
fn source_of(command: &Command) -> Option<&ConfigSource> {
    match command {
        Command::Train(options) => Some(&options.source),
        Command::Reconstruct(options) => Some(&options.source),
        Command::Data { command: Data::Preview(options) } => Some(&options.source),
        Command::Evaluate { command: Evaluate::Samples(options) } => Some(&options.source),
        Command::Evaluate { command: Evaluate::Likelihood(options) } => Some(&options.source),
        _ => None,
    }
}

#[test]
fn every_commands_configuration_is_resolved() {
    let place = crate::place();
    let mut resolved = 0;
    for command in shown() {
        let Some(arguments) = parsed(&command) else { continue };
        let Some(source) = source_of(&arguments.command).map(ConfigSource::source) else { continue };
        if source.preset.is_none() && source.set.is_empty() {
            continue;
        }
        // Files that a command names do not exist here: the changes apply to the preset.
        let data = source.data.as_ref().map(|_| place.path().to_path_buf());
        let result = RunConfig::resolve(&Source { config: None, data, ..source });
        assert!(
            result.is_ok(),
            "{}: {}",
            command.place,
            result.err().map(|error| error.to_string()).unwrap_or_default()
        );
        resolved += 1;
    }
    assert!(resolved > 20, "only {resolved} configurations were found");
}

/// The results of one change on every preset that it may belong to.
fn changed(change: &str, place: &Path) -> Vec<Result<(), String>> {
    let resolve = |name: &&str| {
        let data = (!name.starts_with("shapes")).then(|| place.to_path_buf());
        let source =
            Source { preset: Some((*name).into()), set: vec![change.into()], data, ..Source::default() };
        RunConfig::resolve(&source).map(|_| ()).map_err(|error| error.to_string())
    };
    PRESETS.iter().map(resolve).collect()
}

/// The key of a setting, as in `training.batch` and `data.channels = 1`.
fn key_of(span: &str) -> Option<&str> {
    let key = span.split_once('=').map_or(span, |(key, _)| key).trim();
    let (part, rest) = key.split_once('.')?;
    let is_part = ["data", "network", "model", "sampling", "training", "objective"].contains(&part);
    let is_name = |text: &str| {
        text.chars()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._".contains(letter))
    };
    let is_file = [".rs", ".md", ".json", ".toml", ".tar"].iter().any(|ending| key.ends_with(ending));
    (is_part && is_name(rest) && !is_file).then_some(key)
}

/// Settings in the text: a value must suit at least one preset, and a key must be known to at least one.
#[test]
fn every_setting_in_the_text_exists() {
    let place = crate::place();
    let mut checked = 0;
    for page in pages() {
        for span in page.spans() {
            let words = split(&span).concat();
            let changes: Vec<&str> = match words.as_slice() {
                [set, changes @ ..] if set == "--set" => {
                    changes.iter().map(String::as_str).filter(|word| *word != "--set").collect()
                }
                _ => key_of(&span).map(|_| span.as_str()).into_iter().collect(),
            };
            for change in changes.into_iter().filter(|change| !change.contains('…') && *change != "KEY=VALUE")
            {
                let is_there = if change.contains('=') {
                    changed(change, place.path()).iter().any(Result::is_ok)
                } else {
                    let unknown = |result: &Result<(), String>| {
                        result.as_ref().is_err_and(|error| error.contains("unknown key"))
                    };
                    !changed(&format!("{change}=\"?\""), place.path()).iter().all(unknown)
                };
                assert!(is_there, "{}: `{change}` is a setting of no preset", page.name());
                checked += 1;
            }
        }
    }
    assert!(checked > 40, "only {checked} settings were found");
}

/// The long flags of a command and of those below it.
fn flags(command: &clap::Command, found: &mut BTreeSet<String>) {
    found.extend(command.get_arguments().filter_map(clap::Arg::get_long).map(|flag| format!("--{flag}")));
    command.get_subcommands().for_each(|command| flags(command, found));
}

#[test]
fn every_flag_in_the_text_exists() {
    let mut known: BTreeSet<String> =
        ["--cuda", "--cpu", "--explore", "--help", "--version"].map(String::from).into();
    flags(&Arguments::command(), &mut known);
    let mut checked = 0;
    for page in pages() {
        // Whole commands are parsed by other tests, and other programs have flags of their own.
        let spans =
            page.spans().into_iter().filter(|span| !span.starts_with("cargo ") && !span.contains(".py"));
        for word in spans.flat_map(|span| split(&span).concat()) {
            let flag = word.split('=').next().unwrap_or_default();
            if flag.starts_with("--") && flag.len() > 2 {
                assert!(known.contains(flag), "{}: there is no flag {flag}", page.name());
                checked += 1;
            }
        }
    }
    assert!(checked > 40, "only {checked} flags were found");
}

#[test]
fn the_help_of_xtask_lists_every_command() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let source = std::fs::read_to_string(workspace.join("xtask/src/arguments.rs")).unwrap();
    for command in Arguments::command().get_subcommands() {
        let entry = format!("(\"{}\",", command.get_name());
        assert!(source.contains(&entry), "xtask/src/arguments.rs does not list {}", command.get_name());
    }
}

/// The guide to samplers names every sampler and tests that exist, and the page on training every preset.
#[test]
fn the_pages_name_all_samplers_and_presets() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = |name: &str| pages().into_iter().find(|page| page.name() == name).unwrap();
    let guide = page("sampling.md");
    for name in guide.spans().iter().filter(|name| name.ends_with(".rs")) {
        let file = crates.join("samplers/tests/it").join(name.rsplit('/').next().unwrap());
        assert!(file.is_file(), "there is no test {name}");
    }
    for (_, name, ..) in tweedie_models::sampling::Sampler::ALL {
        let named = guide.text.contains(&format!("`{name}`")) || name.ends_with("_sde");
        assert!(named, "the guide does not name {name}");
    }
    let train = page("train.md");
    for name in PRESETS {
        assert!(train.text.contains(&format!("`{name}`")), "docs/train.md does not name the preset {name}");
    }
}
