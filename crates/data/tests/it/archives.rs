//! The same images from a folder, a tar or a zip are the same set; damaged archives are named.

use crate::make::{Named, contents, file, flat_png, folder, gzip, keys, options, refused, tar, zip};
use tweedie_data::{Dataset, ImageFiles};
use zip::CompressionMethod::{Deflated, Stored};

const NAMES: [&str; 5] = ["b/2.png", "b/10.png", "a/x.png", "c/deep/er/1.png", ".hidden.png"];

/// Images in three classes, with captions and what is no image.
fn with_files<T>(look: impl FnOnce(&[Named]) -> T) -> T {
    let images: Vec<Vec<u8>> = (0..5).map(|i| flat_png(2 + i, 3, 10 * i as u8)).collect();
    let named: Vec<Named> = NAMES.into_iter().zip(images.iter().map(Vec::as_slice)).collect();
    let others: [Named; 3] =
        [("captions.tsv", b"2.png\tthe second\n"), ("notes.txt", b"n"), ("__MACOSX/a/x.png", b"")];
    look(&[&named[..], &others].concat())
}

fn packed(files: &[Named]) -> [(&'static str, Vec<u8>); 7] {
    let backwards: Vec<Named> = files.iter().rev().copied().collect();
    let dotted: Vec<String> = files.iter().map(|(name, _)| format!("./{name}")).collect();
    let dotted: Vec<Named> = dotted.iter().map(String::as_str).zip(files.iter().map(|it| it.1)).collect();
    [
        ("toy.tar", tar(files)),
        ("toy.TAR", tar(&backwards)),
        ("toy.tar", tar(&dotted)),
        ("toy.tar.gz", gzip(&tar(files))),
        ("toy.tgz", gzip(&tar(&dotted))),
        ("toy.zip", zip(files, Stored)),
        ("toy.Zip", zip(&backwards, Deflated)),
    ]
}

#[test]
fn a_folder_and_its_archives_are_one_set() {
    with_files(|files| {
        // Folders whose images are all hidden would be classes without any.
        let shown: Vec<Named> = files.iter().filter(|it| !it.0.starts_with("__")).copied().collect();
        let (_outer, path) = folder(&shown);
        let plain = ImageFiles::open(&path, options()).unwrap();
        assert_eq!(plain.class_names(), ["a", "b", "c"]);
        assert_eq!(keys(&plain), ["a/x.png", "b/10.png", "b/2.png", "c/deep/er/1.png"]);
        assert_eq!(plain.caption(2), "the second");
        for (name, bytes) in packed(files) {
            let (_outer, path) = file(name, &bytes);
            let set = ImageFiles::open(&path, options()).unwrap();
            assert_eq!(contents(&set), contents(&plain), "{name}");
            assert_eq!((set.class_names(), set.shape()), (plain.class_names(), plain.shape()), "{name}");
            assert_eq!(set.sizes(), plain.sizes(), "{name}");
        }
    });
}

#[test]
fn long_names_are_read() {
    let name = format!("{}/{}.png", "folder".repeat(20), "name".repeat(40));
    let files: [Named; 1] = [(&name, &flat_png(2, 2, 7))];
    for (ending, bytes) in [("tar", tar(&files)), ("zip", zip(&files, Deflated))] {
        let (_outer, path) = file(&format!("toy.{ending}"), &bytes);
        let set = ImageFiles::open(&path, options()).unwrap();
        assert_eq!(keys(&set), [name.as_str()]);
        assert!(set.get(0).is_ok());
    }
}

#[test]
fn several_threads_may_read_at_once() {
    let images: Vec<Vec<u8>> = (0..40).map(|i| flat_png(2, 2, i)).collect();
    let names: Vec<String> = (0..40).map(|i| format!("{i:02}.png")).collect();
    let files: Vec<Named> = names.iter().map(String::as_str).zip(images.iter().map(Vec::as_slice)).collect();
    for (ending, bytes) in [("tar", tar(&files)), ("zip", zip(&files, Deflated))] {
        let (_outer, path) = file(&format!("toy.{ending}"), &bytes);
        let set = ImageFiles::open(&path, options()).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let set = &set;
                scope.spawn(move || {
                    for index in (0..40).map(|i| (i * 7 + thread * 11) % 40) {
                        assert_eq!(set.get(index).unwrap().image(), [index as u8; 12]);
                    }
                });
            }
        });
    }
}

#[test]
fn empty_archives_are_refused() {
    for (name, bytes) in [
        ("toy.tar", tar(&[])),
        ("toy.tar.gz", gzip(&tar(&[]))),
        ("toy.zip", zip(&[("notes.txt", b"n")], Stored)),
    ] {
        let (_outer, path) = file(name, &bytes);
        let text = refused(&path);
        assert!(text.contains(name) && text.contains("it has no image that can be decoded"), "{text}");
    }
}

