//! Programs that are measured in turn.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A program that measures a step for each line that it is sent.
#[derive(Debug)]
pub struct Contender {
    /// The name of the program.
    pub name: String,
    /// The precision in which it computes.
    pub precision: &'static str,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// The median seconds of a step, for each round.
    pub rounds: Vec<f64>,
}

impl Contender {
    /// Starts a program and waits until it is ready.
    ///
    /// # Errors
    /// An error for a program that cannot be started, or ends before it is ready, with its last message.
    pub fn start(name: &str, precision: &'static str, mut command: Command) -> Result<Self> {
        waiting(&mut command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let (input, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = (input, output, errors) else {
            bail!("{name} has no pipes");
        };
        // Its messages are read all the time, because a full pipe would block it.
        let messages = std::thread::spawn(move || {
            BufReader::new(errors).lines().map_while(Result::ok).last().unwrap_or_default()
        });
        let mut contender = Self {
            name: name.into(),
            precision,
            child,
            input,
            output: BufReader::new(output),
            rounds: Vec::new(),
        };
        let mut line = String::new();
        while contender.output.read_line(&mut line)? > 0 {
            if line.trim() == "ready" {
                return Ok(contender);
            }
            line.clear();
        }
        let reason = messages.join().unwrap_or_default();
        bail!("{name} {precision} ended before it was ready: {reason}")
    }

    /// Measures a round.
    fn measure(&mut self) -> Result<()> {
        writeln!(self.input)?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let seconds = seconds_of(&line).with_context(|| format!("{} ended in a round", self.name))?;
        self.rounds.push(median(seconds));
        Ok(())
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        // It waits for a line and has nothing to lose.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Threads that wait briefly and then sleep, for all contenders alike: spinning threads become slow if another process needs the cores.
pub fn waiting(command: &mut Command) {
    command.env("OMP_WAIT_POLICY", "passive").env("GOMP_SPINCOUNT", "10000").env_remove("OMP_NUM_THREADS");
}

/// The seconds in a line of JSON.
///
/// # Errors
/// An error for another line.
pub fn seconds_of(line: &str) -> Result<Vec<f64>> {
    let value: Value = serde_json::from_str(line)?;
    let list = value["seconds"].as_array().context("no seconds")?;
    Ok(list.iter().filter_map(Value::as_f64).collect())
}

/// The median, or NaN of nothing.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Measures all programs in turn, round by round.
///
/// # Errors
/// An error for a program that ends.
pub fn in_turn(contenders: &mut [Contender], rounds: u16) -> Result<()> {
    for round in 0..=rounds {
        for contender in &mut *contenders {
            contender.measure()?;
            if round == 0 {
                // The first round warms up what waited while the others were started.
                contender.rounds.clear();
            }
        }
    }
    Ok(())
}
