//! Reading of configurations: TOML text, `--set key=value` changes merged into the table, and deserialization into a struct. Error
//! messages name the key and the nearest known key.
//!
//! TOML has no null value; the string "null" is used instead.

use super::former;
use super::network::INSIDE;
use crate::nesting;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use toml::{Table, Value};

/// An error message about the text of a configuration or one of its values, which names the place.
type Complaint = String;

/// Parses a table and renames its former keys.
pub(super) fn parse(text: &str) -> Result<Table, Complaint> {
    nesting::check(text)?;
    let mut table = text.parse::<Table>().map_err(|error| {
        let line = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        let place = line.map_or(String::new(), |line| format!("line {line}: "));
        format!("{place}{}", error.message().lines().collect::<Vec<_>>().join(" "))
    })?;
    former::rename(&mut table);
    former::complete(&mut table);
    Ok(table)
}

/// Applies changes in order; `objective.…` is short for `training.objective.…`.
pub(super) fn set_all(table: &mut Table, changes: &[String]) -> Result<(), Complaint> {
    changes.iter().try_for_each(|change| match change.strip_prefix("objective.") {
        Some(key) => set(table, &format!("training.objective.{key}")),
        None => set(table, change),
    })
}

/// Applies a change `a.b=value`. The value is parsed as TOML; text that is not a TOML value is used as a string.
fn set(table: &mut Table, change: &str) -> Result<(), Complaint> {
    let Some((key, text)) = change.split_once('=') else {
        return Err(format!("a change must be KEY=VALUE, such as training.batch=32; found `{change}`"));
    };
    nesting::check_parts(key.split('.').count())?;
    if text.trim_start().starts_with(['{', '[']) {
        nesting::check(text).map_err(|reason| format!("{}: {reason}", key.trim()))?;
    }
    let parsed = format!("value = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("value"));
    let value = parsed.unwrap_or_else(|| Value::String(text.to_string()));
    let mut place = table;
    let mut parts = former::current(key.trim()).split('.').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            place.insert(part.to_string(), value);
            return Ok(());
        }
        let below = place.entry(part.to_string()).or_insert_with(|| Value::Table(Table::new()));
        place = below.as_table_mut().ok_or_else(|| format!("{key}: {part} is a value, not a table"))?;
    }
    Ok(())
}

/// Deserializes a struct from a table.
pub(super) fn read<T: DeserializeOwned>(table: Table) -> Result<T, Complaint> {
    let json = to_json(Value::Table(table));
    try_read(&json).map_err(|Refusal { path, message }| {
        let place = match inside_of::<T>(&json, &path, &message) {
            Some(key) => format!("{path}.{key}"),
            None => path,
        };
        let message = explain(&message);
        if place == "." { message } else { format!("{place}: {message}") }
    })
}

struct Refusal {
    path: String,
    message: String,
}

fn try_read<T: DeserializeOwned>(json: &Json) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(json).map_err(|error| {
        let (path, message) = (error.path().to_string(), error.inner().to_string());
        match message.split_once(INSIDE) {
            Some((".", message)) => Refusal { path, message: message.into() },
            Some((inside, message)) => Refusal { path: format!("{path}.{inside}"), message: message.into() },
            None => Refusal { path, message },
        }
    })
}

/// The keys that select the variant of a part, as in `data.kind` and `model.schedule.name`.
const TAGS: [&str; 2] = ["kind", "name"];

/// Finds the key inside the part at `path` that an error is about. If a tag selects the variant of the part, serde names only the
/// part. The key is the one whose removal changes the error.
fn inside_of<T: DeserializeOwned>(json: &Json, path: &str, message: &str) -> Option<String> {
    if !message.starts_with("invalid") {
        return None;
    }
    let pointer = format!("/{}", path.replace('.', "/"));
    let part = json.pointer(&pointer)?.as_object()?;
    let is_the_one = |key: &&String| {
        let mut without = json.clone();
        if let Some(part) = without.pointer_mut(&pointer).and_then(Json::as_object_mut) {
            part.remove(*key);
        }
        !TAGS.contains(&key.as_str())
            && try_read::<T>(&without).err().is_none_or(|other| other.message != message)
    };
    let mut found = part.keys().filter(is_the_one);
    let key = found.next()?;
    found.next().is_none().then(|| key.clone())
}

