//! The embedding of a class, number or vector condition, which is added to the time embedding.

use super::UNetConfig;
use super::rows::rows_of;
use super::time::{FeatureEmbedding, TimeFeatures};
use crate::layers::Embedding;
use crate::{Condition, Error, Pass, Scope};
use tch::Tensor;

/// The map from the condition to a vector.
#[derive(Debug)]
pub(super) enum ClassEmbedding {
    None,
    Table(Embedding),
    Timestep(Box<FeatureEmbedding>),
    Identity { width: i64 },
}

impl ClassEmbedding {
    pub(super) fn new(scope: Scope, config: &UNetConfig, width: i64) -> Result<Self, Error> {
        Ok(match (config.class_embed_type.as_deref(), config.num_class_embeds) {
            (None, Some(rows)) => Self::Table(Embedding::new(scope, rows, width)?),
            (Some("timestep"), _) => {
                Self::Timestep(Box::new(FeatureEmbedding::new(scope, TimeFeatures::width(config), width)?))
            }
            (Some("identity"), _) => Self::Identity { width },
            _ => Self::None,
        })
    }

    /// Checks that the condition is of the kind that the network takes, with one row per example.
    pub(super) fn check(&self, condition: &Condition, n: i64) -> Result<(), Error> {
        let given: Vec<_> = condition.given().into_iter().filter(|part| *part != "an image").collect();
        let (needed, own) = match self {
            Self::None if given.is_empty() => return Ok(()),
            Self::None => {
                return Err(Error::Input(format!(
                    "the condition is {}; this network is conditioned on time alone",
                    given.join(" and ")
                )));
            }
            Self::Table(table) => {
                let needed = format!("class numbers 0 … {}", table.n_rows() - 1);
                (needed, condition.class.as_ref().map(|it| (it, vec![n])))
            }
            Self::Timestep(_) => {
                ("a number per example".into(), condition.number.as_ref().map(|it| (it, vec![n])))
            }
            Self::Identity { width } => {
                ("a vector per example".into(), condition.vector.as_ref().map(|it| (it, vec![n, *width])))
            }
        };
        match own {
            Some((values, expected)) if given.len() == 1 && values.size() == expected => Ok(()),
            Some((values, expected)) if given.len() == 1 => Err(Error::Input(format!(
                "the condition has shape {:?}; it must be {expected:?}",
                values.size()
            ))),
            _ => Err(Error::Input(format!(
                "the condition is {}; this network needs {needed}",
                if given.is_empty() { "missing".into() } else { given.join(" and ") }
            ))),
        }
    }

    /// Adds the condition, which was checked before, to the time embedding.
    pub(super) fn add(
        &self,
        embedding: Tensor,
        condition: &Condition,
        features: &TimeFeatures,
        pass: &Pass,
    ) -> Result<Tensor, Error> {
        let vector = match (self, &condition.class, &condition.number, &condition.vector) {
            (Self::Table(table), Some(class), ..) => table.forward(&rows_of(class, table.n_rows(), "class")?),
            (Self::Timestep(embed), _, Some(number), _) => embed.forward(&features.forward(number)?, pass),
            (Self::Identity { .. }, .., Some(vector)) => vector.shallow_clone(),
            _ => return Ok(embedding),
        };
        let kind = embedding.kind();
        Ok(embedding + vector.to_kind(kind))
    }
}
