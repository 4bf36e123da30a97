//! The command line of `cargo xtask`.

use clap::{Args, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;
use tweedie_testing::faults::Kind;

/// The commands of the `tweedie` binary, which `cargo xtask COMMAND` builds and starts.
const PROGRAM: [(&str, &str); 12] = [
    ("train", "Train a model"),
    ("sample", "Sample images or points from a model"),
    ("compare", "Compare samplers with a many-step reference"),
    ("invert", "Encode images into the noise from which they are sampled"),
    ("reconstruct", "Encode and decode images, and measure the difference"),
    ("inspect", "Describe a checkpoint"),
    ("data", "Preview a data set, or download a public one"),
    ("evaluate", "Compare samples with data, or compute the likelihood of data"),
    ("ema", "Combine stored averages of the weights into one of another length"),
    ("runs", "List runs, or compare two"),
    ("devices", "List the devices that LibTorch finds"),
    ("completions", "Print completions for a shell"),
];

/// Sets LibTorch up, and builds, tests, benchmarks and runs tweedie.
#[derive(Debug, Parser)]
#[command(
    name = "xtask",
    bin_name = "cargo xtask",
    max_term_width = 110,
    subcommand_help_heading = "Commands for the workspace",
    after_help = program_help()
)]
pub struct Arguments {
    /// Print the help of the tweedie binary, which is built first.
    #[arg(long)]
    pub tweedie_help: bool,
    /// What to do; without a command this help is printed.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands.
#[derive(Debug, PartialEq, Subcommand)]
pub enum Command {
    /// Find or install LibTorch 2.11.0 and write its place to .cargo/libtorch.toml, which every cargo command reads.
    Setup(Setup),
    /// Run every test, and count those that were skipped.
    Test(Test),
    /// Run format, clippy, documentation and tests: the checks that a change must pass.
    Ci,
    /// Run the benchmarks and compare the medians with those of the previous run.
    Bench(Bench),
    /// Train a small model, sample it, and fail if a measure of the samples is outside its recorded bound (some minutes).
    Quality(Quality),
    /// Plant mistakes in a copy of crates/math, and fail if its tests of laws miss one (some minutes).
    Mutations,
    /// Kill, interrupt and damage small trainings, and fail if one is not resumed bit for bit (five minutes).
    Faults(Faults),
    /// List the scripts that write golden values, or run one.
    Fixtures(Fixtures),
    /// Compute fingerprints of what training, sampling and evaluation produce, and compare them with stored ones.
    Digests(Digests),
    /// Print the versions, libraries and devices that were found.
    Doctor,
    /// A command of the tweedie binary with its arguments.
    #[command(external_subcommand)]
    Program(Vec<OsString>),
}

/// `cargo xtask setup`.
#[derive(Debug, PartialEq, Args)]
pub struct Setup {
    /// Install the CUDA libraries, also without an NVIDIA driver.
    #[arg(long, conflicts_with = "cpu")]
    pub cuda: bool,
    /// Install the CPU libraries, also with an NVIDIA driver.
    #[arg(long)]
    pub cpu: bool,
}

/// `cargo xtask test`.
#[derive(Debug, Default, PartialEq, Args)]
pub struct Test {
    /// Test properties on eight times as many cases, from a new seed, which is printed.
    #[arg(long)]
    pub explore: bool,
    /// Parts of the names of the tests to run, or arguments of `cargo test`.
    #[arg(value_name = "FILTER", allow_hyphen_values = true)]
    pub cargo: Vec<String>,
    /// Arguments of the test binaries, such as parts of names or --nocapture.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub binaries: Vec<String>,
}

/// `cargo xtask bench`.
#[derive(Debug, PartialEq, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Bench {
    /// A measurement of another kind.
    #[command(subcommand)]
    pub program: Option<BenchProgram>,
    /// Build another revision of this repository, measure both in turn, and fail if this one is slower.
    #[arg(long, value_name = "REVISION", conflicts_with = "filter")]
    pub against: Option<String>,
    /// The loss of speed that --against allows, in per cent.
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, requires = "against")]
    pub margin: f64,
    /// Part of the names of the benchmarks to run.
    pub filter: Option<String>,
    /// Arguments of criterion, such as --sample-size 20.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub criterion: Vec<String>,
}

/// The programs of `benches/src/bin`.
#[derive(Debug, PartialEq, Subcommand)]
pub enum BenchProgram {
    /// Compute what a network costs at least on this machine, and measure which layers cost more.
    #[command(disable_help_flag = true)]
    Roofline(Passed),
    /// Compare sampling, training, likelihood and start with Python programs, in turn; installs them outside the repository.
    #[command(disable_help_flag = true)]
    Peers(Passed),
    /// Measure how time and memory of sampling grow with pixels, channels, batch and steps.
    #[command(disable_help_flag = true)]
    Growth(Passed),
}

