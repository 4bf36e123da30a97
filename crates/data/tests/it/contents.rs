//! Which files of a set are images: their content decides.

use crate::make::{Named, encode, file, flat_png, folder, gzip, keys, options, refused, tar, zip};
use image::{ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use tweedie_data::{BadFiles, Dataset, ImageFiles, ImageOptions, decode};
use zip::CompressionMethod::{Deflated, Stored};

fn colours() -> RgbImage {
    RgbImage::from_fn(5, 3, |x, y| Rgb([(x * 50) as u8, (y * 100) as u8, (x * y * 20) as u8]))
}

/// Bytes of JPEG 2000 and of AVIF.
const UNREAD: [Named; 2] = [
    ("a.jp2", b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 "),
    ("b.avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"),
];

#[test]
fn every_format_is_recognised_by_its_content() {
    for format in [
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Tiff,
        ImageFormat::Bmp,
        ImageFormat::Pnm,
        ImageFormat::Tga,
        ImageFormat::Qoi,
    ] {
        let image = decode(&encode(colours(), format), 3, [255; 3]).unwrap();
        assert_eq!((image.height, image.width), (3, 5), "{format:?}");
        // A GIF has a palette of its own.
        if format != ImageFormat::Gif {
            assert_eq!(image.bytes, colours().into_raw(), "{format:?}");
        }
    }
    for format in [ImageFormat::Ico, ImageFormat::Farbfeld] {
        let clear = RgbaImage::from_pixel(2, 2, Rgba([9, 9, 9, 0]));
        let bytes = if format == ImageFormat::Ico {
            encode(clear, format)
        } else {
            encode(image::DynamicImage::from(clear).into_rgba16(), format)
        };
        assert_eq!(decode(&bytes, 3, [10, 20, 30]).unwrap().bytes, [10, 20, 30].repeat(4), "{format:?}");
    }
}

#[test]
fn files_of_any_name_are_read_where_they_hold_an_image() {
    let (png, jpeg) = (flat_png(2, 2, 7), encode(RgbImage::from_pixel(2, 2, Rgb([7; 3])), ImageFormat::Jpeg));
    let (tiff, gif) = (encode(colours(), ImageFormat::Tiff), encode(colours(), ImageFormat::Gif));
    let names: [Named; 12] = [
        ("a.JPG", &jpeg),
        ("b.jfif", &jpeg),
        ("c.PNG", &png),
        ("d.tif", &tiff),
        ("e.gif", &gif),
        ("f", &png),
        ("g.0001", &jpeg),
        ("h.png.bak", &png),
        ("h.png", &jpeg),
        ("i.jpg", &png),
        ("j.bmp", &encode(colours(), ImageFormat::Bmp)),
        ("k.webp", &encode(colours(), ImageFormat::WebP)),
    ];
    let mut expected: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
    expected.sort_unstable();
    let (_outer, path) = folder(&names);
    let set = ImageFiles::open(&path, options()).unwrap();
    assert_eq!(keys(&set), expected);
    assert!((0..12).all(|index| set.get(index).is_ok()));
    for (name, bytes) in [
        ("toy.tar", tar(&names)),
        ("toy.tar.gz", gzip(&tar(&names))),
        ("toy.zip", zip(&names, Stored)),
        ("toy.zip", zip(&names, Deflated)),
    ] {
        let (_outer, path) = file(name, &bytes);
        assert_eq!(keys(&ImageFiles::open(&path, options()).unwrap()), expected, "{name}");
    }
}

#[test]
fn other_formats_and_other_files_are_counted_and_named() {
    let png = flat_png(2, 2, 7);
    let others: [Named; 4] =
        [("c.bin", b"\0\x01"), ("README.md", b"P5 2 2 255 abcd"), ("d.npy", b"\x93NUMPY"), ("z.png", &png)];
    let (_outer, path) = folder(&[&UNREAD[..], &others].concat());
    let set = ImageFiles::open(&path, options()).unwrap();
    assert_eq!(keys(&set), ["z.png"]);
    let lines = set.notices().join("\n");
    assert!(
        lines.contains("left out: 2 images in a format that is not decoded (AVIF, JPEG 2000), such as a.jp2"),
        "{lines}"
    );
    assert!(
        lines.contains("left out: 3 files that are neither images nor label files, such as README.md"),
        "{lines}"
    );
    assert!(set.left_out().is_empty());
}

/// What operating systems leave behind is not worth a line.
#[test]
fn leftovers_of_systems_are_not_counted() {
    let png = flat_png(2, 2, 7);
    let names = [".DS_Store", "Thumbs.db", "desktop.ini", "._a.png", "__MACOSX/a.png", "@eaDir/a.png/x.jpg"];
    let mut files: Vec<Named> = names.iter().map(|name| (*name, &png[..])).collect();
    files.push(("a.png", &png));
    let (_outer, path) = folder(&files);
    let set = ImageFiles::open(&path, options()).unwrap();
    assert_eq!((keys(&set), set.notices().len()), (vec!["a.png".to_string()], 1), "{:?}", set.notices());
}

#[test]
fn a_set_of_nothing_but_other_formats_names_them() {
    let (_outer, path) = folder(&UNREAD);
    let text = refused(&path);
    assert!(text.contains("it has 2 images, such as a.jp2 (JPEG 2000)"), "{text}");
    let (_outer, path) = folder(&[("a.txt", b"a")]);
    assert!(refused(&path).ends_with("it has 1 other file, such as a.txt"), "{}", refused(&path));
    let (_outer, path) = folder(&[]);
    assert!(refused(&path).ends_with("it has no files"));
}

/// A name that promises an image makes a file a bad one, not another file.
#[test]
fn an_images_name_with_other_content_is_a_bad_file() {
    let png = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[
        ("a.png", &png),
        ("b.jpg", UNREAD[1].1),
        ("c.png", b"version https://git-lfs.github.com/spec/v1\n"),
    ]);
    let set = ImageFiles::open(&path, options()).unwrap();
    assert_eq!(set.len(), Some(3));
    let [avif, pointer] = [1, 2].map(|index| set.get(index).unwrap_err().to_string());
    assert!(avif.contains("b.jpg") && avif.contains("its format is AVIF"), "{avif}");
    assert!(pointer.contains("c.png") && pointer.contains("`git lfs pull` fetches the image"), "{pointer}");
    let skipping = ImageOptions { bad_files: BadFiles::Skip, ..options() };
    let set = ImageFiles::open(&path, skipping).unwrap();
    assert_eq!((set.len(), set.left_out()), (Some(1), vec!["b.jpg".to_string(), "c.png".into()]));
}

/// Text that begins with the letters of a signature is text.
#[test]
fn captions_are_no_images() {
    let png = flat_png(2, 2, 7);
    let texts: [Named; 6] = [
        ("a.txt", b"P3 2 dogs"),
        ("b.caption", b"BM"),
        ("notes", b"P5 is a camera"),
        ("more", b"BM is a bitmap"),
        ("c.dat", b"\0\0\x01\0rest"),
        ("d.png", &png),
    ];
    let (_outer, path) = folder(&texts);
    assert_eq!(keys(&ImageFiles::open(&path, options()).unwrap()), ["d.png"]);
}

#[test]
fn the_first_frame_of_a_gif_is_read() {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for value in [10, 200] {
        let frame = image::Frame::new(RgbaImage::from_pixel(2, 2, Rgba([value, value, value, 255])));
        encoder.encode_frame(frame).unwrap();
    }
    drop(encoder);
    assert_eq!(decode(&bytes, 1, [0; 3]).unwrap().bytes, [10; 4]);
}

#[test]
fn floating_point_pixels_are_refused() {
    let bytes = encode(image::Rgb32FImage::from_pixel(2, 2, Rgb([0.5; 3])), ImageFormat::Tiff);
    let text = decode(&bytes, 3, [0; 3]).unwrap_err();
    assert!(text.contains("floating-point numbers of unknown range"), "{text}");
}
