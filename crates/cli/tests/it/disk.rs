//! Places that cannot be read, cannot be written, or are full.

use crate::{
    TINY, checkpoint, copy_of_checkpoint, names_in, only_run, place, refusal, refused, train, tweedie,
};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// The binary's arguments behind a shell line that ends with `exec "$0" "$@"`.
pub fn behind(folder: &Path, line: &str, arguments: &[&str]) -> Command {
    let plain = tweedie(folder);
    let mut command = Command::new("sh");
    command.args(["-c", line]).arg(plain.get_program()).args(arguments).current_dir(folder);
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Limits the size of files in blocks, which acts like a full disk.
pub fn with_little_space(folder: &Path, blocks: u32, arguments: &[&str]) -> Command {
    behind(folder, &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""), arguments)
}

#[test]
fn a_full_disk_ends_a_training_without_half_a_checkpoint() {
    let place = place();
    crate::data::write_idx(place.path(), [8, 8, 8]);
    let mut arguments = vec!["train", "--preset", "mnist", "--data", "train-images-idx3-ubyte"];
    arguments.extend(TINY.iter().flat_map(|setting| ["--set", setting]));
    // Enough for the configuration, the plot and the sheets; the weights have about 190 kB.
    let output = with_little_space(place.path(), 100, &arguments).output().unwrap();
    let error = refusal(&output);
    assert!(error.contains("diffusion_pytorch_model.safetensors"), "{error}");
    assert!(error.to_lowercase().contains("too large"), "{error}");
    let run = only_run(&place.path().join("runs"));
    assert_eq!(names_in(&run.join("checkpoints")), Vec::<String>::new());
    let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
    assert!(config.parse::<toml::Table>().is_ok());
}

#[test]
fn a_full_disk_ends_a_drawing_without_half_a_sheet() {
    let place = place();
    let drawing = ["sample", checkpoint(), "-n", "16", "--out", "sheet.png"];
    refused(place.path(), &mut with_little_space(place.path(), 1, &drawing), &["sheet.png"]);
    // What stood there before stays.
    std::fs::write(place.path().join("sheet.png"), "of before").unwrap();
    refused(place.path(), &mut with_little_space(place.path(), 1, &drawing), &["sheet.png"]);
}

#[test]
fn places_that_cannot_be_written_are_named() {
    let place = place();
    let folder = place.path();
    refused(folder, &mut train(folder, &["--runs", "/proc/runs"]), &["/proc/runs"]);
    std::fs::write(folder.join("file"), "").unwrap();
    refused(folder, &mut train(folder, &["--runs", "file"]), &["file"]);
    for arguments in [
        ["sample", checkpoint(), "--out", "/proc/new"],
        ["sample", checkpoint(), "--out", "/proc/new.png"],
        ["sample", checkpoint(), "--out", "/proc/new/deep.png"],
        ["inspect", checkpoint(), "--plot", "/proc/new.svg"],
    ] {
        refused(folder, tweedie(folder).args(arguments), &["/proc/new"]);
    }
    refused(folder, tweedie(folder).args(["sample", checkpoint(), "--out", "file"]), &["file"]);
    std::fs::create_dir(folder.join("there")).unwrap();
    let raw = ["sample", checkpoint(), "--out", "there", "--raw", "/proc/new.safetensors"];
    refused(folder, tweedie(folder).args(raw), &["/proc/new.safetensors"]);
    refused(folder, tweedie(folder).args(["data", "preview", "--out", "/proc/new.png"]), &["/proc/new.png"]);
}

/// A shell line under which a file without permissions cannot be read, or the reason why there is none.
pub fn unprivileged(folder: &Path) -> Result<&'static str, &'static str> {
    // Root reads everything, unless it gives that up.
    const LINES: [&str; 2] =
        ["exec \"$0\" \"$@\"", "exec setpriv --bounding-set=-dac_override,-dac_read_search \"$0\" \"$@\""];
    let locked = folder.join("locked");
    std::fs::write(&locked, "").unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o0)).unwrap();
    let line = LINES.into_iter().find(|line| {
        let starts =
            behind(folder, line, &["--version"]).output().is_ok_and(|output| output.status.success());
        let cat = Command::new("sh").args(["-c", line, "cat"]).arg(&locked).output();
        starts && cat.is_ok_and(|output| !output.status.success())
    });
    std::fs::remove_file(locked).unwrap();
    line.ok_or("this user reads every file, and setpriv does not take that away")
}

#[test]
fn what_may_not_be_read_is_named() {
    let place = place();
    let folder = place.path();
    let line = match unprivileged(folder) {
        Ok(line) => line,
        Err(reason) => return tweedie_testing::skip(reason),
    };
    copy_of_checkpoint(&folder.join("ck"));
    crate::data::write_idx(folder, [4, 8, 8]);
    std::fs::write(folder.join("my.toml"), "name = \"mine\"").unwrap();
    std::fs::write(folder.join("my.png"), "").unwrap();
    let weights = "ck/unet/diffusion_pytorch_model.safetensors";
    for (locked, arguments) in [
        (weights, &["sample", "ck"][..]),
        ("ck/unet/config.json", &["sample", "ck"]),
        ("ck/tweedie.json", &["inspect", "ck"]),
        ("my.toml", &["train", "--config", "my.toml"]),
        ("train-images-idx3-ubyte", &["train", "--preset", "mnist", "--data", "train-images-idx3-ubyte"]),
        ("my.png", &["inspect", checkpoint(), "--image", "my.png"]),
    ] {
        let path = folder.join(locked);
        let before = std::fs::metadata(&path).unwrap().permissions();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
        let error = refusal(&behind(folder, line, arguments).output().unwrap());
        assert!(error.contains(locked) && error.contains("Permission denied"), "{error}");
        std::fs::set_permissions(&path, before).unwrap();
    }
    assert!(!folder.join("samples").exists() && !folder.join("runs").exists());
}

#[test]
fn a_locked_folder_is_not_called_empty() {
    let place = place();
    let folder = place.path();
    let line = match unprivileged(folder) {
        Ok(line) => line,
        Err(reason) => return tweedie_testing::skip(reason),
    };
    copy_of_checkpoint(&folder.join("ck"));
    for locked in ["ck", "ck/unet"] {
        let path = folder.join(locked);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
        let error = refusal(&behind(folder, line, &["sample", "ck"]).output().unwrap());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(error.contains("ck") && error.contains("Permission denied"), "{error}");
    }
}
