//! Keys and values of other versions in the configuration of a `UNet2DModel`.

use serde_json::{Map, Value};
use std::path::Path;
use tweedie_networks::UNetConfig;

/// Former and current names of keys.
const FORMER: [(&str, &str); 2] =
    [("num_head_channels", "attention_head_dim"), ("image_size", "sample_size")];

/// Flags. Null is false for these, as in Python.
const FLAGS: [&str; 3] = ["center_input_sample", "flip_sin_to_cos", "add_attention"];

/// Keys of other versions without effect on a U-Net for images.
const WITHOUT_EFFECT: [&str; 3] = ["downscale_freq_shift", "use_safetensors", "decay"];

/// Converts a configuration to the current keys and values. Returns a note about unknown keys, which are ignored.
pub(super) fn modernize(object: &mut Map<String, Value>, path: &Path) -> Option<String> {
    for (former, key) in FORMER {
        if let Some(value) = object.remove(former) {
            object.entry(key).or_insert(value);
        }
    }
    for key in FLAGS {
        if let Some(value) = object.get_mut(key).filter(|value| value.is_null()) {
            *value = false.into();
        }
    }
    for key in ["down_block_types", "up_block_types"] {
        for block in object.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten() {
            // In early versions, the names of blocks were of the form UNetResDownBlock2D.
            if let Some(name) = block.as_str().and_then(|name| name.strip_prefix("UNetRes")) {
                *block = name.to_string().into();
            }
        }
    }
    let is_known = |key: &str| UNetConfig::KEYS.contains(&key) || WITHOUT_EFFECT.contains(&key);
    // In Python, a key that is null or false has the same effect as a missing one.
    let has_effect = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
    let mut unknown: Vec<&str> = object
        .iter()
        .filter(|(key, value)| !is_known(key) && has_effect(value))
        .map(|(key, _)| key.as_str())
        .collect();
    unknown.sort_unstable();
    (!unknown.is_empty())
        .then(|| format!("{}: unknown keys are ignored: {}", path.display(), unknown.join(", ")))
}
