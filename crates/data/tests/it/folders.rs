//! Images below a folder: which are found, in which order, and which class they have.

use crate::make::{flat_png, folder, keys, options, refused};
use std::os::unix::fs::symlink;
use tweedie_data::{Dataset, Error, ImageFiles, ImageOptions, Shape};

#[test]
fn a_flat_folder_has_no_classes() {
    let png = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[("b.png", &png), ("a10.png", &png), ("a9.png", &png), ("notes.txt", b"n")]);
    let set = ImageFiles::open(&path, options()).unwrap();
    // In the order of their names, in whatever order they were made.
    assert_eq!(keys(&set), ["a10.png", "a9.png", "b.png"]);
    assert_eq!((set.name().as_str(), set.len(), set.class_names().len()), ("toy", Some(3), 0));
    let example = set.get(2).unwrap();
    assert_eq!((example.label, example.caption.as_str(), example.image()), (None, "", &[7; 12][..]));
    assert!(set.may_flip() && !ImageFiles::open(&path, no_flip()).unwrap().may_flip());
    assert_eq!((set.shape(), set.moments()), (options().shape.into(), None));
}

fn no_flip() -> ImageOptions {
    ImageOptions { may_flip: false, ..options() }
}

#[test]
fn folders_of_the_first_level_are_classes() {
    let png = [10, 20, 30, 40].map(|value| flat_png(2, 2, value));
    let files = [
        ("dog/1.png", &png[0][..]),
        ("cat/2.png", &png[1]),
        ("cat/old/1.png", &png[2]),
        ("ape/x.png", &png[3]),
    ];
    let (_outer, path) = folder(&files);
    let set = ImageFiles::open(&path, options()).unwrap();
    assert_eq!(set.class_names(), ["ape", "cat", "dog"]);
    assert_eq!(keys(&set), ["ape/x.png", "cat/2.png", "cat/old/1.png", "dog/1.png"]);
    let of = |index| set.get(index).map(|it| (it.label, it.caption.clone(), it.image()[0])).unwrap();
    let expected = [(0, "ape", 40), (1, "cat", 20), (1, "cat", 30), (2, "dog", 10)];
    assert_eq!([0, 1, 2, 3].map(of), expected.map(|(label, name, value)| (Some(label), name.into(), value)));
}

#[test]
fn one_folder_around_everything_is_no_class() {
    let png = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[("inner/b.png", &png), ("inner/deep/a.png", &png)]);
    let set = ImageFiles::open(&path, options()).unwrap();
    assert_eq!(keys(&set), ["inner/b.png", "inner/deep/a.png"]);
    assert_eq!((set.class_names().len(), set.label(0)), (0, None));
}

#[test]
fn several_folders_around_everything_are_no_classes() {
    let png = flat_png(2, 2, 7);
    let files = [("all/train/cat/1.png", &png[..]), ("all/train/car/2.png", &png), ("all/readme.txt", b"r")];
    let (_outer, path) = folder(&files);
    assert_eq!(ImageFiles::open(&path, options()).unwrap().class_names(), ["car", "cat"]);
    // Names that begin alike are no folder.
    let (_outer, path) = folder(&[("cat1/1.png", &png), ("cat2/1.png", &png)]);
    assert_eq!(ImageFiles::open(&path, options()).unwrap().class_names(), ["cat1", "cat2"]);
}

#[test]
fn hidden_files_are_ignored() {
    let png = flat_png(2, 2, 7);
    let hidden = [(".a.png", &png[..]), ("a/.DS_Store.png", &png), (".git/b.png", &png), ("a/._1.png", &png)];
    let seen = [("a/1.png", &png[..]), ("b/1.png", &png)];
    let (_outer, path) = folder(&[&hidden[..], &seen].concat());
    let set = ImageFiles::open(&path, options()).unwrap();
    assert_eq!(
        (keys(&set), set.class_names()),
        (vec!["a/1.png".into(), "b/1.png".into()], vec!["a".into(), "b".into()])
    );
}

#[test]
fn folders_without_images_are_refused() {
    for files in [&[][..], &[("notes.txt", &b"n"[..])], &[("a/", b""), ("b/", b"")], &[(".hidden.png", b"")]]
    {
        let (_outer, path) = folder(files);
        let text = refused(&path);
        let named = path.display().to_string();
        assert!(
            text.starts_with(&named) && text.contains("it has no image that can be decoded (PNG, JPEG"),
            "{text}"
        );
    }
}

