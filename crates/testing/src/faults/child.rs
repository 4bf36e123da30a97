//! A program that runs under limits of time and memory and in a process group of its own.

use std::fs::File;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The longest time that a program may take. The workload takes about a second.
pub const TIME: Duration = Duration::from_secs(20);

/// The greatest resident memory of a program in MiB. The workload needs less than a quarter of it.
const MEMORY_MIB: f64 = 2048.0;

/// The interval at which a running program is observed.
const INTERVAL: Duration = Duration::from_millis(2);

/// The longest time that counts for one interval. If both the campaign and the program are stopped for a while, more time passes.
const LONGEST_WAIT: Duration = Duration::from_millis(200);

/// A running program. Its output goes to two files, unless the command redirects it.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    began: Instant,
    /// The time that was spent waiting, without times at which the campaign itself was stopped.
    waited: Duration,
    files: [PathBuf; 2],
    excess: Option<String>,
}

/// How a program ended, and its output.
#[derive(Debug)]
pub struct Ended {
    /// The exit status.
    pub status: ExitStatus,
    /// The limit that the program exceeded; it was then killed.
    pub excess: Option<String>,
    /// Standard output and standard error.
    pub output: [String; 2],
    /// The wall-clock time of the program.
    pub time: Duration,
}

impl Child {
    /// Starts a program. Its output goes to the files `NAME.out` and `NAME.err` in a folder.
    pub fn start(command: &mut Command, folder: &Path, name: &str) -> io::Result<Self> {
        let files = ["out", "err"].map(|end| folder.join(format!("{name}.{end}")));
        command.stdout(File::create(&files[0])?).stderr(File::create(&files[1])?);
        Self::start_redirected(command, files)
    }

    /// Starts a program with the output that its command declares. The files are read for [`Ended::output`].
    pub fn start_redirected(command: &mut Command, files: [PathBuf; 2]) -> io::Result<Self> {
        let process = command.stdin(Stdio::null()).process_group(0).spawn()?;
        Ok(Self { process, began: Instant::now(), waited: Duration::ZERO, files, excess: None })
    }

    /// The reading end of the pipe that the command declares as standard output.
    pub fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.process.stdout.take()
    }

    /// The time since the start of the program.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Waits until a time after the start of the program. Returns whether the program is still running.
    pub fn runs_until(&mut self, time: Duration) -> io::Result<bool> {
        let end = self.began + time;
        self.runs_while(|_| Instant::now() < end)
    }

    /// Waits until the program has printed something. Returns whether it is still running.
    pub fn runs_until_output(&mut self) -> io::Result<bool> {
        let file = self.files[0].clone();
        self.runs_while(|_| std::fs::metadata(&file).is_ok_and(|facts| facts.len() == 0))
    }

    /// Waits while a condition holds. Returns whether the program is still running. A program that exceeds a limit is killed.
    fn runs_while(&mut self, mut condition: impl FnMut(&Self) -> bool) -> io::Result<bool> {
        while condition(self) {
            let before = Instant::now();
            if self.process.try_wait()?.is_some() {
                return Ok(false);
            }
            self.excess = self.excess();
            if self.excess.is_some() {
                self.process.kill()?;
                self.process.wait()?;
                return Ok(false);
            }
            std::thread::sleep(INTERVAL);
            self.waited += before.elapsed().min(LONGEST_WAIT);
        }
        Ok(self.process.try_wait()?.is_none())
    }

    /// The limit that the program exceeds, if any.
    fn excess(&self) -> Option<String> {
        let memory = resident_mib(self.process.id());
        if self.waited > TIME {
            Some(format!("it did not end within {} s", TIME.as_secs()))
        } else {
            (memory > MEMORY_MIB).then(|| format!("it used more than {MEMORY_MIB} MiB of memory"))
        }
    }

    /// Sends signals to the program and its children, with pauses in between.
    pub fn signals(&self, names: &[&str], pause: Duration) -> io::Result<()> {
        let group = self.process.id();
        let pause = if pause.is_zero() { "; ".into() } else { format!("; sleep {}; ", pause.as_secs_f64()) };
        let line: Vec<String> = names.iter().map(|name| format!("kill -s {name} -- -{group}")).collect();
        // The last signals may find no process any more.
        Command::new("sh").args(["-c", &line.join(&pause)]).stderr(Stdio::null()).status().map(drop)
    }

    /// Sends one signal to the program and its children.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        self.signals(&[name], Duration::ZERO)
    }

    /// Waits for the end of the program.
    pub fn finish(mut self) -> io::Result<Ended> {
        self.runs_while(|_| true)?;
        let status = self.process.wait()?;
        let read =
            |file: &PathBuf| String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).to_string();
        let output = [read(&self.files[0]), read(&self.files[1])];
        Ok(Ended { status, excess: self.excess.take(), output, time: self.began.elapsed() })
    }
}

