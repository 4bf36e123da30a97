//! Writing points as a table.

use std::fmt::Write;

/// The text of a table of points: a header with the columns' names, then one line per point.
///
/// Numbers are written in the shortest form that gives the same `f32` again, and names are quoted where needed, so
/// [`PointFile`](crate::PointFile) reads the same points back. Where every name is itself a number there is no header: it would
/// be read as a point. `delimiter` is `,` for CSV, a tab for TSV, or `;`.
pub fn points_text<'a>(
    columns: &[String],
    rows: impl IntoIterator<Item = &'a [f32]>,
    delimiter: char,
) -> String {
    let mut text = String::new();
    if !columns.iter().all(|name| name.trim().parse::<f64>().is_ok()) {
        let names: Vec<String> = columns.iter().map(|name| quoted(name, delimiter)).collect();
        text += &names.join(&delimiter.to_string());
        text.push('\n');
    }
    for row in rows {
        for (i, value) in row.iter().enumerate() {
            if i > 0 {
                text.push(delimiter);
            }
            push_number(&mut text, *value);
        }
        text.push('\n');
    }
    text
}

/// A name, in quotes where it would otherwise be read as something else.
fn quoted(name: &str, delimiter: char) -> String {
    let special = |letter: char| matches!(letter, '"' | '\n' | '\r') || letter == delimiter;
    if name.is_empty() || name.contains(special) || name.contains(['\t', ',', ';']) {
        format!("\"{}\"", name.replace('"', "\"\""))
    } else {
        name.into()
    }
}

/// The shorter of the two forms with the fewest digits, 0.0001 or 1e-4.
fn push_number(text: &mut String, value: f32) {
    let start = text.len();
    // Writing into a String cannot fail.
    let _ = write!(text, "{value}");
    let scientific = format!("{value:e}");
    if scientific.len() < text.len() - start {
        text.truncate(start);
        text.push_str(&scientific);
    }
}
