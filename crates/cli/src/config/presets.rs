//! The configurations inside the binary.

use anyhow::bail;

/// Their names, the default first.
pub const NAMES: [&str; 8] =
    ["shapes", "shapes-32", "mnist", "fashion-mnist", "cifar10", "faces", "nouns", "folder"];

/// A preset's TOML.
pub fn text(name: &str) -> anyhow::Result<&'static str> {
    Ok(match name {
        "shapes" => include_str!("../../presets/shapes.toml"),
        "shapes-32" => include_str!("../../presets/shapes-32.toml"),
        "mnist" => include_str!("../../presets/mnist.toml"),
        "fashion-mnist" => include_str!("../../presets/fashion-mnist.toml"),
        "cifar10" => include_str!("../../presets/cifar10.toml"),
        "faces" => include_str!("../../presets/faces.toml"),
        "nouns" => include_str!("../../presets/nouns.toml"),
        "folder" => include_str!("../../presets/folder.toml"),
        other => {
            let nearest =
                NAMES.iter().max_by(|a, b| strsim::jaro(a, other).total_cmp(&strsim::jaro(b, other)));
            bail!(
                "there is no preset `{other}`; the nearest is `{}` (there are {})",
                nearest.unwrap_or(&""),
                NAMES.join(", ")
            )
        }
    })
}
