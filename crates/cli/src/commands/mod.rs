//! One file per subcommand.

pub mod completions;
pub mod data;
pub mod devices;
pub mod inspect;
pub mod sample;
pub mod train;

use anyhow::{Context, bail};
use tch::{Device, Tensor};
use tweedie_models::Model;
use tweedie_networks::ClassCondition;
use tweedie_torch::Choice;

/// A device from its name.
fn device(name: &str) -> anyhow::Result<Device> {
    Ok(name.parse::<Choice>()?.resolve()?)
}

/// The row of a class given by name or number, or what is missing.
fn class_row(model: &Model, class: Option<&str>) -> anyhow::Result<Option<i64>> {
    let names = &model.description().class_names;
    match (model.network().config().num_class_embeds, class) {
        (None, None) => Ok(None),
        (None, Some(_)) => bail!("this model is unconditional and takes no --class"),
        (Some(rows), None) => {
            bail!("this model draws classes: say which with --class, 0 … {} {}", rows - 1, listed(names))
        }
        (Some(rows), Some(class)) => {
            let row = match names.iter().position(|name| name == class) {
                Some(row) => row as i64,
                None => {
                    class.parse().with_context(|| format!("there is no class `{class}` {}", listed(names)))?
                }
            };
            if !(0..rows).contains(&row) {
                bail!("class {row} is outside 0 … {}", rows - 1);
            }
            Ok(Some(row))
        }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("({})", names.join(", ")) }
}

/// The same class for a whole batch.
fn class_condition(row: Option<i64>, n: usize, device: Device) -> Option<ClassCondition> {
    row.map(|row| ClassCondition::Labels(Tensor::from_slice(&vec![row; n]).to_device(device)))
}