/// Arguments that are passed on.
#[derive(Debug, PartialEq, Args)]
pub struct Passed {
    /// Arguments of the program; --help lists them.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENT")]
    pub arguments: Vec<String>,
}

/// `cargo xtask quality`.
#[derive(Debug, PartialEq, Args)]
pub struct Quality {
    /// Change one value of the training's configuration, such as training.batch=64; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

/// `cargo xtask faults`.
#[derive(Debug, PartialEq, Args)]
pub struct Faults {
    /// The time during which trials begin, in minutes.
    #[arg(long, value_name = "N", default_value_t = 5.0, value_parser = minutes)]
    pub minutes: f64,
    /// The seed of the random choices; default: a new one, which is printed.
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Carry out trials of one kind: kill, kill-at-call, fault, full-disk, signals, corrupt, replace or pipe.
    #[arg(long, value_name = "KIND")]
    pub only: Option<Kind>,
    /// Repeat the trial with this number.
    #[arg(long, value_name = "K", requires_all = ["seed", "only"])]
    pub trial: Option<u64>,
    /// The number of trials that run at the same time; default: one for each core.
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Use this build of tweedie instead of building one.
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
}

/// A positive number of minutes.
fn minutes(text: &str) -> Result<f64, String> {
    let minutes = text.parse::<f64>().ok().filter(|minutes| *minutes > 0.0 && minutes.is_finite());
    minutes.ok_or_else(|| "it must be a positive number".into())
}

/// `cargo xtask fixtures`.
#[derive(Debug, PartialEq, Args)]
pub struct Fixtures {
    /// The script to run, without `.py`; without a name the scripts are listed.
    pub name: Option<String>,
    /// Arguments of the script.
    #[arg(value_name = "ARGUMENT", trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<String>,
}

/// `cargo xtask digests`.
#[derive(Debug, PartialEq, Args)]
pub struct Digests {
    /// Use this build of tweedie instead of building one.
    #[arg(long, value_name = "FILE")]
    pub binary: Option<PathBuf>,
    /// Write the digests to this file.
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Compare with the digests in this file, and fail if one differs.
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
}

/// Reads the arguments that follow `cargo xtask`. Prints and exits for `--help` and for arguments that are not allowed.
pub fn read() -> Arguments {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    help_of_program(&arguments).unwrap_or_else(|| Arguments::parse_from(arguments))
}

/// `help COMMAND …` for a command of the tweedie binary, which has a `help` of its own.
fn help_of_program(arguments: &[OsString]) -> Option<Arguments> {
    let [_, help, command, ..] = arguments else { return None };
    let is_program = help == "help" && PROGRAM.iter().any(|(name, _)| command == name);
    let command = Command::Program(arguments[1..].to_vec());
    is_program.then_some(Arguments { tweedie_help: false, command: Some(command) })
}

/// The first word of a command line for the tweedie binary, unless it is one of the binary's commands or a flag.
pub fn unknown_program(words: &[OsString]) -> Option<String> {
    let word = words.first()?.to_string_lossy().to_string();
    let is_known = word == "help" || word.starts_with('-') || PROGRAM.iter().any(|(name, _)| *name == word);
    (!is_known).then_some(word)
}

/// The part of the help about the tweedie binary.
fn program_help() -> String {
    let mut text = String::from(
        "Commands of the program (LibTorch is set up and tweedie is built if necessary, then started):\n",
    );
    for (name, summary) in PROGRAM {
        text += &format!("  {name:<12} {summary}\n");
    }
    text + "\n`cargo xtask train --help` describes the arguments of `train`."
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    fn read(line: &str) -> Result<Option<Command>, ErrorKind> {
        let arguments = std::iter::once("xtask").chain(line.split_whitespace());
        Arguments::try_parse_from(arguments).map(|arguments| arguments.command).map_err(|error| error.kind())
    }

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(String::from).collect()
    }

    #[test]
    fn the_definition_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_and_refuses_unknown_flags() {
        let definition = Arguments::command();
        let names: Vec<&str> = definition.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(names.len(), 10, "{names:?}");
        for name in names {
            assert_eq!(read(&format!("{name} --help")), Err(ErrorKind::DisplayHelp), "{name}");
            // `cargo test` judges the arguments of `test`.
            if name != "test" {
                assert_eq!(read(&format!("{name} --nonsense")), Err(ErrorKind::UnknownArgument), "{name}");
            }
        }
        for name in ["ci", "mutations", "doctor", "setup", "digests", "quality", "faults"] {
            assert_eq!(read(&format!("{name} nonsense")), Err(ErrorKind::UnknownArgument), "{name}");
        }
    }

