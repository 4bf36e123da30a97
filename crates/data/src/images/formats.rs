//! Image formats, recognised by the extension and the first bytes of a file.

use image::ImageFormat;

/// The number of bytes by which a file without a known extension is recognised.
pub(super) const HEAD: usize = 512;

/// The formats that are decoded, for messages.
pub(super) const READ: &str = "PNG, JPEG, GIF, WebP, TIFF, BMP, PNM, TGA, ICO, DDS, QOI and farbfeld";

/// Extensions of image files. A file with one of them is taken for an image without opening it.
const ENDINGS: [&str; 24] = [
    "png", "apng", "jpg", "jpeg", "jpe", "jfif", "jif", "gif", "webp", "tif", "tiff", "bmp", "dib", "pnm",
    "pgm", "ppm", "pbm", "pam", "tga", "ico", "dds", "qoi", "ff", "farbfeld",
];

/// Extensions of raw camera files. Many of them are TIFF files, but a TIFF decoder finds a thumbnail or raw sensor values in them.
const RAW: [&str; 9] = ["cr2", "cr3", "nef", "arw", "dng", "orf", "rw2", "raf", "pef"];

/// Extensions of text files. Their content is not checked, since a caption may begin with the two letters of a PNM signature.
const TEXT: [&str; 16] = [
    "txt", "caption", "captions", "cls", "csv", "tsv", "json", "jsonl", "ndjson", "md", "html", "xml",
    "yaml", "yml", "log", "py",
];

/// The content of a file, judged by its name and its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// An image in a format that is decoded.
    Image,
    /// An image in a format that is not decoded, by the name of the format.
    Unread(&'static str),
    /// Something else.
    Other,
}

/// The extension of a name in lower case; empty if it has none.
pub(super) fn ending(name: &str) -> String {
    let short = name.rsplit('/').next().unwrap_or_default();
    short.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase())
}

/// The content of a file, judged by its name alone; `None` if the first bytes must be read.
pub(super) fn content_by_name(name: &str) -> Option<Content> {
    let ending = ending(name);
    let is_in = |list: &[&str]| list.contains(&ending.as_str());
    if is_in(&ENDINGS) {
        Some(Content::Image)
    } else if is_in(&RAW) {
        Some(Content::Unread("camera raw"))
    } else if is_in(&TEXT) {
        Some(Content::Other)
    } else {
        None
    }
}

/// The content of a file, judged by its first bytes.
pub(super) fn content_of(head: &[u8]) -> Content {
    match format_of(head) {
        // Two letters are a weak signature, so the following bytes are checked, too.
        Some(ImageFormat::Pnm) if !is_pnm(head) => Content::Other,
        Some(ImageFormat::Bmp) if !is_bmp(head) => Content::Other,
        Some(ImageFormat::Ico) if !matches!(head.get(4..6), Some([1..=64, 0])) => Content::Other,
        Some(ImageFormat::Tga) => Content::Other,
        Some(_) => Content::Image,
        None => unread_format(head).map_or(Content::Other, Content::Unread),
    }
}

/// The format of an image file by its content; `None` if the format is unknown or not decoded.
pub(super) fn format_of(bytes: &[u8]) -> Option<ImageFormat> {
    use ImageFormat::{Bmp, Dds, Farbfeld, Gif, Ico, Jpeg, Png, Pnm, Qoi, Tga, Tiff, WebP};
    match image::guess_format(bytes) {
        Ok(format) => [Png, Jpeg, Gif, WebP, Tiff, Bmp, Pnm, Ico, Dds, Qoi, Farbfeld]
            .contains(&format)
            .then_some(format),
        Err(_) if bytes.starts_with(b"qoif") => Some(Qoi),
        Err(_) => is_tga(bytes).then_some(Tga),
    }
}

/// The name of an image format that is recognised but not decoded.
pub(super) fn unread_format(head: &[u8]) -> Option<&'static str> {
    const SIGNATURES: [(&[u8], &str); 9] = [
        (b"\0\0\0\x0cjP  \r\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"\0\0\0\x0cJXL ", "JPEG XL"),
        (b"\xff\x0a", "JPEG XL"),
        (b"8BPS", "Photoshop"),
        (b"v/1\x01", "OpenEXR"),
        (b"#?RADIANCE", "Radiance HDR"),
        (b"#?RGBE", "Radiance HDR"),
        (b"<svg", "SVG"),
    ];
    if let Some((_, name)) = SIGNATURES.iter().find(|(start, _)| head.starts_with(start)) {
        return Some(name);
    }
    match head.get(4..12)? {
        b"ftypavif" | b"ftypavis" => Some("AVIF"),
        b"ftypheic" | b"ftypheix" | b"ftypheim" | b"ftypheis" | b"ftyphevc" | b"ftypmif1" | b"ftypmsf1" => {
            Some("HEIF")
        }
        b"ftypcrx " => Some("camera raw"),
        _ => (head.starts_with(b"<?xml") && head.windows(4).any(|four| four == b"<svg")).then_some("SVG"),
    }
}

/// Whether a file is a Git LFS pointer instead of the content.
pub(super) fn is_lfs_pointer(bytes: &[u8]) -> bool {
    bytes.starts_with(b"version https://git-lfs.github.com/spec/")
}

fn is_pnm(head: &[u8]) -> bool {
    let rest = head.get(2..).unwrap_or_default();
    let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    blanks > 0
        && rest.get(blanks).is_some_and(|&byte| byte.is_ascii_digit() || byte == b'#' || head[1] == b'7')
}

/// Whether the second header of a BMP file has one of the lengths that are in use.
fn is_bmp(head: &[u8]) -> bool {
    matches!(head.get(14..18), Some([12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

/// Whether a file is a TGA image. The format has no signature, so the header must be plausible and the announced pixels must be there.
fn is_tga(bytes: &[u8]) -> bool {
    let Some(&[id, palette, kind, p0, p1, p2, p3, p4, _, _, _, _, w0, w1, h0, h1, bits, flags]) =
        bytes.get(..18)
    else {
        return false;
    };
    let n = usize::from(u16::from_le_bytes([w0, w1])) * usize::from(u16::from_le_bytes([h0, h1]));
    let fits = match kind {
        1 | 9 => palette == 1 && bits == 8,
        2 | 10 => palette == 0 && [p0, p1, p2, p3, p4] == [0; 5] && matches!(bits, 15 | 16 | 24 | 32),
        3 | 11 => palette == 0 && [p0, p1, p2, p3, p4] == [0; 5] && matches!(bits, 8 | 16),
        _ => false,
    };
    let colours = usize::from(u16::from_le_bytes([p2, p3])) * usize::from(p4.div_ceil(8));
    let pixels = bytes.get(18 + usize::from(id) + colours..).unwrap_or_default();
    let each = usize::from(bits.div_ceil(8));
    fits && n > 0
        && flags & 0xc0 == 0
        && if kind < 9 { pixels.len() >= n * each } else { has_runs(pixels, n, each) }
}

/// Whether run-length packets contain `n` pixels of `each` bytes.
fn has_runs(mut packets: &[u8], n: usize, each: usize) -> bool {
    let mut seen = 0;
    while seen < n {
        let Some((&head, rest)) = packets.split_first() else { return false };
        let count = usize::from(head & 0x7f) + 1;
        let length = if head & 0x80 == 0 { count * each } else { each };
        let Some(rest) = rest.get(length..) else { return false };
        (packets, seen) = (rest, seen + count);
    }
    true
}
