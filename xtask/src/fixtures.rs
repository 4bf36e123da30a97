//! `cargo xtask fixtures`: the golden values and the scripts beside them.

use crate::cargo;
use crate::setup::python::python;
use anyhow::{Result, bail};
use std::process::Command;

/// Lists the scripts, or runs one with the Python environment's own packages.
pub fn command(arguments: &[String]) -> Result<()> {
    let folder = cargo::workspace().join("fixtures");
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            scripts.push(path);
        }
    }
    scripts.sort();
    let Some((name, rest)) = arguments.split_first() else {
        for script in scripts {
            let text = std::fs::read_to_string(&script)?;
            let summary = text.lines().next().unwrap_or_default().trim_matches(['"', '#', ' ']);
            println!("{:<28} {summary}", script.file_stem().unwrap_or_default().to_string_lossy());
        }
        println!(
            "\n`cargo xtask fixtures NAME [ARGUMENTS]` runs one; its first lines say which Python packages it needs."
        );
        return Ok(());
    };
    let Some(script) =
        scripts.iter().find(|script| script.file_stem().is_some_and(|stem| stem == name.as_str()))
    else {
        bail!("there is no fixtures/{name}.py; `cargo xtask fixtures` lists what there is");
    };
    let Some(python) = python() else { bail!("the scripts need Python 3, and none was found") };
    let mut command = Command::new(python);
    command.arg(script).args(rest);
    cargo::check(command, &format!("fixtures/{name}.py"))
}
