//! Points from a file of tab- or comma-separated values.

use super::table::Table;
use crate::dataset::check_index;
use crate::identity::version_of;
use crate::moments::moments_of;
use crate::{Dataset, Error, Values};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use tweedie_math::DataShape;

/// The choice of columns and rows of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PointFileOptions {
    /// The names of the columns of coordinates, in this order. By default these are all columns of numbers that have a name and
    /// are not the class.
    pub columns: Option<Vec<String>>,
    /// The name of the column of the class. By default it is the only column of text, if there is exactly one.
    pub class: Option<String>,
    /// The name of the only class to keep. The set then has no classes.
    pub only: Option<String>,
}

/// A finite set of points from a table, perhaps with classes.
#[derive(Debug)]
pub struct PointFile {
    name: String,
    columns: Vec<String>,
    values: Vec<f32>,
    /// The number of each point's row in the file, counted from 1 without the header.
    rows: Vec<u64>,
    labels: Option<Vec<u32>>,
    class_names: Vec<String>,
    moments: (Vec<f64>, Vec<f64>),
}

impl PointFile {
    /// Reads a table of tab-, comma- or semicolon-separated values, whichever is most frequent in the first line.
    ///
    /// The first line is a header unless all of its fields are numbers; without a header the columns are named 1, 2, …. Fields
    /// may be quoted. Blank lines, a byte-order mark and Windows' line ends are accepted. A column holds numbers if at least
    /// half of its fields do; the others are then errors. The classes are numbered in the order of their first appearance.
    ///
    /// # Errors
    /// [`Error::Row`] names the line and the column of what is not a finite number, of an empty class, and of a row with
    /// another number of fields than the first. [`Error::Unknown`] names a column or class that does not exist, and the
    /// nearest one. [`Error::Format`] is returned for an empty file, for one without a column of numbers, for a coordinate that
    /// is the same in every row, and for `only` without a column of classes. [`Error::Parameter`] is returned for a list of
    /// columns that is empty or names one twice. [`Error::Io`] is returned where the file cannot be read.
    pub fn open(path: &Path, options: PointFileOptions) -> Result<Self, Error> {
        let bad = |reason: String| Error::Format { path: path.to_path_buf(), reason };
        let table = Table::read(path)?;
        let class = class_column(&table, options.class.as_deref())?;
        let coordinates = match &options.columns {
            Some(names) => named_columns(&table, names)?,
            None => (0..table.names.len())
                .filter(|&column| {
                    Some(column) != class && table.is_named[column] && table.holds_numbers(column)
                })
                .collect(),
        };
        if coordinates.is_empty() {
            return Err(bad(format!("it has no column of numbers; it has {}", table.names.join(", "))));
        }
        let (labels, class_names) = match class {
            Some(column) => labels(&table, column)?,
            None => (Vec::new(), Vec::new()),
        };
        let kept: Vec<usize> = match &options.only {
            None => (0..table.rows.len()).collect(),
            Some(_) if class.is_none() => {
                return Err(bad(
                    "a class to keep is given, but no column of classes; it must be named".into()
                ));
            }
            Some(only) => {
                let label = class_names.iter().position(|name| name == only);
                let label = label.ok_or_else(|| table.unknown("class", only, &class_names))? as u32;
                (0..labels.len()).filter(|&row| labels[row] == label).collect()
            }
        };
        let mut values = Vec::with_capacity(kept.len() * coordinates.len());
        for &row in &kept {
            for &column in &coordinates {
                values.push(table.number(&table.rows[row], column)?);
            }
        }
        let columns: Vec<String> = coordinates.iter().map(|&column| table.names[column].clone()).collect();
        let moments = moments_of(&values, &DataShape::point(columns.len()));
        for (at, column) in columns.iter().enumerate() {
            let mut own = values.iter().skip(at).step_by(columns.len());
            if own.all(|value| *value == values[at]) || moments.1[at] <= 0.0 {
                return Err(bad(format!(
                    "its column {column} is {} in every row, without any spread",
                    values[at]
                )));
            }
        }
        let stem = path.file_stem().map_or("points".into(), |name| name.to_string_lossy().to_string());
        let classes_left = class.is_some() && options.only.is_none();
        Ok(Self {
            name: options.only.map_or(stem.clone(), |only| format!("{stem} ({only})")),
            columns,
            values,
            rows: kept.into_iter().map(|row| row as u64 + 1).collect(),
            labels: classes_left.then_some(labels),
            class_names: if classes_left { class_names } else { Vec::new() },
            moments,
        })
    }

    /// The names of the coordinates' columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    fn at(&self, index: u64) -> Result<usize, Error> {
        check_index(index, self.rows.len() as u64)
    }
}

/// The column of the class: the one of a name, else the only one of text, if there is exactly one.
fn class_column(table: &Table, name: Option<&str>) -> Result<Option<usize>, Error> {
    if let Some(name) = name {
        return table.column(name).map(Some);
    }
    let mut texts =
        (0..table.names.len()).filter(|&column| table.is_named[column] && !table.holds_numbers(column));
    Ok(texts.next().filter(|_| texts.next().is_none()))
}

fn named_columns(table: &Table, names: &[String]) -> Result<Vec<usize>, Error> {
    let columns = names.iter().map(|name| table.column(name)).collect::<Result<Vec<_>, _>>()?;
    let twice = (1..columns.len()).find(|&i| columns[..i].contains(&columns[i]));
    if columns.is_empty() || twice.is_some() {
        return Err(Error::Parameter {
            name: "the list of columns",
            found: if columns.is_empty() { "empty".into() } else { names.join(", ") },
            allowed: "at least one name, each once".into(),
        });
    }
    Ok(columns)
}

/// The class of each row, and the classes' names.
fn labels(table: &Table, column: usize) -> Result<(Vec<u32>, Vec<String>), Error> {
    let mut known: HashMap<&str, u32> = HashMap::new();
    let (mut labels, mut names) = (Vec::with_capacity(table.rows.len()), Vec::new());
    for row in &table.rows {
        let name = row.field(column);
        if name.is_empty() {
            return Err(table.bad_field(row, column, "the class is empty".into()));
        }
        let label = *known.entry(name).or_insert_with(|| {
            names.push(name.to_string());
            names.len() as u32 - 1
        });
        labels.push(label);
    }
    Ok((labels, names))
}

impl Dataset for PointFile {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn shape(&self) -> DataShape {
        DataShape::point(self.columns.len())
    }

    fn len(&self) -> Option<u64> {
        Some(self.rows.len() as u64)
    }

    fn class_names(&self) -> Vec<String> {
        self.class_names.clone()
    }

    fn may_flip(&self) -> bool {
        false
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        let (at, d) = (self.at(index)?, self.columns.len());
        Ok(Values::Floats(self.values[at * d..(at + 1) * d].to_vec()))
    }

    fn label(&self, index: u64) -> Option<u32> {
        Some(self.labels.as_ref()?[self.at(index).ok()?])
    }

    fn caption(&self, index: u64) -> String {
        self.label(index).map(|label| self.class_names[label as usize].clone()).unwrap_or_default()
    }

    /// The number of the row in the file, counted from 1 without the header.
    fn key(&self, index: u64) -> String {
        self.at(index).map(|at| self.rows[at].to_string()).unwrap_or_default()
    }

    fn version(&self) -> String {
        version_of(self.values.iter().map(|value| value.to_le_bytes()))
    }

    fn moments(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        Some(self.moments.clone())
    }
}
