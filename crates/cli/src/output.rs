//! Printing to the terminal and writing result files.
//!
//! A closed pipe or a full disk behind standard output never ends a computation: what cannot be printed is dropped, and the results
//! are saved. [`end`] then reports a failure to print, except that of a closed pipe, whose reader has seen enough.

use crate::arguments::Arguments;
use clap::Parser;
use std::io::{Error, ErrorKind, Write};
use std::sync::Mutex;
use tweedie_applications::characters::is_control;

/// The first failure to write to standard output.
static FAILURE: Mutex<Option<Error>> = Mutex::new(None);

/// Prints one line to standard output. Control characters are escaped.
pub fn line(text: impl AsRef<str>) {
    print(&escaped(text.as_ref()));
}

/// Prints a text of several lines to standard output, without white space at its end. Other control characters are escaped.
pub fn lines(text: impl AsRef<str>) {
    text.as_ref().trim_end().lines().for_each(line);
}

fn print(text: &str) {
    let Ok(mut failure) = FAILURE.lock() else { return };
    if failure.is_none() {
        let mut out = std::io::stdout().lock();
        *failure = writeln!(out, "{text}").and_then(|()| out.flush()).err();
    }
}

/// Replaces characters that control a terminal or the direction of writing, such as ESC, by escapes such as `\u{1b}`. Names in files and
/// archives may contain any character.
pub fn escaped(text: &str) -> String {
    if !text.contains(is_control) {
        return text.to_string();
    }
    text.chars().map(|c| if is_control(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

/// Ends the program with an exit status, or with 1 if the output could not be written.
pub fn end(status: u8) -> ! {
    let failure = FAILURE.lock().ok().and_then(|mut failure| failure.take());
    match failure {
        Some(error) if error.kind() != ErrorKind::BrokenPipe => {
            complain(&anyhow::anyhow!("standard output could not be written: {error}"));
            tweedie_torch::exit_now(if status == 0 { 1 } else { status })
        }
        _ => tweedie_torch::exit_now(status),
    }
}

/// Prints the help, the version or the error of the argument parser and ends the program.
pub fn end_of_parsing(error: &clap::Error) -> ! {
    let status = u8::try_from(error.exit_code()).unwrap_or(2);
    // The text repeats the arguments, so that it is made again from escaped ones if that changes them.
    let arguments: Vec<String> = std::env::args_os().map(|it| escaped(&it.to_string_lossy())).collect();
    let is_plain = std::env::args_os().zip(&arguments).all(|(given, escaped)| given == escaped.as_str());
    let printed = match Arguments::try_parse_from(arguments) {
        Err(escaped) if !is_plain => escaped.print(),
        _ if !is_plain => writeln!(std::io::stderr(), "{}", escaped(&error.to_string())),
        _ => error.print(),
    };
    if let (Err(error), Ok(mut failure)) = (printed, FAILURE.lock()) {
        *failure = Some(error);
    }
    end(status)
}

/// Prints an error with its causes to standard error, each cause once.
pub fn complain(error: &anyhow::Error) {
    let mut message = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !message.contains(&text) {
            message = if message.is_empty() { text } else { format!("{message}: {text}") };
        }
    }
    if let Some(flag) = remedy(error) {
        message = format!("{message}; {flag}");
    }
    let _ = writeln!(std::io::stderr(), "error: {}", escaped(&message));
}

/// The flag that resolves an error of the library. The library's own message names no flags.
fn remedy(error: &anyhow::Error) -> Option<String> {
    use tweedie_applications::Error as Application;
    use tweedie_models::Error as Model;
    use tweedie_models::sampling::SamplingError;
    let model = match error.downcast_ref::<Application>() {
        Some(Application::NoPath { .. }) => return Some("give the path of the data with --data PATH".into()),
        Some(Application::Model(model)) => model,
        Some(error) if error.is_bad_file() => {
            return Some("--set data.bad_files=skip leaves such files out".into());
        }
        Some(_) => return None,
        None => error.downcast_ref::<Model>()?,
    };
    Some(match model {
        Model::NoProcess { .. } => {
            "give the process with --schedule (such as linear, cosine) and --prediction (such as epsilon, x0, v)".into()
        }
        Model::Variant { .. } => "choose one with --variant NAME".into(),
        Model::Sampling(SamplingError::Unreadable { instead, .. }) => {
            format!("choose them with --levels {instead} (compare and reconstruct: --spread leading)")
        }
        _ => return None,
    })
}

/// Writes a canvas as a PNG file with `texts` in its text chunks.
pub fn save_png(
    path: &std::path::Path,
    canvas: &tweedie_report::Canvas,
    texts: &[(&str, String)],
) -> anyhow::Result<()> {
    let mut png = Vec::new();
    tweedie_report::write_png(canvas, &with_software(texts), &mut png)?;
    Ok(tweedie_files::write_file(path, &png)?)
}

/// Writes an image of a model with so many channels as a PNG with texts inside: of one channel in grey.
pub fn save_image(
    path: &std::path::Path,
    canvas: &tweedie_report::Canvas,
    channels: usize,
    texts: &[(&str, String)],
) -> anyhow::Result<()> {
    if channels != 1 {
        return save_png(path, canvas, texts);
    }
    let mut png = Vec::new();
    tweedie_report::write_grey_png(canvas, &with_software(texts), &mut png)?;
    Ok(tweedie_files::write_file(path, &png)?)
}

fn with_software<'a>(texts: &[(&'a str, String)]) -> Vec<(&'a str, String)> {
    let mut all = vec![("Software", "tweedie".to_string())];
    all.extend(texts.iter().cloned());
    all
}

/// A path or another word as a shell reads it: in quotes where it holds anything but plain characters.
pub fn shell_word(text: impl std::fmt::Display) -> String {
    let text = text.to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,".contains(c);
    if text.chars().all(is_plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Writes a named tensor as a safetensors file, with `parameters` in the file's metadata.
pub fn save_tensor(
    path: &std::path::Path,
    name: &str,
    tensor: &tch::Tensor,
    parameters: String,
) -> anyhow::Result<()> {
    use std::collections::BTreeMap;
    let tensors = BTreeMap::from([(name.to_string(), tweedie_models::bytes_of(tensor)?)]);
    let metadata = BTreeMap::from([("parameters".to_string(), parameters)]);
    let bytes = tweedie_weights::tensor_file_bytes(path, &tensors, &metadata)?;
    Ok(tweedie_files::write_file(path, &bytes)?)
}
