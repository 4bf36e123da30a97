//! Printing to the terminal and writing result files. A closed pipe ends the program quietly.

use std::io::{ErrorKind, Write};

/// Prints a line to standard output. If the reading end of a pipe is closed, the program exits with status 0.
pub fn line(text: impl AsRef<str>) {
    if !try_line(text) {
        std::process::exit(0);
    }
}

/// Prints a line to standard output. Returns false if the reading end of a pipe is closed.
pub fn try_line(text: impl AsRef<str>) -> bool {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => false,
        // Any other failure to print is ignored, so that the running computation is not lost.
        _ => true,
    }
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
    let _ = writeln!(std::io::stderr(), "error: {message}");
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