#[test]
fn what_is_no_archive_is_refused() {
    for name in ["toy.tar", "toy.tar.gz", "toy.tgz", "toy.zip"] {
        let (_outer, path) = file(name, &b"dear diary, ".repeat(100));
        let text = refused(&path);
        assert!(text.contains(&path.display().to_string()) && text.contains("it is not a whole"), "{text}");
    }
    for name in ["toy.tar.xz", "toy.7z", "toy", "one.png"] {
        let (_outer, path) = file(name, &flat_png(2, 2, 7));
        let text = refused(&path);
        assert!(
            text.contains(&path.display().to_string())
                && text.contains("not a folder, .tar, .tar.gz or .zip"),
            "{text}"
        );
        std::fs::remove_file(&path).unwrap();
        let text = refused(&path);
        assert!(text.contains("cannot read") && text.contains(&path.display().to_string()), "{text}");
    }
}

/// A cut archive is refused, or it lacks nothing but its end mark. (A tar that is cut between two files cannot be told from
/// a shorter one.)
#[test]
fn truncated_archives_are_refused() {
    let images = [1, 2, 3].map(|value| flat_png(9, 9, value));
    let files: Vec<Named> =
        ["a.png", "b.png", "c.png"].into_iter().zip(images.iter().map(Vec::as_slice)).collect();
    let whole =
        [("toy.tar", tar(&files)), ("toy.tar.gz", gzip(&tar(&files))), ("toy.zip", zip(&files, Deflated))];
    for (name, bytes) in whole {
        for n in (0..bytes.len()).step_by(61) {
            let (_outer, path) = file(name, &bytes[..n]);
            match ImageFiles::open(&path, options()) {
                Err(error) => assert!(error.to_string().contains(name), "{error}"),
                Ok(set) => {
                    assert_eq!(name, "toy.tar", "{n} of {} bytes are read", bytes.len());
                    let left = set.len().unwrap();
                    assert!((0..left).all(|index| set.get(index).is_ok()), "{n} bytes, {left} images");
                }
            }
        }
    }
}

/// Where a member's entry in the zip's directory says how it is stored, and flags beside it.
fn directory(bytes: &[u8]) -> usize {
    bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap()
}

#[test]
fn exotic_zips_are_refused() {
    let bytes = zip(&[("a.png", &flat_png(2, 2, 7))], Deflated);
    let at = directory(&bytes);
    let mut encrypted = bytes.clone();
    encrypted[at + 8] |= 1;
    let (_outer, path) = file("toy.zip", &encrypted);
    let text = refused(&path);
    assert!(text.contains("toy.zip") && text.contains("a.png is encrypted"), "{text}");
    for method in [12, 14, 93, 99] {
        let mut exotic = bytes.clone();
        exotic[at + 10] = method;
        let (_outer, path) = file("toy.zip", &exotic);
        let text = refused(&path);
        assert!(text.contains("toy.zip") && text.contains("a.png is packed by"), "{text}");
        assert!(text.contains("stored and deflate are read"), "{text}");
    }
}

#[test]
fn a_damaged_member_is_named() {
    let good = flat_png(2, 2, 7);
    let mut bytes = zip(&[("a.png", &good), ("b.png", &good)], Deflated);
    // The first member's packed bytes.
    let start = 30 + "a.png".len();
    bytes[start..start + 8].fill(0xff);
    let (_outer, path) = file("toy.zip", &bytes);
    let set = ImageFiles::open(&path, options()).unwrap();
    let text = set.get(0).unwrap_err().to_string();
    assert!(text.contains("a.png") && set.get(1).is_ok(), "{text}");
    let mut wrong = zip(&[("a.png", &good)], Deflated);
    let at = directory(&wrong) + 24;
    wrong[at] = wrong[at].wrapping_add(1);
    let (_outer, path) = file("toy.zip", &wrong);
    let text = ImageFiles::open(&path, options()).map(|set| set.get(0).unwrap_err().to_string()).unwrap();
    assert!(text.contains("a.png") && text.contains(&format!("instead of {}", good.len() + 1)), "{text}");
}

/// As `zip -y` keeps links, and as some programs begin names.
#[test]
fn links_in_a_zip_are_named_and_dots_before_names_are_not_hidden() {
    use std::io::{Cursor, Write};
    let png = flat_png(2, 2, 7);
    let options_of = zip::write::SimpleFileOptions::default();
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("./a.png", options_of).unwrap();
    writer.write_all(&png).unwrap();
    let (_outer, path) = file("toy.zip", &writer.finish().unwrap().into_inner());
    assert_eq!(keys(&ImageFiles::open(&path, options()).unwrap()), ["a.png"]);

    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("b.png", "a.png", options_of).unwrap();
    let (_outer, path) = file("toy.zip", &writer.finish().unwrap().into_inner());
    assert!(refused(&path).contains("b.png is a link"));
}
