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
fn remedy(error: &anyhow::Error) -> Option<&'static str> {
    match error.downcast_ref()? {
        tweedie_applications::Error::NoPath { .. } => Some("give the path of the data with --data PATH"),
        _ => None,
    }
}

/// Writes a canvas as a PNG file with `texts` in its text chunks.
pub fn save_png(
    path: &std::path::Path,
    canvas: &tweedie_report::Canvas,
    texts: &[(&str, String)],
) -> anyhow::Result<()> {
    let mut all = vec![("Software", "tweedie".to_string())];
    all.extend(texts.iter().cloned());
    let mut png = Vec::new();
    tweedie_report::write_png(canvas, &all, &mut png)?;
    Ok(tweedie_files::write_file(path, &png)?)
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
