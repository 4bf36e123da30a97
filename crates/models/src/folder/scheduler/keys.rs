//! A scheduler's keys: known ones with values that are not implemented are refused by name.

use crate::Error;
use serde_json::{Map, Value};
use std::path::Path;
use tweedie_math::Schedule;

/// A configuration's values, each with its default and its complaint.
pub(super) struct Keys<'a> {
    pub(super) config: &'a Map<String, Value>,
    pub(super) path: &'a Path,
}

impl Keys<'_> {
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.config.get(key).filter(|value| !value.is_null())
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

    pub(super) fn text(&self, key: &str, default: &str) -> Result<String, Error> {
        match self.get(key) {
            None => Ok(default.to_string()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(self.wrong(key, other, "text")),
        }
    }

    pub(super) fn flag(&self, key: &str, default: bool) -> Result<bool, Error> {
        match self.get(key) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(self.wrong(key, other, "true or false")),
        }
    }

    pub(super) fn number(&self, key: &str, default: f64) -> Result<f64, Error> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => {
                let number = value.as_f64().filter(|number| *number >= 0.0);
                number.ok_or_else(|| self.wrong(key, value, "a number, not negative"))
            }
        }
    }

    pub(super) fn whole(&self, key: &str, default: usize) -> Result<usize, Error> {
        match self.get(key) {
            None => Ok(default),
            Some(value) => {
                let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
                number.ok_or_else(|| self.wrong(key, value, "a whole number, not negative"))
            }
        }
    }

    pub(super) fn schedule(&self) -> Result<Schedule, Error> {
        let schedule = self.schedule_of_betas()?;
        if self.flag("rescale_betas_zero_snr", false)? {
            return Ok(Schedule::ZeroTerminalSnr { of: Box::new(schedule) });
        }
        Ok(schedule)
    }

    fn schedule_of_betas(&self) -> Result<Schedule, Error> {
        if let Some(value) = self.get("trained_betas") {
            let betas: Option<Vec<f64>> =
                value.as_array().and_then(|list| list.iter().map(Value::as_f64).collect());
            let betas = betas.ok_or_else(|| self.wrong("trained_betas", value, "a list of numbers"))?;
            return Ok(Schedule::Explicit { betas });
        }
        let (beta_start, beta_end) = (self.number("beta_start", 1e-4)?, self.number("beta_end", 0.02)?);
        match self.text("beta_schedule", "linear")?.as_str() {
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
