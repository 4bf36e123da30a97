//! The subcommand `tweedie completions SHELL`.

use crate::arguments::Arguments;
use clap::CommandFactory;

/// Prints the completion script of a shell.
pub fn run(shell: clap_complete::Shell) {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tweedie", &mut script);
    crate::output::lines(String::from_utf8_lossy(&script));
}
