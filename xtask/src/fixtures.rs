//! `cargo xtask fixtures`: lists and runs the scripts that write the golden values in `fixtures/`.

use crate::arguments::Fixtures;
use crate::cargo;
use crate::setup::python::python;
use anyhow::{Result, bail};
use std::process::Command;

/// Lists the scripts, or runs one with the packages of the Python environment.
pub fn command(options: &Fixtures) -> Result<()> {
    let folder = cargo::workspace().join("fixtures");
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            scripts.push(path);
        }
    }
    scripts.sort();
    let Some(name) = &options.name else {
        for script in scripts {
            let text = std::fs::read_to_string(&script)?;
            let summary = text.lines().next().unwrap_or_default().trim_matches(['"', '#', ' ']);
            println!("{:<28} {summary}", script.file_stem().unwrap_or_default().to_string_lossy());
        }
        println!(
            "\n`cargo xtask fixtures NAME [ARGUMENTS]` runs a script; the Python packages that it needs are named in its first lines."
        );
        return Ok(());
    };
    let Some(script) =
        scripts.iter().find(|script| script.file_stem().is_some_and(|stem| stem == name.as_str()))
    else {
        bail!("fixtures/{name}.py does not exist; `cargo xtask fixtures` lists the scripts");
    };
    let Some(python) = python() else { bail!("the scripts need Python 3, which was not found") };
    let mut command = Command::new(python);
    command.arg(script).args(&options.arguments);
    cargo::check(command, &format!("fixtures/{name}.py"))
}
