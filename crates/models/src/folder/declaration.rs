//! The file `tweedie.json`: the kind of a model and its description apart from the network.

use super::{DECLARATION, Kind, json};
use crate::sampling::SamplingConfig;
use crate::{About, Description, Error, VariancePrediction};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::Path;
use tweedie_files::Checksums;
use tweedie_math::Parameterization;

/// The version of `tweedie.json` that this crate writes. Version 2 has no checksums. In version 1, the keys of `about` and `denoiser`
/// were at the top level.
const FORMAT: u32 = 3;

/// The content of `tweedie.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Declaration {
    format: u32,
    pub(super) kind: Kind,
    /// The subfolder with the configuration and the weights of the network.
    pub(super) component: String,
    pub(super) about: About,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    denoiser: Option<DenoiserPart>,
    /// The SHA-256 checksums of the other files of the model.
    #[serde(default, skip_serializing_if = "Checksums::is_empty")]
    pub(super) checksums: Checksums,
}

/// The additional description of a denoiser.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DenoiserPart {
    parameterization: Parameterization,
    variance: VariancePrediction,
    sampling: SamplingConfig,
}

impl Declaration {
    /// The declaration of a denoiser.
    pub(super) fn of_denoiser(description: &Description, component: &str) -> Self {
        let Description { about, parameterization, variance, sampling } = description.clone();
        let denoiser = Some(DenoiserPart { parameterization, variance, sampling });
        let checksums = Checksums::new();
        Self { format: FORMAT, kind: Kind::Denoiser, component: component.into(), about, denoiser, checksums }
    }

    /// The declaration of a classifier.
    pub(super) fn of_classifier(about: &About, component: &str) -> Self {
        Self {
            format: FORMAT,
            kind: Kind::Classifier,
            component: component.into(),
            about: about.clone(),
            denoiser: None,
            checksums: Checksums::new(),
        }
    }

    /// Reads the declaration of a folder, or returns `None` if the folder has none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, Error> {
        if !super::find::holds(folder, DECLARATION)? {
            return Ok(None);
        }
        let path = folder.join(DECLARATION);
        let wrong = |reason: String| Error::Configuration { path: path.clone(), reason };
        let mut object = json::read_object(&path)?;
        match object.get("format").map(|format| (format.as_u64(), format.to_string())) {
            None | Some((Some(1), _)) => object = upgraded(object),
            Some((Some(2 | 3), _)) => {}
            Some((Some(format), _)) if format > u64::from(FORMAT) => {
                return Err(wrong(format!(
                    "it has format {format} of a newer tweedie; this version reads formats 1 to {FORMAT}"
                )));
            }
            Some((_, format)) => {
                return Err(wrong(format!("format is {format}; this version reads formats 1 to {FORMAT}")));
            }
        }
        serde_json::from_value(Value::Object(object)).map(Some).map_err(|error| wrong(error.to_string()))
    }

    /// The description of a denoiser.
    pub(super) fn description(self, folder: &Path) -> Result<Description, Error> {
        let Some(DenoiserPart { parameterization, variance, sampling }) = self.denoiser else {
            let reason = format!("its {DECLARATION} declares a denoiser but has no key `denoiser`");
            return Err(Error::NotACheckpoint { path: folder.to_path_buf(), reason });
        };
        Ok(Description { about: self.about, parameterization, variance, sampling })
    }
}

/// Converts a declaration of format 1 to the current format. Unknown keys are kept in `about`, whose deserialization reports them.
fn upgraded(mut flat: Map<String, Value>) -> Map<String, Value> {
    flat.remove("format");
    let kind = flat.remove("kind").unwrap_or_else(|| "denoiser".into());
    let is_denoiser = kind == "denoiser";
    let mut whole = Map::new();
    whole.insert("format".into(), FORMAT.into());
    whole.insert("kind".into(), kind);
    whole.insert("component".into(), if is_denoiser { "unet" } else { "classifier" }.into());
    if is_denoiser {
        let own = ["parameterization", "variance", "sampling"];
        let part = own.into_iter().filter_map(|key| Some((key.to_string(), flat.remove(key)?)));
        whole.insert("denoiser".into(), Value::Object(part.collect()));
    }
    whole.insert("about".into(), Value::Object(flat));
    whole
}
