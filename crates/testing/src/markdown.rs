//! The documents of the workspace, as tests read them: commands, code spans, headings and links.

use std::path::{Path, PathBuf};

/// The commands that `cargo xtask` runs itself. All others are commands of the `tweedie` binary.
pub const XTASK_COMMANDS: [&str; 10] =
    ["setup", "test", "ci", "bench", "quality", "mutations", "faults", "fixtures", "digests", "doctor"];

/// A Markdown document.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// A command line in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownCommand {
    /// The file and, for a code block, the line.
    pub place: String,
    /// The arguments after `cargo xtask` or `tweedie`.
    pub words: Vec<String>,
}

impl ShownCommand {
    /// Whether `cargo xtask` runs the command itself.
    pub fn is_of_xtask(&self) -> bool {
        self.words.first().is_some_and(|word| XTASK_COMMANDS.contains(&word.as_str()))
    }

    /// Whether words are left out, for which `…` or `COMMAND` stand.
    pub fn is_abbreviated(&self) -> bool {
        self.words.iter().any(|word| word.contains('…') || word == "COMMAND")
    }
}

/// README.md, ARCHITECTURE.md, CONTRIBUTING.md and every page in `docs`.
///
/// # Panics
/// When a document cannot be read.
pub fn documents() -> Vec<Document> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths: Vec<PathBuf> =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| root.join(name)).to_vec();
    let pages = std::fs::read_dir(root.join("docs")).unwrap_or_else(|error| panic!("docs: {error}"));
    let mut pages: Vec<PathBuf> = pages.flatten().map(|entry| entry.path()).collect();
    pages.retain(|path| path.extension().is_some_and(|kind| kind == "md"));
    pages.sort();
    paths.extend(pages);
    let read = |path: PathBuf| {
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Document { path, text }
    };
    paths.into_iter().map(read).collect()
}

impl Document {
    /// The name of the file.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().to_string()
    }

    /// The lines of code blocks with their numbers and the language of the block; lines that end in `\` are joined with the next.
    pub fn code(&self) -> Vec<(usize, String, String)> {
        let (mut lines, mut language, mut open) = (Vec::new(), None::<String>, None::<(usize, String)>);
        for (number, line) in self.text.lines().enumerate() {
            if let Some(fence) = line.trim_start().strip_prefix("```") {
                language = if language.is_some() { None } else { Some(fence.trim().to_string()) };
            } else if let Some(language) = &language {
                let (number, mut whole) = open.take().unwrap_or((number + 1, String::new()));
                let (part, goes_on) = line.strip_suffix('\\').map_or((line, false), |part| (part, true));
                whole += part;
                if goes_on {
                    open = Some((number, whole));
                } else {
                    lines.push((number, language.clone(), whole));
                }
            }
        }
        lines
    }

    /// The text without code blocks.
    pub fn prose(&self) -> String {
        let (mut prose, mut is_code) = (String::new(), false);
        for line in self.text.lines() {
            if line.trim_start().starts_with("```") {
                is_code = !is_code;
            } else if !is_code {
                prose += line;
            }
            prose.push('\n');
        }
        prose
    }

    /// The texts between single backticks outside code blocks, with line breaks as spaces.
    pub fn spans(&self) -> Vec<String> {
        let prose = self.prose();
        let mut spans = Vec::new();
        for paragraph in prose.split("\n\n") {
            spans.extend(paragraph.split('`').skip(1).step_by(2).map(|span| span.replace('\n', " ")));
        }
        spans
    }

    /// The command lines in code blocks without a language or of a shell, and in code spans.
    pub fn commands(&self) -> Vec<ShownCommand> {
        let mut commands = Vec::new();
        let mut add = |place: String, line: &str| {
            for words in split(line) {
                if let Some(words) = arguments(&words) {
                    commands.push(ShownCommand { place: place.clone(), words });
                }
            }
        };
        for (number, language, line) in self.code() {
            if ["", "sh", "bash", "console"].contains(&language.as_str()) {
                add(format!("{}, line {number}", self.name()), &line);
            }
        }
        for span in self.spans() {
            add(format!("{}, `{span}`", self.name()), &span);
        }
        commands
    }

    /// The anchors of the headings, as GitHub and mdbook form them.
    pub fn anchors(&self) -> Vec<String> {
        let prose = self.prose();
        let headings = prose.lines().filter(|line| line.starts_with('#'));
        headings.map(|line| slug(line.trim_start_matches('#').trim())).collect()
    }

    /// The targets of links and images outside code.
    pub fn links(&self) -> Vec<String> {
        let without_code: String = self.prose().split('`').step_by(2).collect();
        let targets = without_code.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        targets.map(ToString::to_string).collect()
    }
}

fn slug(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|letter| letter.is_alphanumeric() || ['-', '_'].contains(letter)).collect()
}

/// The arguments of a command of ours: after variables, a prompt, and `cargo xtask` or `tweedie`.
fn arguments(words: &[String]) -> Option<Vec<String>> {
    let is_variable = |word: &&String| {
        word.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    };
    let words: Vec<&String> = words.iter().skip_while(|word| is_variable(word) || *word == "$").collect();
    let skipped = match words.as_slice() {
        [first, second, _, ..] if *first == "cargo" && *second == "xtask" => 2,
        [first, _, ..] if *first == "tweedie" || first.ends_with("/tweedie") => 1,
        _ => return None,
    };
    let is_ours = |word: &&&String| ![">", "|"].contains(&word.as_str());
    Some(words[skipped..].iter().take_while(is_ours).map(ToString::to_string).collect())
}

/// The words of each command of a line, split as a shell does: quotes, `;`, `&&`, and comments after `#`.
pub fn split(line: &str) -> Vec<Vec<String>> {
    let (mut commands, mut words, mut word) = (Vec::new(), Vec::new(), None::<String>);
    let mut quote = None;
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), letter) if open == letter => quote = None,
            (Some(_), letter) => word.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ';') => {
                words.extend(word.take());
                commands.push(std::mem::take(&mut words));
            }
            (None, letter) if letter.is_whitespace() => {
                if word.as_deref() == Some("&&") {
                    word = None;
                    commands.push(std::mem::take(&mut words));
                }
                words.extend(word.take());
            }
            (None, letter) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    commands.push(words);
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        Document { path: "docs/page.md".into(), text: text.into() }
    }

    #[test]
    fn commands_are_found_in_blocks_and_spans() {
        let page = document(
            "Run `cargo xtask train\n--dry-run`, or `cargo build`.\n\n```\nA=1 cargo xtask test -- x  # comment\n\
             tweedie sample M -n 4 \\\n  --set 'a={b=\"c d\"}'; $ bin/tweedie runs > file\n```\n\n```rust\ntweedie no(x)\n```\n",
        );
        let words: Vec<String> = page.commands().iter().map(|command| command.words.join("|")).collect();
        assert_eq!(words, ["test|--|x", "sample|M|-n|4|--set|a={b=\"c d\"}", "runs", "train|--dry-run"]);
        assert!(page.commands()[0].is_of_xtask() && !page.commands()[1].is_of_xtask());
    }

    #[test]
    fn links_and_anchors_are_found() {
        let page = document(
            "# Which sampler for what?\n\n[a](b.md#c) ![d](e.png) `[f](g)`\n\n```\n[h](i)\n# j\n```\n",
        );
        assert_eq!(page.links(), ["b.md#c", "e.png"]);
        assert_eq!(page.anchors(), ["which-sampler-for-what"]);
    }
}
