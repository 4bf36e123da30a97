//! Resumable download of a file, checked by its MD5 sum.

use anyhow::{Context, anyhow, bail};
use indicatif::{ProgressBar, ProgressStyle};
use md5::{Digest, Md5};
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::time::Duration;

/// The number of attempts for one file. Each attempt resumes where the previous one ended.
const ATTEMPTS: usize = 4;

/// Downloads one file. It has a temporary name until its MD5 sum is verified.
pub(super) fn fetch(address: &str, target: &Path, sum: &str) -> anyhow::Result<()> {
    let partial =
        target.with_file_name(format!("{}.part", target.file_name().unwrap_or_default().to_string_lossy()));
    let mut last = None;
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            std::thread::sleep(Duration::from_secs(1 << attempt));
        }
        match resume(address, &partial) {
            Ok(()) => {
                let found = md5_of(&partial)?;
                if found == sum {
                    return std::fs::rename(&partial, target)
                        .with_context(|| format!("cannot put {} in place", target.display()));
                }
                let _ = std::fs::remove_file(&partial);
                bail!(
                    "{address} has the MD5 sum {found}, but {sum} was expected; the downloaded file was removed"
                );
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
        "{address} cannot be downloaded (is this machine online?); the received part is kept, and the same command resumes the download"
    )))
}

/// The reason why a download failed.
enum Failure {
    /// The file could not be written.
    Here(anyhow::Error),
    /// The server or the connection failed.
    There {
        error: anyhow::Error,
        /// Whether another attempt may succeed.
        may_pass: bool,
    },
}

impl From<ureq::Error> for Failure {
    fn from(error: ureq::Error) -> Self {
        let may_pass = may_pass(&error);
        Self::There { error: error.into(), may_pass }
    }
}

/// Whether another attempt may succeed. It cannot if the address does not exist or the connection is rejected.
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

/// Downloads the missing rest of a file and appends it.
fn resume(address: &str, partial: &Path) -> Result<(), Failure> {
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
        // Range not satisfiable: the local file already has the full length.
        Err(ureq::Error::StatusCode(416)) => return Ok(()),
        other => other?,
    };
    let is_partial = response.status() == 206;
    let (_, body) = response.into_parts();
    let whole = body.content_length().map(|rest| rest + if is_partial { has } else { 0 });
    // The folder is created only after the server has answered, so that a failed connection leaves nothing behind.
    if let Some(folder) = partial.parent() {
        std::fs::create_dir_all(folder).map_err(here)?;
    }
    let mut file = File::options()
        .create(true)
        .append(is_partial)
        .write(true)
        .truncate(!is_partial)
        .open(partial)
        .map_err(here)?;
    let bar = if std::io::stderr().is_terminal() {
        ProgressBar::new(whole.unwrap_or(0)).with_position(if is_partial { has } else { 0 })
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

/// The MD5 sum of a file in hexadecimal digits.
pub(super) fn md5_of(path: &Path) -> anyhow::Result<String> {
    let mut hash = Md5::new();
    let mut file =
        tweedie_files::open_regular(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).with_context(|| format!("cannot read {}", path.display()))? {
            0 => return Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
            n => hash.update(&buffer[..n]),
        }
    }
}