/// An empty class would renumber those after it.
#[test]
fn a_class_without_images_is_refused() {
    let png = flat_png(2, 2, 7);
    for empty in [("b/", &b""[..]), ("b/notes.txt", b"n")] {
        let (_outer, path) = folder(&[("a/1.png", &png), empty, ("c/1.png", &png)]);
        let text = refused(&path);
        assert!(
            text.contains(&path.display().to_string()) && text.contains("its class b has no images"),
            "{text}"
        );
    }
    // At whichever level the classes lie, and beside a single one.
    for files in [
        &[("in/a/1.png", &png[..]), ("in/b/", b""), ("in/c/1.png", &png)][..],
        &[("a/1.png", &png), ("b/", b"")],
    ] {
        let (_outer, path) = folder(files);
        assert!(refused(&path).contains("its class b has no images"));
    }
    let (_outer, path) = folder(&[("in/a/1.png", &png), ("notes/", b""), ("in/c/1.png", &png)]);
    assert_eq!(ImageFiles::open(&path, options()).unwrap().class_names(), ["a", "c"]);
    let (_outer, path) = folder(&[("a/1.png", &png), (".cache/", b""), ("c/1.png", &png)]);
    assert_eq!(ImageFiles::open(&path, options()).unwrap().class_names(), ["a", "c"]);
}

#[test]
fn links_are_followed() {
    let png = flat_png(2, 2, 7);
    let (outer, path) = folder(&[("a/1.png", &png)]);
    std::fs::create_dir(outer.path().join("elsewhere")).unwrap();
    std::fs::write(outer.path().join("elsewhere/2.png"), &png).unwrap();
    symlink(outer.path().join("elsewhere"), path.join("b")).unwrap();
    symlink("1.png", path.join("a/3.png")).unwrap();
    let set = ImageFiles::open(&path, options()).unwrap();
    assert_eq!(keys(&set), ["a/1.png", "a/3.png", "b/2.png"]);
    assert_eq!(set.get(2).unwrap().label, Some(1));
}

#[test]
fn a_loop_of_links_is_refused_at_once() {
    let png = flat_png(2, 2, 7);
    for loops in [&["again"][..], &["again", "once more", "zzz"]] {
        let (_outer, path) = folder(&[("a/1.png", &png)]);
        loops.iter().for_each(|name| symlink(&path, path.join("a").join(name)).unwrap());
        let text = refused(&path);
        assert!(
            text.contains(&path.display().to_string())
                && text.contains("a link to a folder that contains it"),
            "{text}"
        );
    }
}

#[test]
fn a_link_to_nowhere_is_named() {
    let (_outer, path) = folder(&[("a.png", &flat_png(2, 2, 7))]);
    symlink("nowhere.png", path.join("b.png")).unwrap();
    let text = refused(&path);
    assert!(text.contains(&path.join("b.png").display().to_string()), "{text}");
    // One that leads to itself is none either.
    std::fs::remove_file(path.join("b.png")).unwrap();
    symlink("c.png", path.join("c.png")).unwrap();
    assert!(refused(&path).contains("c.png"));
}

#[test]
fn shapes_that_are_none_are_refused() {
    let (_outer, path) = folder(&[("a.png", &flat_png(2, 2, 7))]);
    for (channels, height, width) in
        [(0, 2, 2), (2, 2, 2), (4, 2, 2), (3, 0, 2), (3, 2, 0), (1, 4097, 2), (1, 2, 4097)]
    {
        let options = ImageOptions { shape: Shape { channels, height, width }, ..options() };
        let Err(error) = ImageFiles::open(&path, options) else { panic!("{channels}, {height}×{width}") };
        assert!(matches!(error, Error::Parameter { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("{channels} channels, {height}×{width}")), "{error}");
    }
}

#[test]
fn an_index_beyond_the_end_is_refused() {
    let (_outer, path) = folder(&[("a/1.png", &flat_png(2, 2, 7)), ("b/1.png", &flat_png(2, 2, 7))]);
    let set = ImageFiles::open(&path, options()).unwrap();
    for index in [2, 1 << 40, u64::MAX] {
        assert!(set.get(index).unwrap_err().to_string().contains("below the number of examples, 2"));
        assert_eq!(
            (set.label(index), set.caption(index), set.key(index)),
            (None, String::new(), String::new())
        );
    }
}

/// A cache or notes within the set's own folder make no other set of it.
#[test]
fn what_is_no_image_is_no_part_of_the_version() {
    let png = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[("a.png", &png)]);
    let version = || ImageFiles::open(&path, options()).unwrap().version();
    let before = version();
    std::fs::write(path.join("0123.pixels"), "cache").unwrap();
    assert_eq!(version(), before);
    std::fs::write(path.join("a.png"), [&png[..], b"more"].concat()).unwrap();
    assert_ne!(version(), before);
}
