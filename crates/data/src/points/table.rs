//! Tables of text: delimiter, header and fields.

use crate::Error;
use crate::files::MOST_BYTES;
use csv::{ReaderBuilder, StringRecord};
use std::path::{Path, PathBuf};

/// A table in memory, before its fields are understood.
pub(super) struct Table {
    path: PathBuf,
    /// One name per column. Columns without a name have their number, counted from 1.
    pub(super) names: Vec<String>,
    /// Whether the header names each column.
    pub(super) is_named: Vec<bool>,
    /// The rows below the header, as many fields in each as there are names.
    pub(super) rows: Vec<Row>,
}

/// One row of a table.
pub(super) struct Row {
    /// The line at which it begins, counted from 1.
    pub(super) line: u64,
    fields: StringRecord,
}

impl Row {
    /// The field in a column, without the blanks around it.
    pub(super) fn field(&self, column: usize) -> &str {
        self.fields.get(column).unwrap_or_default().trim()
    }

    /// Whether the field in a column is a number, or NaN or infinite.
    pub(super) fn is_number(&self, column: usize) -> bool {
        self.field(column).parse::<f32>().is_ok()
    }

    /// Whether the row is a line of nothing but blanks.
    fn is_blank(&self) -> bool {
        self.fields.len() <= 1 && self.field(0).is_empty()
    }
}

impl Table {
    /// Reads a file of comma-, tab- or semicolon-separated values. The first line is a header unless all of its fields are
    /// numbers.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Format`] for an empty file; [`Error::Row`] for a line that is not UTF-8 or has another number of
    /// fields than the first.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_path_buf(), source };
        let bytes = tweedie_files::read_bytes(path, MOST_BYTES).map_err(io)?;
        let bad = |line: usize, reason: String| Error::Row {
            path: path.to_path_buf(),
            line: line as u64,
            column: None,
            reason,
        };
        let text = str::from_utf8(&bytes).map_err(|error| {
            let before = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count();
            bad(before + 1, "it is not UTF-8 text".into())
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rows = split(text, delimiter(text)).map_err(|error| bad(1, error.to_string()))?;
        let none = |reason: &str| Error::Format { path: path.to_path_buf(), reason: reason.into() };
        let first = rows.first().ok_or_else(|| none("it is empty"))?;
        let columns = first.fields.len();
        if let Some(row) = rows.iter().find(|row| row.fields.len() != columns) {
            let found = row.fields.len();
            return Err(bad(
                row.line as usize,
                format!("it has {found} fields, and the first line has {columns}"),
            ));
        }
        let header = (!(0..columns).all(|column| first.is_number(column))).then(|| rows.remove(0));
        if rows.is_empty() {
            return Err(none("it has a header and no rows"));
        }
        let named =
            |column: usize| header.as_ref().map(|row| row.field(column)).filter(|name| !name.is_empty());
        let names =
            (0..columns).map(|column| named(column).map_or_else(|| (column + 1).to_string(), String::from));
        let (names, is_named) = (
            names.collect(),
            (0..columns).map(|column| header.is_none() || named(column).is_some()).collect(),
        );
        Ok(Self { path: path.to_path_buf(), names, is_named, rows })
    }

    /// The place of a column.
    ///
    /// # Errors
    /// [`Error::Unknown`] where there is none of that name.
    pub(super) fn column(&self, name: &str) -> Result<usize, Error> {
        let found = self.names.iter().position(|known| known == name);
        found.ok_or_else(|| self.unknown("column", name, &self.names))
    }

    /// Whether at least half of a column's fields are numbers.
    pub(super) fn holds_numbers(&self, column: usize) -> bool {
        2 * self.rows.iter().filter(|row| row.is_number(column)).count() >= self.rows.len()
    }

    /// The finite number in a field.
    ///
    /// # Errors
    /// [`Error::Row`] for anything else.
    pub(super) fn number(&self, row: &Row, column: usize) -> Result<f32, Error> {
        let text = row.field(column);
        match text.parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(value),
            Ok(value) if value.is_infinite() && text.contains(|letter: char| letter.is_ascii_digit()) => {
                Err(self.bad_field(row, column, format!("{} is too large for a 32-bit number", short(text))))
            }
            Ok(_) => Err(self.bad_field(row, column, format!("{text} is not a finite number"))),
            Err(_) if text.is_empty() => Err(self.bad_field(row, column, "the field is empty".into())),
            Err(_) => Err(self.bad_field(row, column, format!("\"{}\" is not a number", short(text)))),
        }
    }

    /// The error of a field.
    pub(super) fn bad_field(&self, row: &Row, column: usize, reason: String) -> Error {
        Error::Row {
            path: self.path.clone(),
            line: row.line,
            column: Some(self.names[column].clone()),
            reason,
        }
    }

    /// The error of a column or class that does not exist.
    pub(super) fn unknown(&self, what: &'static str, found: &str, known: &[String]) -> Error {
        let alike = known.iter().map(|name| (strsim::jaro(name, found), name));
        let nearest = alike.filter(|(alike, _)| *alike > 0.6).max_by(|a, b| a.0.total_cmp(&b.0));
        let mut listed: Vec<String> = known.iter().take(20).map(|name| short(name)).collect();
        if known.len() > listed.len() {
            listed.push(format!("and {} more", known.len() - listed.len()));
        }
        Error::Unknown {
            path: self.path.clone(),
            what,
            found: found.into(),
            known: listed.join(", "),
            nearest: nearest.map(|(_, name)| name.clone()),
        }
    }
}

/// The one of tab, comma and semicolon that is most frequent in the first line, outside of quotes; the first named wins a tie.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // Every other piece between quotes is inside of them.
    let count =
        |letter: char| line.split('"').step_by(2).map(|piece| piece.matches(letter).count()).sum::<usize>();
    // `max_by_key` returns the last of equals.
    [b';', b',', b'\t'].into_iter().max_by_key(|&byte| count(char::from(byte))).unwrap_or(b',')
}

/// The rows of a text that are not blank.
fn split(text: &str, delimiter: u8) -> Result<Vec<Row>, csv::Error> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let (mut rows, mut at, mut line) = (Vec::new(), 0, 1);
    for fields in reader.records() {
        let fields = fields?;
        // The parser counts blank lines before a record to the record; its line is counted here.
        let start = fields.position().map_or(at, |position| position.byte() as usize);
        let blanks = text.as_bytes()[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        line += text.as_bytes()[at..start + blanks].iter().filter(|&&byte| byte == b'\n').count() as u64;
        at = start + blanks;
        let row = Row { line, fields };
        if !row.is_blank() {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// A text, shortened for a message.
fn short(text: &str) -> String {
    let mut short: String =
        text.chars().take(40).map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}
