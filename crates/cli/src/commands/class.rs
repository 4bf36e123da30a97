//! Which class each picture shows, as a user says it.

use anyhow::bail;
use tch::{Device, Tensor};
use tweedie_models::Model;
use tweedie_networks::ClassCondition;

/// What a user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// An unconditional model's pictures.
    Unconditional,
    /// One row of the class table for all: a class, or what stands for none.
    Row(i64),
    /// Picture i shows class i, and so on from the first again.
    All(i64),
}

impl Class {
    /// From a class' name or number, `none` or `all`; without any, a model that can draws without a class.
    pub fn of(model: &Model, asked: Option<&str>) -> anyhow::Result<Self> {
        let description = model.description();
        let Some(rows) = model.network().config().num_class_embeds else {
            return match asked {
                None => Ok(Self::Unconditional),
                Some(_) => bail!("this model is unconditional and takes no --class"),
            };
        };
        let n_classes = if description.null_class.is_some() { rows - 1 } else { rows };
        match (asked, description.null_class) {
            (None | Some("none"), Some(row)) => Ok(Self::Row(row)),
            (Some("none"), None) => bail!("this model was not trained to draw without a class"),
            (asked, _) => Self::among(&description.class_names, n_classes, asked, "--class"),
        }
    }

    /// From a class' name or number, or `all`, of so many classes; `flag` is where it is said.
    pub fn among(names: &[String], n_classes: i64, asked: Option<&str>, flag: &str) -> anyhow::Result<Self> {
        let listed = if names.is_empty() { String::new() } else { format!("({})", names.join(", ")) };
        let row = match asked {
            Some("all") => return Ok(Self::All(n_classes)),
            None => {
                bail!(
                    "this model draws classes: say which with {flag}, 0 … {} {listed}, or all",
                    n_classes - 1
                )
            }
            Some(class) => match names.iter().position(|name| name == class) {
                Some(row) => row as i64,
                None => match class.parse() {
                    Ok(row) => row,
                    Err(_) => bail!("there is no class `{class}` {listed}"),
                },
            },
        };
        if !(0..n_classes).contains(&row) {
            bail!("class {row} is outside 0 … {}", n_classes - 1);
        }
        Ok(Self::Row(row))
    }

    /// Every class in turn, where the model knows classes.
    pub fn all(model: &Model) -> Self {
        Self::of(model, Some("all")).unwrap_or(Self::Unconditional)
    }

    /// The row of the i-th picture.
    pub fn row(self, i: usize) -> Option<i64> {
        match self {
            Self::Unconditional => None,
            Self::Row(row) => Some(row),
            Self::All(n) => Some(i as i64 % n),
        }
    }

    /// The condition of `n` pictures from the `first`-th on.
    pub fn condition(self, first: usize, n: usize, device: Device) -> Option<ClassCondition> {
        let rows: Option<Vec<i64>> = (first..first + n).map(|i| self.row(i)).collect();
        rows.map(|rows| ClassCondition::Labels(Tensor::from_slice(&rows).to_device(device)))
    }
}
