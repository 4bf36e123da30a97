//! Data that are refused by one line that names the thing, with nothing written.

use crate::make::{self, SMALL, noisy, put};
use crate::{place, refused, train, tweedie};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// Refuses to preview data with more settings.
#[track_caller]
fn preview_refused(folder: &Path, data: &str, more: &[&str], words: &[&str]) {
    let mut command = tweedie(folder);
    refused(folder, command.args(["data", "preview", "--data", data]).args(more), words);
}

/// Refuses to train on data with more settings.
#[track_caller]
fn data_refused(folder: &Path, data: &str, more: &[&str], words: &[&str]) {
    refused(folder, train(folder, more).args(["--data", data]), words);
}

/// Refuses a folder of good images with one more file.
#[track_caller]
fn file_refused(name: &str, bytes: &[u8], words: &[&str]) {
    let place = place();
    put(&place.path().join("mine"), &make::images());
    put(&place.path().join("mine"), &[(name, bytes.to_vec())]);
    preview_refused(place.path(), "mine", SMALL, &[&[name], words].concat());
}

#[test]
fn files_that_are_no_images_are_named() {
    let whole = noisy([9, 9], 1);
    file_refused("text.png", b"not an image", &["of no image format", "PNG, JPEG"]);
    file_refused("empty.png", b"", &["no image"]);
    file_refused("cut.png", &whole[..whole.len() / 2], &["damaged or cut off"]);
    let mut damaged = whole.clone();
    damaged[60] ^= 0xff;
    file_refused("damaged.png", &damaged, &["damaged or cut off"]);
    file_refused("cut.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0", &["it is cut off"]);
    file_refused("animated.webp", b"RIFF\x10\0\0\0WEBPVP8 \0\0\0\0", &["damaged or cut off"]);
    file_refused("zero.png", &make::announced([0, 9], 3, b""), &["damaged or cut off"]);
}

#[test]
fn images_that_announce_any_size_take_no_memory() {
    let rows = vec![0; 100_000];
    file_refused("bomb.png", &make::announced([30_000, 30_000], 3, &rows), &["30000×30000"]);
    let larger = make::announced([0x7fff_ffff, 0x7fff_ffff], 3, &rows);
    file_refused("larger.png", &larger, &["more than 32768 pixels a side"]);
}

#[test]
fn links_that_lead_nowhere_or_back_are_named() {
    let place = place();
    let mine = place.path().join("mine");
    put(&mine, &make::images());
    symlink("nowhere", mine.join("lost.png")).unwrap();
    data_refused(place.path(), "mine", SMALL, &["mine/lost.png", "No such file"]);
    std::fs::remove_file(mine.join("lost.png")).unwrap();
    symlink("itself.png", mine.join("itself.png")).unwrap();
    data_refused(place.path(), "mine", SMALL, &["mine/itself.png", "symbolic links"]);
    std::fs::remove_file(mine.join("itself.png")).unwrap();
    symlink(".", mine.join("deep/back")).unwrap();
    let mut command = tweedie(place.path());
    let command = command.args(["data", "preview", "--data", "mine"]).args(SMALL);
    // Listing what lies in the folder would go round, too.
    let error = crate::refusal(&command.output().unwrap());
    assert!(
        error.contains("mine/deep/back") && error.contains("a link to a folder that contains it"),
        "{error}"
    );
}

#[test]
fn folders_without_images_are_named() {
    let place = place();
    std::fs::create_dir(place.path().join("empty")).unwrap();
    data_refused(place.path(), "empty", SMALL, &["empty", "no image that can be decoded (PNG"]);
    put(&place.path().join("texts"), &[("a.txt", b"a".to_vec()), ("b/c.bin", b"GIF8".to_vec())]);
    data_refused(place.path(), "texts", SMALL, &["texts", "no image that can be decoded (PNG"]);
    put(&place.path().join("pets"), &make::classes());
    std::fs::create_dir(place.path().join("pets/fox")).unwrap();
    data_refused(place.path(), "pets", SMALL, &["pets", "its class fox has no images"]);
}

