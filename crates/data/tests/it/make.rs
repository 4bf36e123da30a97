//! Files of images made by hand, in memory and on disk.

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use image::{DynamicImage, ImageFormat};
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tweedie_data::{
    BadFiles, ClassSource, Dataset, Example, Fit, ImageFiles, ImageOptions, Shape, SplitFolders,
};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An image's bytes in a format.
pub fn encode(image: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A colour image of one value, as PNG.
pub fn flat_png(height: u32, width: u32, value: u8) -> Vec<u8> {
    encode(image::RgbImage::from_pixel(width, height, image::Rgb([value; 3])), ImageFormat::Png)
}

/// A PNG from its parts: bits per value, kind of colour (0 grey, 2 colours, 3 palette, 4 and 6 with alpha), chunks between head
/// and pixels, and the rows' bytes.
pub fn png(
    [height, width]: [u32; 2],
    bits: u8,
    kind: u8,
    chunks: &[(&[u8; 4], &[u8])],
    rows: &[&[u8]],
) -> Vec<u8> {
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([bits, kind, 0, 0, 0]);
    let unfiltered: Vec<u8> = rows.iter().flat_map(|row| [&[0], *row].concat()).collect();
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(&unfiltered).unwrap();
    let packed = packed.finish().unwrap();
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let parts = [&[(b"IHDR", head.as_slice())], chunks, &[(b"IDAT", packed.as_slice()), (b"IEND", &[])]];
    for (name, content) in parts.concat() {
        let body = [name.as_slice(), content].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&body);
        bytes.extend((content.len() as u32).to_be_bytes());
        bytes.extend(&body);
        bytes.extend(crc.sum().to_be_bytes());
    }
    bytes
}

/// A file's name and content.
pub type Named<'a> = (&'a str, &'a [u8]);

/// A folder called `toy` with the given files; a name that ends in a slash is an empty folder.
pub fn folder(files: &[Named]) -> (TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join("toy");
    std::fs::create_dir(&path).unwrap();
    for (name, bytes) in files {
        let file = path.join(name);
        if name.ends_with('/') {
            std::fs::create_dir_all(file).unwrap();
        } else {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
    }
    (outer, path)
}

/// One file in a folder of its own.
pub fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let path = outer.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (outer, path)
}

pub fn tar(files: &[Named]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zip(files: &[Named], method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Colour images of 2 × 2 pixels on white; the first bad file stops.
pub fn options() -> ImageOptions {
    ImageOptions {
        shape: Shape { channels: 3, height: 2, width: 2 },
        fit: Fit::Crop,
        background: [255; 3],
        may_flip: true,
        bad_files: BadFiles::Error,
        captions: None,
        classes: ClassSource::Auto,
        splits: SplitFolders::Auto,
    }
}

/// The error of opening a place.
#[track_caller]
pub fn refused(path: &Path) -> String {
    match ImageFiles::open(path, options()) {
        Ok(set) => panic!("{} opens as {:?} images", path.display(), set.len()),
        Err(error) => error.to_string(),
    }
}

/// The names of a set's images.
pub fn keys(set: &dyn Dataset) -> Vec<String> {
    (0..set.len().unwrap()).map(|index| set.key(index)).collect()
}

/// Every example of a set, with its name.
pub fn contents(set: &dyn Dataset) -> Vec<(String, Example)> {
    (0..set.len().unwrap()).map(|index| (set.key(index), set.get(index).unwrap())).collect()
}
