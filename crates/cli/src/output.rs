//! What is printed. A closed pipe ends the program quietly.

use std::io::{ErrorKind, Write};

/// Prints a line to standard output; when nobody reads it any more, the program ends quietly.
pub fn line(text: impl AsRef<str>) {
    if !try_line(text) {
        std::process::exit(0);
    }
}

/// Prints a line to standard output; false when nobody reads it any more.
pub fn try_line(text: impl AsRef<str>) -> bool {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => false,
        // Another failure of the terminal is no reason to lose what is being computed.
        _ => true,
    }
}

/// Prints an error with its causes to standard error, each cause once.
pub fn complain(error: &anyhow::Error) {
    let mut said = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if !said.contains(&text) {
            said = if said.is_empty() { text } else { format!("{said}: {text}") };
        }
    }
    if let Some(flag) = remedy(error) {
        said = format!("{said}; {flag}");
    }
    let _ = writeln!(std::io::stderr(), "error: {said}");
}

/// The flag that mends an error of the library, which names none.
fn remedy(error: &anyhow::Error) -> Option<&'static str> {
    match error.downcast_ref()? {
        tweedie_applications::Error::NoPath { .. } => Some("give their place with --data PATH"),
        _ => None,
    }
}

/// Writes a canvas as a PNG with texts inside.
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

/// Writes named tensors with a text in the file's metadata.
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