#[test]
fn what_may_not_be_read_is_named() {
    let place = place();
    let folder = place.path();
    let line = match crate::disk::unprivileged(folder) {
        Ok(line) => line,
        Err(reason) => return tweedie_testing::skip(reason),
    };
    put(&folder.join("mine"), &make::images());
    for locked in ["mine/3.png", "mine/deep"] {
        let path = folder.join(locked);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
        let arguments = [&["data", "preview", "--data", "mine"], SMALL].concat();
        let error = crate::refusal(&crate::disk::behind(folder, line, &arguments).output().unwrap());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(error.contains(locked) && error.contains("Permission denied"), "{error}");
    }
}

#[test]
fn archives_that_are_none_are_named() {
    let place = place();
    let folder = place.path();
    let (tar, zip) = (make::tar(&make::images()), make::zip(&make::images()));
    for (name, bytes, words) in [
        ("mine.tar.xz", &tar[..], &["not a folder, .tar, .tar.gz or .zip", "unpacked first"][..]),
        ("one.png", &noisy([8, 8], 1), &["not a folder, .tar, .tar.gz or .zip"]),
        ("cut.tar", &tar[..600], &["truncated"]),
        ("cut.zip", &zip[..zip.len() - 30], &["not a whole zip"]),
        ("text.tar", &b"dear diary, ".repeat(100), &["not a whole tar"]),
        ("text.zip", b"dear diary", &["not a whole zip"]),
        ("text.tar.gz", b"dear diary", &["not a whole tar"]),
        ("empty.zip", b"", &["it is empty"]),
    ] {
        std::fs::write(folder.join(name), bytes).unwrap();
        data_refused(folder, name, SMALL, &[&[name], words].concat());
    }
}

#[test]
fn captions_that_are_none_are_named() {
    let place = place();
    put(&place.path().join("mine"), &make::images());
    let missing = [SMALL, &["--set", "data.captions=mine.csv"]].concat();
    data_refused(place.path(), "mine", &missing, &["no file of captions named mine.csv"]);
    put(&place.path().join("mine"), &[("captions.tsv", b"0.png\tcat\n1.png a dog\n".to_vec())]);
    data_refused(place.path(), "mine", SMALL, &["captions.tsv", "line 2", "no tab"]);
    put(&place.path().join("mine"), &[("captions.tsv", vec![0xff, 0xfe, 0x30])]);
    data_refused(place.path(), "mine", SMALL, &["captions.tsv", "not UTF-8"]);
}

#[test]
fn settings_of_data_are_named() {
    let place = place();
    put(&place.path().join("mine"), &make::images());
    for (setting, words) in [
        ("data.height=0", &["0×8", "1 to 4096"][..]),
        ("data.height=-1", &["data", "-1"]),
        ("data.width=100000", &["8×100000", "1 to 4096"]),
        ("data.channels=2", &["2 channels", "1 or 3"]),
        ("data.kind=foldr", &["data.kind", "`foldr`", "nearest is `folder`"]),
        ("data.fit=padd", &["`padd`", "nearest is `pad`"]),
        ("data.bad_files=skp", &["`skp`", "nearest is `skip`"]),
        ("data.background=[0, 0, 300]", &["data", "300"]),
        ("data.hight=8", &["hight", "nearest is `height`"]),
        ("held_out=1", &["held_out is 1", "below 1"]),
        ("held_out=-0.1", &["held_out is -0.1"]),
        ("held_out=nan", &["held_out", "NaN"]),
        ("held_out=0.9999999", &["nothing would be left"]),
    ] {
        data_refused(place.path(), "mine", &[SMALL, &["--set", setting]].concat(), words);
    }
}

#[test]
fn classes_that_do_not_fit_are_named() {
    let place = place();
    let folder = place.path();
    put(&folder.join("mine"), &make::images()[..5]);
    let mine = |setting: &str, words: &[&str]| {
        let more = ["--data", "mine", "--set", "model.conditional=true", "--set", setting];
        refused(folder, &mut train(folder, &[SMALL, &more].concat()), words);
    };
    mine("name=x", &["model.conditional", "mine has no classes"]);
    mine("training.label_dropout=1.5", &["training.label_dropout", "1.5", "below 1"]);
    mine("training.label_dropout=nan", &["training.label_dropout"]);
    refused(
        folder,
        &mut train(folder, &["--set", "model.conditional=perhaps"]),
        &["model.conditional", "perhaps"],
    );
}