/// The resident memory of a process in MiB; 0 if it has ended.
fn resident_mib(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

impl Ended {
    /// Whether the exit code is 0.
    pub fn is_success(&self) -> bool {
        self.status.success()
    }

    /// Whether the program was killed by the signal SIGKILL, and not because of a limit.
    pub fn is_killed(&self) -> bool {
        self.excess.is_none() && self.status.signal() == Some(9)
    }

    /// Whether the output has a text.
    pub fn mentions(&self, text: &str) -> bool {
        self.output.iter().any(|output| output.contains(text))
    }

    /// Checks what holds for every end of a program: it stays within its limits, is not ended by a signal, does not panic, and
    /// prints an error sentence if it fails.
    ///
    /// # Errors
    /// A sentence that describes what does not hold.
    pub fn check(&self) -> Result<(), String> {
        let problem = if let Some(excess) = &self.excess {
            excess.clone()
        } else if let Some(signal) = self.status.signal() {
            format!("it was ended by the signal {signal}")
        } else if let Some(sign) = SIGNS.iter().find(|sign| self.mentions(sign)) {
            format!("its output contains `{sign}`")
        } else if self.status.code() == Some(1) && !self.mentions("error:") {
            "it failed without an error sentence".into()
        } else if !matches!(self.status.code(), Some(0 | 1 | 2 | INTERRUPTED)) {
            format!("its exit code is {:?}", self.status.code())
        } else {
            return Ok(());
        };
        Err(self.with_output(&problem))
    }

    /// A sentence with the end of the output behind it.
    pub fn with_output(&self, sentence: &str) -> String {
        let lines = self
            .output
            .iter()
            .flat_map(|text| text.lines().rev().take(4).collect::<Vec<_>>().into_iter().rev());
        let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
        format!("{sentence}; the end of its output:\n    {}", lines.join("\n    "))
    }
}

/// The exit code of an interrupted program.
pub const INTERRUPTED: i32 = 130;

/// Texts in the output that only a mistake in the program produces.
const SIGNS: [&str; 3] = ["panicked", "this should not have happened", "memory allocation of"];

#[cfg(test)]
mod tests {
    use super::*;

    fn start(line: &str) -> Child {
        let folder = std::env::temp_dir().join(format!("tweedie-child-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let name = format!("{:?}", std::thread::current().id());
        Child::start(Command::new("sh").args(["-c", line]), &folder, &name).unwrap()
    }

    fn ended(line: &str) -> Ended {
        start(line).finish().unwrap()
    }

    #[test]
    fn ends_are_judged() {
        for line in ["echo fine", "echo error: no >&2; exit 1", "exit 130"] {
            assert_eq!(ended(line).check(), Ok(()), "{line}");
        }
        for (line, word) in [
            ("exit 1", "without an error"),
            ("kill -SEGV $$", "signal 11"),
            ("echo thread panicked; exit 1", "panicked"),
            ("exit 77", "77"),
        ] {
            let problem = ended(line).check().unwrap_err();
            assert!(problem.contains(word), "{problem}");
        }
        assert!(ended("kill -KILL $$").is_killed());
    }

    #[test]
    fn signals_arrive() {
        for (names, signal) in [(&["TERM"][..], 15), (&["KILL"], 9), (&["INT", "INT"], 2)] {
            let mut child = start("sleep 5");
            assert!(child.runs_until(Duration::from_millis(50)).unwrap());
            child.signals(names, Duration::from_millis(10)).unwrap();
            assert_eq!(child.finish().unwrap().status.signal(), Some(signal));
        }
    }

    #[test]
    fn memory_is_measured() {
        assert!(resident_mib(std::process::id()) > 0.5);
    }
}
