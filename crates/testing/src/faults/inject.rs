//! The preloaded library `fixtures/faults/inject.c`: its compilation, its settings and its log.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes one file-system call of a program fail, or ends the program there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The calls that are counted.
    pub counted: Counted,
    /// The number of the call at which the fault happens, from 1; 0 for a program without a fault, whose calls are logged.
    pub call: u64,
    /// What happens at the call.
    pub action: Action,
    /// Whether a call that writes first writes half of its bytes.
    pub half: bool,
    /// Whether every later call that is counted fails too.
    pub later: bool,
}

/// The calls that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Every call.
    All,
    /// Calls that change a file or a folder.
    Changes,
    /// Calls that need space on the disk.
    Space,
}

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The program is killed.
    Kill,
    /// The call returns an error.
    Error(&'static Errno),
}

/// An error number of Linux.
#[derive(Debug, PartialEq, Eq)]
pub struct Errno(pub &'static str, pub i32);

/// The error of a full disk.
pub const NO_SPACE: Errno = Errno("ENOSPC", 28);

/// Errors that file-system calls return.
pub const ERRORS: [Errno; 10] = [
    NO_SPACE,
    Errno("EIO", 5),
    Errno("EACCES", 13),
    Errno("EPERM", 1),
    Errno("EROFS", 30),
    Errno("EMFILE", 24),
    Errno("ENOMEM", 12),
    Errno("EDQUOT", 122),
    Errno("ESTALE", 116),
    Errno("EINTR", 4),
];

/// The number of calls of each kind that a program makes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    all: u64,
    changes: u64,
    space: u64,
}

impl Calls {
    /// The number of calls that are counted.
    pub fn of(&self, counted: Counted) -> u64 {
        match counted {
            Counted::All => self.all,
            Counted::Changes => self.changes,
            Counted::Space => self.space,
        }
    }

    /// Counts the lines of a log.
    pub fn in_log(text: &str) -> Self {
        let n = |classes: &[&str]| {
            let is_counted = |line: &&str| classes.iter().any(|class| line.starts_with(class));
            text.lines().filter(is_counted).count() as u64
        };
        Self { all: n(&["read", "change", "space"]), changes: n(&["change", "space"]), space: n(&["space"]) }
    }
}

impl Fault {
    /// No fault: every call is logged.
    pub const NONE: Self =
        Self { counted: Counted::All, call: 0, action: Action::Kill, half: false, later: false };

    /// Preloads the library into a command. Calls below `folder` are counted, and `log` is the file of the log.
    pub fn apply(&self, command: &mut Command, library: &Path, folder: &Path, log: &Path) {
        let Self { counted, call, action, half, later } = *self;
        let counted = match counted {
            Counted::All => "all",
            Counted::Changes => "changes",
            Counted::Space => "space",
        };
        let action = match action {
            Action::Kill => "kill".into(),
            Action::Error(Errno(_, number)) => number.to_string(),
        };
        command.env("LD_PRELOAD", library).env("FAULTS_FOLDER", folder).env("FAULTS_LOG", log);
        command
            .env("FAULTS_COUNTED", counted)
            .env("FAULTS_CALL", call.to_string())
            .env("FAULTS_ACTION", action);
        command
            .env("FAULTS_HALF", u8::from(half).to_string())
            .env("FAULTS_LATER", u8::from(later).to_string());
    }
}

/// Compiles the library into a folder and returns its path.
///
/// # Errors
/// The reason why there is no library on this machine.
pub fn compile(folder: &Path) -> Result<PathBuf, String> {
    if !cfg!(target_os = "linux") {
        return Err("the library of faults is written for Linux".into());
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/faults/inject.c");
    let library = folder.join("inject.so");
    let mut command = Command::new("cc");
    command.args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(source).arg("-ldl");
    let output =
        command.output().map_err(|error| format!("the C compiler `cc` cannot be started ({error})"))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    let first = errors.lines().find(|line| line.contains("error")).unwrap_or("no message");
    if output.status.success() { Ok(library) } else { Err(format!("inject.c cannot be compiled ({first})")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Copies a file with `cp` under a fault; returns the exit code, the copy, and the log.
    fn copied(name: &str, fault: Fault) -> Option<(Option<i32>, usize, String)> {
        let folder = std::env::temp_dir().join(format!("tweedie-inject-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("inside")).unwrap();
        let folder = folder.canonicalize().unwrap();
        let library = match compile(&folder) {
            Ok(library) => library,
            Err(reason) => {
                crate::skip(&reason);
                return None;
            }
        };
        std::fs::write(folder.join("outside"), [7; 1000]).unwrap();
        let mut command = Command::new("dd");
        command.args(["bs=1000", "status=none", "if=outside", "of=inside/copy"]).current_dir(&folder);
        fault.apply(&mut command, &library, &folder.join("inside"), &folder.join("log"));
        let output = command.output().unwrap();
        let copy = std::fs::read(folder.join("inside/copy")).map_or(0, |bytes| bytes.len());
        let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
        std::fs::remove_dir_all(&folder).unwrap();
        Some((output.status.code(), copy, log))
    }

    #[test]
    fn calls_are_counted_and_fail() {
        let fault = |call, action, half| Fault { counted: Counted::Space, call, action, half, later: false };
        let Some((code, copy, log)) = copied("none", Fault::NONE) else { return };
        assert_eq!((code, copy), (Some(0), 1000), "{log}");
        let calls = Calls::in_log(&log);
        assert!(calls.space >= 2 && log.contains("write") && log.contains("inside/copy"), "{log}");
        assert!(!log.contains("outside") && calls.of(Counted::All) >= calls.of(Counted::Changes), "{log}");
        let write = 1 + log
            .lines()
            .filter(|line| line.starts_with("space"))
            .position(|line| line.contains("write"))
            .unwrap();
        let error = Action::Error(&NO_SPACE);
        for (name, action, half, expected) in [
            ("error", error, false, (Some(1), 0)),
            ("half", error, true, (Some(1), 500)),
            ("kill", Action::Kill, false, (None, 0)),
            ("kill-half", Action::Kill, true, (None, 500)),
        ] {
            let Some((code, copy, log)) = copied(name, fault(write as u64, action, half)) else { return };
            assert_eq!((code, copy), expected, "{name}: {log}");
            assert_eq!(log.lines().count(), 1, "{name}: {log}");
        }
    }
}
