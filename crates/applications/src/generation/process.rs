//! Parsing of forward processes and parameterizations.

use crate::{Error, nesting};
use serde_json::{Value, json};
use tweedie_math::{Parameterization, Schedule};

/// The schedules that can be given by name only, with the constants of their papers or the defaults of continuous processes.
const NAMED: [&str; 12] = [
    "linear",
    "quadratic",
    "cosine",
    "sigmoid",
    "sigmoid_alpha_bar",
    "binomial",
    "rectified_flow",
    "vp",
    "sub_vp",
    "ve",
    "edm",
    "continuous_cosine",
];

/// The names of the predictions: the name of this workspace, and that of `diffusers` or an alternative.
const PREDICTIONS: [(&str, &str, Parameterization); 6] = [
    ("epsilon", "eps", Parameterization::Epsilon),
    ("x0", "sample", Parameterization::X0),
    ("v", "v_prediction", Parameterization::V),
    ("velocity", "flow_prediction", Parameterization::Velocity),
    ("score", "score", Parameterization::Score),
    ("edm", "edm", Parameterization::Edm { sigma_data: 0.5 }),
];

/// Parses a schedule from its name or from a table in TOML or JSON, such as
/// `{ name = "linear", beta_start = 1e-4, beta_end = 0.02 }`.
///
/// # Errors
/// [`Error::Name`] for text that is not valid.
pub fn schedule_of(text: &str) -> Result<Schedule, Error> {
    let wrong = |reason: String| Error::Name { what: "schedule", found: start_of(text), allowed: reason };
    let read = |value: Value| serde_json::from_value(value).map_err(|error| wrong(error.to_string()));
    if text.trim_start().starts_with('{') {
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            return read(value);
        }
        nesting::check(text).map_err(wrong)?;
        let table: toml::Table = format!("schedule = {text}")
            .parse()
            .map_err(|error: toml::de::Error| wrong(format!("it is not a table: {}", error.message())))?;
        return read(serde_json::to_value(&table["schedule"]).unwrap_or_default());
    }
    match text.replace('-', "_").as_str() {
        "linear" => Ok(Schedule::LINEAR),
        "quadratic" => Ok(Schedule::Quadratic { beta_start: 1e-4, beta_end: 0.02 }),
        "cosine" | "squaredcos_cap_v2" => Ok(Schedule::COSINE),
        "sigmoid" => Ok(Schedule::Sigmoid { beta_start: 1e-4, beta_end: 0.02 }),
        "sigmoid_alpha_bar" => Ok(Schedule::SIGMOID_ALPHA_BAR),
        "rectified_flow" => Ok(Schedule::RectifiedFlow { shift: 1.0 }),
        "scaled_linear" => Err(wrong(
            "scaled_linear of diffusers (linear in sqrt(beta)) is named `quadratic`; the schedule whose betas are scaled by 1000/T is a \
             table, { name = \"scaled_linear\", beta_start = 1e-4, beta_end = 0.02 }"
                .into(),
        )),
        name if NAMED.contains(&name) => read(json!({ "name": name })),
        _ => Err(wrong(format!("it must be one of {}, or a table such as {{ name = \"linear\", beta_start = 1e-4, beta_end = 0.02 }}", NAMED.join(", ")))),
    }
}

/// The greatest number of characters of a text that an error repeats.
const SHOWN: usize = 80;

/// The start of a text, which is the whole text unless it is long.
fn start_of(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

/// Parses a parameterization from its name.
///
/// # Errors
/// [`Error::Name`] for text that is not valid.
pub fn prediction_of(text: &str) -> Result<Parameterization, Error> {
    let found = PREDICTIONS.iter().find(|(own, theirs, _)| [*own, *theirs].contains(&text));
    found.map(|(.., predicted)| *predicted).ok_or_else(|| Error::Name {
        what: "prediction",
        found: text.to_string(),
        allowed: format!(
            "it must be one of {}, or a name of diffusers",
            PREDICTIONS.map(|(own, ..)| own).join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_schedule() {
        for name in NAMED {
            schedule_of(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
        for table in [
            "{ name = \"linear\", beta_start = 1e-4, beta_end = 0.02 }",
            "{\"name\":\"linear\",\"beta_start\":1e-4,\"beta_end\":0.02}",
        ] {
            assert_eq!(schedule_of(table).unwrap(), Schedule::LINEAR);
        }
        assert_eq!(schedule_of("squaredcos_cap_v2").unwrap(), Schedule::COSINE);
        for wrong in
            ["scaled_linear", "lin", "{", "{ name = \"linear\" }", "", "{ name = \"linear\", beta = 1 }"]
        {
            assert!(matches!(schedule_of(wrong), Err(Error::Name { .. })), "{wrong}");
        }
    }

    #[test]
    fn predictions_have_two_names() {
        for (own, theirs, predicted) in PREDICTIONS {
            assert_eq!(prediction_of(own).unwrap(), predicted);
            assert_eq!(prediction_of(theirs).unwrap(), predicted);
        }
        assert!(matches!(prediction_of("noise"), Err(Error::Name { .. })));
    }
}
