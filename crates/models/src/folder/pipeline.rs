//! The file `model_index.json`: detection of pipelines that consist of more than a denoiser.

use super::{CONFIG, MODEL_INDEX, json};
use crate::Error;
use serde_json::Value;
use std::path::Path;
use tweedie_files::is_there;

/// Parts of a pipeline that do not change the meaning of the network's output.
const HARMLESS: [&str; 5] = ["unet", "unet_ema", "scheduler", "safety_checker", "feature_extractor"];

/// Parts that decode latents to images.
const DECODERS: [&str; 6] = ["vqvae", "vae", "vqgan", "movq", "decoder", "autoencoder"];

/// Returns an error for a pipeline whose images are not the samples of its network.
pub(super) fn check(folder: &Path) -> Result<(), Error> {
    let path = folder.join(MODEL_INDEX);
    let parts: Vec<String> = match is_there(&path) {
        true => json::read_object(&path)?
            .into_iter()
            .filter(|(key, value)| !key.starts_with('_') && is_part(value))
            .map(|(key, _)| key)
            .collect(),
        // Without an index, the pipeline consists of the subfolders.
        false => DECODERS
            .iter()
            .filter(|name| is_there(&folder.join(name).join(CONFIG)))
            .map(ToString::to_string)
            .collect(),
    };
    let Some(part) = parts.into_iter().find(|part| !HARMLESS.contains(&part.as_str())) else { return Ok(()) };
    Err(Error::Pipeline {
        path: folder.to_path_buf(),
        does: if DECODERS.contains(&part.as_str()) {
            "decodes latents with"
        } else if part.contains("encoder") || part.contains("tokenizer") {
            "conditions its network on the output of"
        } else {
            "contains"
        },
        part,
    })
}

/// Whether a value of the index is a part: a list of a library and a class that is not null.
fn is_part(value: &Value) -> bool {
    matches!(value.as_array().map(Vec::as_slice), Some([_, class]) if !class.is_null())
}