    #[test]
    fn commands_of_the_program_are_passed_on_unchanged() {
        for line in
            ["train --help", "sample MODEL -n 4 -- x --set a=b", "evaluate samples --help", "nonsense --cpu"]
        {
            let expected = line.split_whitespace().map(OsString::from).collect();
            assert_eq!(read(line), Ok(Some(Command::Program(expected))));
        }
        let line: Vec<OsString> = ["xtask", "help", "evaluate", "samples"].map(OsString::from).to_vec();
        let command = help_of_program(&line).and_then(|arguments| arguments.command);
        assert_eq!(command, Some(Command::Program(line[1..].to_vec())));
        assert!(help_of_program(&["xtask", "help", "ci"].map(OsString::from)).is_none());
    }

    #[test]
    fn misspelt_commands_are_known() {
        let unknown = |line: &str| unknown_program(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(unknown("tset"), Some("tset".into()));
        for line in ["train --help", "evaluate samples", "help train", "--version"] {
            assert_eq!(unknown(line), None, "{line}");
        }
    }

    #[test]
    fn without_a_command_there_is_help() {
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("--help"), Err(ErrorKind::DisplayHelp));
        assert_eq!(read("help ci"), Err(ErrorKind::DisplayHelp));
        let help = Arguments::command().render_help().to_string();
        for name in ["setup", "test", "doctor", "train", "evaluate", "completions"] {
            assert!(help.lines().any(|line| line.trim_start().starts_with(name)), "{name} is not in {help}");
        }
    }

    #[test]
    fn filters_and_arguments_of_tests_are_told_apart() {
        let test = |explore, cargo, binaries| {
            Ok(Some(Command::Test(Test { explore, cargo: words(cargo), binaries: words(binaries) })))
        };
        assert_eq!(read("test"), test(false, "", ""));
        assert_eq!(read("test laws ddim"), test(false, "laws ddim", ""));
        assert_eq!(read("test -- laws --nocapture"), test(false, "", "laws --nocapture"));
        assert_eq!(read("test --explore laws"), test(true, "laws", ""));
        assert_eq!(read("test --no-fail-fast"), test(false, "--no-fail-fast", ""));
        assert_eq!(
            read("test --no-fail-fast laws -- --ignored"),
            test(false, "--no-fail-fast laws -- --ignored", "")
        );
    }

    fn plain() -> Bench {
        Bench { program: None, against: None, margin: 5.0, filter: None, criterion: Vec::new() }
    }

    #[test]
    fn arguments_of_other_commands_are_read() {
        assert_eq!(read("setup --cuda"), Ok(Some(Command::Setup(Setup { cuda: true, cpu: false }))));
        assert_eq!(read("setup --cuda --cpu"), Err(ErrorKind::ArgumentConflict));
        let bench =
            Bench { filter: Some("samplers".into()), criterion: words("--sample-size 20"), ..plain() };
        assert_eq!(read("bench samplers -- --sample-size 20"), Ok(Some(Command::Bench(bench))));
        let bench = Bench { against: Some("HEAD~1".into()), margin: 3.0, ..plain() };
        assert_eq!(read("bench --against HEAD~1 --margin 3"), Ok(Some(Command::Bench(bench))));
        assert_eq!(read("bench --margin 3"), Err(ErrorKind::MissingRequiredArgument));
        let roofline = BenchProgram::Roofline(Passed { arguments: words("ddpm --batch 8 --help") });
        let bench = Bench { program: Some(roofline), ..plain() };
        assert_eq!(read("bench roofline ddpm --batch 8 --help"), Ok(Some(Command::Bench(bench))));
        let quality = Quality { set: words("training.batch=64 training.seed=1") };
        assert_eq!(
            read("quality --set training.batch=64 --set training.seed=1"),
            Ok(Some(Command::Quality(quality)))
        );
        let fixtures =
            Fixtures { name: Some("unet_variants".into()), arguments: words("--names tiny --help") };
        assert_eq!(read("fixtures unet_variants --names tiny --help"), Ok(Some(Command::Fixtures(fixtures))));
        let digests = Digests { binary: None, write: Some("a".into()), against: Some("b".into()) };
        assert_eq!(read("digests --write a --against b"), Ok(Some(Command::Digests(digests))));
        assert_eq!(read("faults --minutes 0"), Err(ErrorKind::ValueValidation));
        assert_eq!(read("faults --only nonsense"), Err(ErrorKind::ValueValidation));
        assert_eq!(read("faults --only kill --trial 3"), Err(ErrorKind::MissingRequiredArgument));
        let faults = Faults {
            minutes: 5.0,
            seed: Some(1),
            only: Some(Kind::KillAtCall),
            trial: Some(3),
            jobs: None,
            binary: None,
        };
        assert_eq!(read("faults --seed 1 --only kill-at-call --trial 3"), Ok(Some(Command::Faults(faults))));
    }
}
