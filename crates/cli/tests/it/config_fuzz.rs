//! Configurations that a slip of the hand has changed.

use crate::{place, refusal, succeeds, text, tweedie};
use std::time::Instant;
use tweedie_math::random::{Key, Purpose, Stream};

/// Presets that need no files; their network is made small, for a dry run takes a step or two.
const PRESETS: [&str; 2] = [
    include_str!("../../../applications/presets/shapes.toml"),
    include_str!("../../../applications/presets/shapes-32.toml"),
];

/// What stands in a value's place.
const VALUES: [&str; 22] = [
    "",
    "0",
    "-1",
    "1",
    "3",
    "17",
    "1e400",
    "-0.5",
    "nan",
    "inf",
    "9223372036854775807",
    "99999999999999999999999",
    "true",
    "\"\"",
    "\"null\"",
    "\"cosine\"",
    "[]",
    "[0]",
    "[16, 16, 16]",
    "{}",
    "{ kind = \"uniform\" }",
    "1979-05-27",
];

/// Characters that are put in.
const LETTERS: [char; 12] = ['=', '[', ']', '"', '\n', '\t', '\0', '.', '#', 'é', '{', '_'];

struct Dice(Stream);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        (self.0.uniform() * n as f64) as usize
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// A preset with a small network.
fn small(preset: &str) -> String {
    let channels = |line: &str| match line.split_once(" = ") {
        Some(("block_out_channels", list)) => {
            format!("block_out_channels = {:?}\n", vec![8; list.split(',').count()])
        }
        Some((key @ ("attention_head_dim" | "norm_num_groups"), _)) => format!("{key} = 4\n"),
        _ => format!("{line}\n"),
    };
    preset.lines().map(channels).collect()
}

/// The lines of a dry run without the comments, which contain measured times.
fn configuration(printed: &str) -> String {
    printed.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect()
}

/// A text with one slip.
fn slipped(source: &str, dice: &mut Dice) -> String {
    let mut lines: Vec<String> =
        source.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(String::from).collect();
    let (at, other) = (dice.below(lines.len()), dice.below(lines.len()));
    let n = lines[at].chars().count();
    let place = |dice: &mut Dice| dice.below(n);
    match dice.below(7) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(other, lines[at].clone()),
        2 => lines.swap(at, other),
        3 => lines.truncate(at),
        4 => {
            let place = place(dice);
            let letter = dice.of(&LETTERS);
            lines[at] = lines[at]
                .chars()
                .enumerate()
                .flat_map(|(i, it)| if i == place { vec![letter, it] } else { vec![it] })
                .collect();
        }
        5 => {
            let place = place(dice);
            lines[at] = lines[at].chars().enumerate().filter(|(i, _)| *i != place).map(|it| it.1).collect();
        }
        _ => {
            if let Some((key, _)) = lines[at].clone().split_once(" = ") {
                lines[at] = format!("{key} = {}", dice.of(&VALUES));
            }
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_config_fuzzer_finds_nothing_but_sentences() {
    let place = place();
    let key = Key { seed: 20_061_865, image: 0, purpose: Purpose::EVALUATE, visit: 0, draw: 0 };
    let mut dice = Dice(Stream::new(key));
    let began = Instant::now();
    let mut refused = 0;
    for round in 0.. {
        // A few at least, however slow the machine is.
        if round >= 12 && began.elapsed() > tweedie_testing::fuzz_time() {
            assert!(refused > round / 10 && refused < round, "{refused} of {round} were refused");
            return;
        }
        let mut source = small(dice.of(&PRESETS));
        for _ in 0..=dice.below(2) {
            source = slipped(&source, &mut dice);
        }
        std::fs::write(place.path().join("it.toml"), &source).unwrap();
        let dry = ["train", "--dry-run", "--config", "it.toml"];
        let output = tweedie(place.path()).args(dry).output().unwrap();
        if output.status.success() {
            // What was understood is understood again.
            std::fs::write(place.path().join("it.toml"), &output.stdout).unwrap();
            let again = succeeds(tweedie(place.path()).args(dry));
            assert_eq!(configuration(&again), configuration(&text(&output.stdout)), "{source}");
        } else {
            let error = refusal(&output);
            assert!(error.contains("it.toml") || error.contains(" is "), "{error}\n{source}");
            refused += 1;
        }
        assert_eq!(crate::names_in(place.path()), ["it.toml"], "{source}");
    }
}
