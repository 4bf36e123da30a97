//! The kinds of trials.

mod calls;
mod corrupt;
mod judge;
mod kill;
mod pipe;
mod replace;
mod signals;
mod target;

use super::trial::{Trial, Verdict};
use std::fmt;
use std::str::FromStr;

/// What a trial does to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// SIGKILL at a random time.
    Kill,
    /// SIGKILL at the N-th file-system call, or in the middle of it.
    KillAtCall,
    /// One file-system call fails.
    Fault,
    /// A file-system call that needs space fails, and all later ones too.
    FullDisk,
    /// Several signals that request a stop.
    Signals,
    /// A damaged file.
    Corrupt,
    /// Something else in the place of a file or folder: nothing, a folder, a FIFO, a symbolic link, a socket.
    Replace,
    /// Standard output or standard error that is closed or full.
    Pipe,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Kill,
        Self::KillAtCall,
        Self::Fault,
        Self::FullDisk,
        Self::Signals,
        Self::Corrupt,
        Self::Replace,
        Self::Pipe,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::KillAtCall => "kill-at-call",
            Self::Fault => "fault",
            Self::FullDisk => "full-disk",
            Self::Signals => "signals",
            Self::Corrupt => "corrupt",
            Self::Replace => "replace",
            Self::Pipe => "pipe",
        }
    }

    /// Whether trials of this kind need the preloaded library.
    pub fn needs_library(self) -> bool {
        matches!(self, Self::KillAtCall | Self::Fault | Self::FullDisk)
    }

    /// Carries out a trial of this kind.
    pub(super) fn carry_out(self, trial: &mut Trial) -> Verdict {
        match self {
            Self::Kill => kill::carry_out(trial),
            Self::KillAtCall => calls::kill(trial),
            Self::Fault => calls::fail_once(trial),
            Self::FullDisk => calls::fill(trial),
            Self::Signals => signals::carry_out(trial),
            Self::Corrupt => corrupt::carry_out(trial),
            Self::Replace => replace::carry_out(trial),
            Self::Pipe => pipe::carry_out(trial),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<&str> = Self::ALL.iter().map(|kind| kind.name()).collect();
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        found.ok_or_else(|| format!("`{text}` is not a kind of trial; the kinds are {}", names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_by_their_names() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert!("nonsense".parse::<Kind>().unwrap_err().contains("kill-at-call"));
    }
}
