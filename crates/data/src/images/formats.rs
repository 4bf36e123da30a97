//! Image formats by the first bytes of a file, and by the ending of its name where a format has no signature.

use image::ImageFormat;

/// The number of first bytes by which a file without a known ending is recognised.
pub(super) const HEAD: usize = 512;

/// The formats that are decoded, for messages.
pub(super) const READ: &str = "PNG, JPEG, GIF, WebP, TIFF, BMP, PNM, TGA, ICO, DDS, QOI and farbfeld";

/// Endings of names of images. Such a file is taken for an image without opening it.
const ENDINGS: [&str; 24] = [
    "png", "apng", "jpg", "jpeg", "jpe", "jfif", "jif", "gif", "webp", "tif", "tiff", "bmp", "dib", "pnm",
    "pgm", "ppm", "pbm", "pam", "tga", "ico", "dds", "qoi", "ff", "farbfeld",
];

/// Endings of raw camera files. They are TIFF files inside, but what a TIFF decoder finds there is a thumbnail or raw sensor values.
const RAW: [&str; 9] = ["cr2", "cr3", "nef", "arw", "dng", "orf", "rw2", "raf", "pef"];

/// Endings of files that hold text, whatever their first bytes are: a caption may begin with the two letters of a PNM signature.
const TEXT: [&str; 16] = [
    "txt", "caption", "captions", "cls", "csv", "tsv", "json", "jsonl", "ndjson", "md", "html", "xml",
    "yaml", "yml", "log", "py",
];

/// What a file holds, as far as its name and its first bytes show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// An image in a format that is decoded.
    Image,
    /// An image in a format that is not decoded, by the name of the format.
    Unread(&'static str),
    /// Something else.
    Other,
}

/// The ending of a name in lower case; empty where it has none.
pub(super) fn ending(name: &str) -> String {
    let short = name.rsplit('/').next().unwrap_or_default();
    short.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase())
}

/// What a name alone shows; `None` where the first bytes must be read.
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

/// What the first bytes of a file show.
pub(super) fn content_of(head: &[u8]) -> Content {
    match format_of(head) {
        // Two letters are a weak signature: the third byte ends them, and a number follows.
        Some(ImageFormat::Pnm) if !is_pnm(head) => Content::Other,
        Some(ImageFormat::Bmp) if !is_bmp(head) => Content::Other,
        Some(ImageFormat::Ico) if !matches!(head.get(4..6), Some([1..=64, 0])) => Content::Other,
        Some(ImageFormat::Tga) => Content::Other,
        Some(_) => Content::Image,
        None => unread_format(head).map_or(Content::Other, Content::Unread),
    }
}

/// The format of an image file that is decoded, by its content.
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

/// The name of an image format that is recognised and not decoded.
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

/// Whether a file is a pointer that Git LFS left in the place of the content.
pub(super) fn is_lfs_pointer(bytes: &[u8]) -> bool {
    bytes.starts_with(b"version https://git-lfs.github.com/spec/")
}

fn is_pnm(head: &[u8]) -> bool {
    let rest = head.get(2..).unwrap_or_default();
    let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    blanks > 0
        && rest.get(blanks).is_some_and(|&byte| byte.is_ascii_digit() || byte == b'#' || head[1] == b'7')
}

/// The length of the second header is one of those that are in use.
fn is_bmp(head: &[u8]) -> bool {
    matches!(head.get(14..18), Some([12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]))
}

/// TGA has no signature: a plain header, and as many pixels behind it as it announces.
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

/// Whether run-length packets hold so many pixels of `each` bytes.
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