/// Serializes a struct as TOML text.
pub(super) fn write(value: &impl Serialize) -> Result<String, Complaint> {
    let json = serde_json::to_value(value).map_err(|error| error.to_string())?;
    toml::to_string(&from_json(json)).map_err(|error| error.to_string())
}

/// Rewrites serde's error about an unknown name so that it names the nearest known one.
fn explain(message: &str) -> String {
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match names.split_first() {
        Some((unknown, known)) if message.starts_with("unknown") && !known.is_empty() => {
            let what = if message.starts_with("unknown variant") { "value" } else { "key" };
            let nearest =
                known.iter().max_by(|a, b| strsim::jaro(a, unknown).total_cmp(&strsim::jaro(b, unknown)));
            format!(
                "unknown {what} `{unknown}`; the nearest is `{}` (known are {})",
                nearest.unwrap_or(&""),
                known.join(", ")
            )
        }
        _ => message.to_string(),
    }
}

fn to_json(value: Value) -> Json {
    match value {
        Value::String(text) if text == "null" => Json::Null,
        Value::String(text) => Json::String(text),
        Value::Integer(number) => number.into(),
        Value::Float(number) => serde_json::Number::from_f64(number)
            .map_or_else(|| Json::String(number.to_string()), Json::Number),
        Value::Boolean(flag) => flag.into(),
        Value::Datetime(time) => Json::String(time.to_string()),
        Value::Array(list) => list.into_iter().map(to_json).collect(),
        Value::Table(table) => {
            Json::Object(table.into_iter().map(|(key, value)| (key, to_json(value))).collect())
        }
    }
}

fn from_json(json: Json) -> Value {
    match json {
        Json::Null => Value::String("null".into()),
        Json::Bool(flag) => Value::Boolean(flag),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(text),
        Json::Array(list) => Value::Array(list.into_iter().map(from_json).collect()),
        Json::Object(map) => {
            Value::Table(map.into_iter().map(|(key, value)| (key, from_json(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        batch: usize,
        head: Option<i64>,
        name: String,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Whole {
        part: Part,
    }

    fn with(changes: &[&str]) -> Result<Whole, Complaint> {
        let mut table = parse("[part]\nbatch = 4\nhead = 8\nname = \"a\"")?;
        for change in changes {
            set(&mut table, change)?;
        }
        read(table)
    }

    #[test]
    fn values_are_merged_and_nulls_survive() -> Result<(), Complaint> {
        let whole = with(&["part.batch=32", "part.head=null", "part.name=some text"])?;
        assert_eq!(whole.part, Part { batch: 32, head: None, name: "some text".into() });
        assert_eq!(read::<Whole>(parse(&write(&whole)?)?)?, whole);
        Ok(())
    }

    #[test]
    fn refusals_name_key_and_nearest() {
        let message = |changes: &[&str]| with(changes).map(|_| ()).unwrap_err();
        assert!(
            message(&["part.bacth=32"]).contains("part.bacth: unknown key `bacth`; the nearest is `batch`")
        );
        assert!(message(&["part.batch=-1"]).starts_with("part.batch: invalid value: integer `-1`"));
        assert!(message(&["part.batch=\"many\""]).starts_with("part.batch: invalid type"));
        assert!(message(&["part"]).contains("KEY=VALUE"));
        assert!(message(&["part.batch.x=1"]).contains("batch is a value"));
        assert!(message(&[&format!("{}=1", ["a"; 20_000].join("."))]).contains("at most 32"));
        let deep = format!("part.name={}1{}", "[".repeat(20_000), "]".repeat(20_000));
        assert!(message(&[&deep]).starts_with("part.name: tables and lists are nested"));
    }
}
