//! The built-in configurations.

use crate::Error;

/// The names of the built-in configurations. The first is the default.
pub const NAMES: [&str; 9] =
    ["shapes", "shapes-32", "points", "mnist", "fashion-mnist", "cifar10", "faces", "nouns", "folder"];

/// The TOML text of a built-in configuration.
///
/// # Errors
/// [`Error::Preset`] for a name that does not exist.
pub fn text(name: &str) -> Result<&'static str, Error> {
    Ok(match name {
        "shapes" => include_str!("../../presets/shapes.toml"),
        "shapes-32" => include_str!("../../presets/shapes-32.toml"),
        "points" => include_str!("../../presets/points.toml"),
        "mnist" => include_str!("../../presets/mnist.toml"),
        "fashion-mnist" => include_str!("../../presets/fashion-mnist.toml"),
        "cifar10" => include_str!("../../presets/cifar10.toml"),
        "faces" => include_str!("../../presets/faces.toml"),
        "nouns" => include_str!("../../presets/nouns.toml"),
        "folder" => include_str!("../../presets/folder.toml"),
        other => {
            let nearest =
                NAMES.iter().max_by(|a, b| strsim::jaro(a, other).total_cmp(&strsim::jaro(b, other)));
            return Err(Error::Preset {
                found: other.to_string(),
                nearest: nearest.unwrap_or(&"").to_string(),
                known: NAMES.join(", "),
            });
        }
    })
}
