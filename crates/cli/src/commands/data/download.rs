//! A file from an address: checked, and gone on with where it ended.

use anyhow::{Context, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use md5::{Digest, Md5};
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::time::Duration;

/// Attempts at one file before giving up; each goes on where the one before ended.
const ATTEMPTS: usize = 4;

/// One file, under a temporary name until its sum is right.
pub(super) fn fetch(address: &str, target: &Path, sum: &str) -> anyhow::Result<()> {
    let partial =
        target.with_file_name(format!("{}.part", target.file_name().unwrap_or_default().to_string_lossy()));
    let mut last = None;
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            std::thread::sleep(Duration::from_secs(1 << attempt));
        }
        match go_on(address, &partial) {
            Ok(()) => {
                let found = md5_of(&partial)?;
                if found == sum {
                    return std::fs::rename(&partial, target)
                        .with_context(|| format!("cannot put {} in place", target.display()));
                }
                let _ = std::fs::remove_file(&partial);
                bail!("{address} has the MD5 sum {found}, and {sum} was expected: it was removed");
            }
            Err(Failure::Here(error)) => return Err(error),
            Err(Failure::There { error, may_pass }) => {
                last = Some(error);
                if !may_pass {
                    break;
                }
            }
        }
    }
    let error = last.unwrap_or_else(|| anyhow!("no attempt was made"));
    Err(error.context(format!(
        "{address} cannot be downloaded (is this machine online?); what came is kept, and the same command goes on"
    )))
}

/// Why a file, or the rest of it, did not come.
enum Failure {
    /// It could not be written.
    Here(anyhow::Error),
    /// The server or the way to it.
    There {
        error: anyhow::Error,
        /// Whether another attempt may fare better.
        may_pass: bool,
    },
}

impl From<ureq::Error> for Failure {
    fn from(error: ureq::Error) -> Self {
        let may_pass = may_pass(&error);
        Self::There { error: error.into(), may_pass }
    }
}

/// Whether another attempt may fare better: not where the address does not exist, or nobody answers there.
fn may_pass(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::StatusCode(code) => *code >= 500,
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => false,
        ureq::Error::Io(cause) => {
            let kind = cause.kind();
            kind == std::io::ErrorKind::TimedOut || kind == std::io::ErrorKind::UnexpectedEof
        }
        _ => true,
    }
}

/// Appends what is missing of a file.
fn go_on(address: &str, partial: &Path) -> Result<(), Failure> {
    let here = |error: std::io::Error| {
        Failure::Here(anyhow::Error::new(error).context(format!("cannot write {}", partial.display())))
    };
    let cut = |error: anyhow::Error| Failure::There { error, may_pass: true };
    let has = std::fs::metadata(partial).map_or(0, |it| it.len());
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_connect(Some(Duration::from_secs(20)))
        .timeout_recv_response(Some(Duration::from_secs(60)))
        .timeout_per_read(Some(Duration::from_secs(60)))
        .build()
        .into();
    let response = agent.get(address).header("Range", &format!("bytes={has}-")).call();
    let response = match response {
        // Nothing lies beyond what is here already.
        Err(ureq::Error::StatusCode(416)) => return Ok(()),
        other => other?,
    };
    let goes_on = response.status() == 206;
    let (_, body) = response.into_parts();
    let whole = body.content_length().map(|rest| rest + if goes_on { has } else { 0 });
    // Only now: where nobody answers, nothing is left behind.
    if let Some(folder) = partial.parent() {
        std::fs::create_dir_all(folder).map_err(here)?;
    }
    let mut file = File::options()
        .create(true)
        .append(goes_on)
        .write(true)
        .truncate(!goes_on)
        .open(partial)
        .map_err(here)?;
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(whole.unwrap_or(0)).with_position(if goes_on { has } else { 0 })
    } else {
        ProgressBar::hidden()
    };
    let style =
        ProgressStyle::with_template("{bar:30} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left  {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(address.to_string());
    let mut body = body.into_with_config().limit(u64::MAX).reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let n = body.read(&mut buffer).map_err(|error| cut(error.into()))?;
        if n == 0 {
            break;
        }
        file.write_all(&buffer[..n]).map_err(here)?;
        bar.inc(n as u64);
    }
    file.sync_all().map_err(here)?;
    bar.finish_and_clear();
    let has = file.metadata().map_err(here)?.len();
    match whole {
        Some(whole) if whole != has => Err(cut(anyhow!("the connection ended after {has} of {whole} bytes"))),
        _ => Ok(()),
    }
}

/// A file's MD5 sum in hexadecimal digits.
pub(super) fn md5_of(path: &Path) -> anyhow::Result<String> {
    let mut hash = Md5::new();
    let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).with_context(|| format!("cannot read {}", path.display()))? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            n => hash.update(&buffer[..n]),
        }
    }
}
