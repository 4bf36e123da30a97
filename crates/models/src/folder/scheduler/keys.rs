//! Access to the keys of a scheduler configuration. Values that are not implemented are errors that name the key.

use super::classes::WITHOUT_EFFECT;
use crate::Error;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;
use tweedie_math::Schedule;
use tweedie_math::number::{NOT_NEGATIVE, is_not_negative};

/// Current and former names of keys.
const FORMER: [(&str, &str); 2] =
    [("num_train_timesteps", "timesteps"), ("clip_sample", "clip_predicted_image")];

/// The keys of a scheduler configuration, with typed access, default values and errors.
pub(super) struct Keys<'a> {
    config: &'a Map<String, Value>,
    path: &'a Path,
    /// The keys that have been read.
    read: RefCell<BTreeSet<String>>,
}

impl<'a> Keys<'a> {
    pub(super) fn new(config: &'a Map<String, Value>, path: &'a Path) -> Self {
        Self { config, path, read: RefCell::default() }
    }

    /// The value of a key under its current or former name, which may be null.
    pub(super) fn raw(&self, key: &str) -> Option<&'a Value> {
        let former = FORMER.iter().find(|(present, _)| *present == key).map(|(_, former)| *former);
        let names = [Some(key), former].into_iter().flatten();
        self.read.borrow_mut().extend(names.clone().map(ToString::to_string));
        { names }.find_map(|name| self.config.get(name))
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.raw(key).filter(|value| !value.is_null())
    }

    /// A list of the keys that have not been read and are not known to have no effect.
    pub(super) fn unknown(&self) -> Option<String> {
        let read = self.read.borrow();
        let is_known =
            |key: &str| key.starts_with('_') || read.contains(key) || WITHOUT_EFFECT.contains(&key);
        let mut unknown: Vec<&str> =
            self.config.keys().map(String::as_str).filter(|key| !is_known(key)).collect();
        unknown.sort_unstable();
        (!unknown.is_empty()).then(|| unknown.join(", "))
    }

    pub(super) fn wrong(&self, key: &str, value: &Value, allowed: &str) -> Error {
        Error::Configuration {
            path: self.path.to_path_buf(),
            reason: format!("{key} is {value}; it must be {allowed}"),
        }
    }

    pub(super) fn refuse(&self, key: &str, found: &str, implemented: &[&str]) -> Error {
        let reason = format!(
            "{key} is \"{found}\", which is not implemented; implemented are {}",
            implemented.join(", ")
        );
        Error::Configuration { path: self.path.to_path_buf(), reason }
    }

    /// The value of a text key. Null is an error, as in `diffusers`.
    pub(super) fn text(&self, key: &str, default: &str) -> Result<String, Error> {
        match self.raw(key) {
            None => Ok(default.to_string()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(self.wrong(key, other, "text")),
        }
    }

    /// The value of a flag. Null is false, as in Python. A missing key has the default value.
    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool, Error> {
        match self.raw(key) {
            None => Ok(default),
            Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.wrong(key, other, "true or false")),
        }
    }

    pub(super) fn number(&self, key: &str, default: f64) -> Result<f64, Error> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => {
                let number = value.as_f64().filter(|number| is_not_negative(*number));
                number.ok_or_else(|| self.wrong(key, value, NOT_NEGATIVE))
            }
        }
    }

    pub(super) fn whole(&self, key: &str, default: usize) -> Result<usize, Error> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => {
                let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
                number.ok_or_else(|| self.wrong(key, value, "a non-negative integer"))
            }
        }
    }

    pub(super) fn schedule(&self, default: (&str, f64, f64)) -> Result<Schedule, Error> {
        let schedule = self.schedule_of_betas(default)?;
        if self.flag("rescale_betas_zero_snr", false)? {
            return Ok(Schedule::ZeroTerminalSnr { of: Box::new(schedule) });
        }
        Ok(schedule)
    }

    fn schedule_of_betas(&self, (name, start, end): (&str, f64, f64)) -> Result<Schedule, Error> {
        if let Some(value) = self.get("trained_betas") {
            let betas: Option<Vec<f64>> =
                value.as_array().and_then(|list| list.iter().map(Value::as_f64).collect());
            let betas = betas.ok_or_else(|| self.wrong("trained_betas", value, "a list of numbers"))?;
            return Ok(Schedule::Explicit { betas });
        }
        let (beta_start, beta_end) = (self.number("beta_start", start)?, self.number("beta_end", end)?);
        match self.text("beta_schedule", name)?.as_str() {
            "linear" => Ok(Schedule::Linear { beta_start, beta_end }),
            "scaled_linear" => Ok(Schedule::Quadratic { beta_start, beta_end }),
            "squaredcos_cap_v2" => Ok(Schedule::COSINE),
            "sigmoid" => Ok(Schedule::Sigmoid { beta_start, beta_end }),
            other => Err(self.refuse(
                "beta_schedule",
                other,
                &["linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid"],
            )),
        }
    }
}
