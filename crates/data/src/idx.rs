//! IDX files, the format of the MNIST family, gzipped or not.

use crate::dataset::check_index;
use crate::identity::version_of;
use crate::{Dataset, Error, Shape, Values};
use flate2::read::MultiGzDecoder;
use std::io::Read;
use std::path::{Path, PathBuf};
use tweedie_files::{is_there, open_regular};
use tweedie_math::DataShape;

/// Grey images from an IDX file, with labels from a second one.
#[derive(Debug)]
pub struct Idx {
    name: String,
    shape: Shape,
    images: Vec<u8>,
    labels: Option<Vec<u8>>,
    class_names: Vec<String>,
}

/// The greatest number of bytes that is read from a file, after decompression.
const MAX_BYTES: u64 = 8 << 30;

impl Idx {
    /// Reads `train-images-idx3-ubyte[.gz]` and, if present, `train-labels-idx1-ubyte[.gz]` in a folder; or a single file of images.
    ///
    /// # Errors
    /// [`Error::NoData`] for a folder without such files; [`Error::Format`] for a file that is truncated or of another format.
    pub fn open(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            let Some(images) = find(path, "train-images") else {
                let reason = "it has no train-images-idx3-ubyte or train-images-idx3-ubyte.gz".into();
                return Err(Error::NoData { path: path.to_path_buf(), reason });
            };
            return Self::read(&images, find(path, "train-labels").as_deref(), path);
        }
        Self::read(path, None, path)
    }

    /// Adds a border of `pad` zeros on each side of the images.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a border wider than the images.
    pub fn padded(self, pad: usize) -> Result<Self, Error> {
        let Shape { channels, height, width } = self.shape;
        if pad > height.max(width) {
            return Err(Error::Parameter {
                name: "data.pad",
                found: pad.to_string(),
                allowed: format!("at most {}, the images' longer side", height.max(width)),
            });
        }
        if pad == 0 {
            return Ok(self);
        }
        let shape = Shape { channels, height: height + 2 * pad, width: width + 2 * pad };
        let n = self.images.len() / (height * width);
        let mut images = vec![0; n * shape.n_values()];
        for (row, values) in self.images.chunks_exact(width).enumerate() {
            let start = (row / height * shape.height + row % height + pad) * shape.width + pad;
            images[start..start + width].copy_from_slice(values);
        }
        Ok(Self { shape, images, ..self })
    }

    fn read(file: &Path, labels: Option<&Path>, named: &Path) -> Result<Self, Error> {
        let (sides, images) = read_idx(file)?;
        let &[n, height, width] = sides.as_slice() else {
            let reason = format!("images need 3 axes (number, height, width), and it has {}", sides.len());
            return Err(Error::Format { path: file.to_path_buf(), reason });
        };
        if n == 0 || height == 0 || width == 0 {
            return Err(Error::Format { path: file.to_path_buf(), reason: "it contains no images".into() });
        }
        let labels = labels.map(|file| read_labels(file, n)).transpose()?;
        let classes =
            labels.as_ref().map_or(0, |labels| labels.iter().max().map_or(0, |&most| usize::from(most) + 1));
        let name = named.file_name().map_or("idx".into(), |name| name.to_string_lossy().to_string());
        Ok(Self {
            class_names: class_names(&name, classes),
            name,
            shape: Shape { channels: 1, height, width },
            images,
            labels,
        })
    }
}

impl Dataset for Idx {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn shape(&self) -> DataShape {
        self.shape.into()
    }

    fn len(&self) -> Option<u64> {
        Some((self.images.len() / self.shape.n_values()) as u64)
    }

    fn class_names(&self) -> Vec<String> {
        self.class_names.clone()
    }

    fn may_flip(&self) -> bool {
        // A mirrored digit is not a digit, and all shoes of Fashion-MNIST point in the same direction.
        false
    }

    fn version(&self) -> String {
        version_of([&self.images])
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        let n_values = self.shape.n_values();
        let at = check_index(index, (self.images.len() / n_values) as u64)? * n_values;
        Ok(Values::Bytes(self.images[at..at + n_values].to_vec()))
    }

    fn label(&self, index: u64) -> Option<u32> {
        let label = self.labels.as_ref()?.get(usize::try_from(index).ok()?)?;
        Some(u32::from(*label))
    }

    fn caption(&self, index: u64) -> String {
        self.label(index).and_then(|label| self.class_names.get(label as usize).cloned()).unwrap_or_default()
    }
}

fn find(folder: &Path, prefix: &str) -> Option<PathBuf> {
    let axes = if prefix.ends_with("labels") { "idx1" } else { "idx3" };
    let names = [
        format!("{prefix}-{axes}-ubyte"),
        format!("{prefix}-{axes}-ubyte.gz"),
        format!("{prefix}.{axes}-ubyte"),
    ];
    names.iter().map(|name| folder.join(name)).find(|path| is_there(path))
}

fn class_names(set: &str, n: usize) -> Vec<String> {
    const CLOTHES: [&str; 10] = [
        "T-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ];
    if set.contains("fashion") && n == CLOTHES.len() {
        return CLOTHES.map(String::from).to_vec();
    }
    (0..n).map(|label| label.to_string()).collect()
}

fn read_labels(path: &Path, n: usize) -> Result<Vec<u8>, Error> {
    let (sides, labels) = read_idx(path)?;
    if sides != [n] {
        let reason = format!("{n} images need {n} labels, and its axes are {sides:?}");
        return Err(Error::Format { path: path.to_path_buf(), reason });
    }
    Ok(labels)
}

/// The sizes of the axes and the values of an IDX file of u8 values.
fn read_idx(path: &Path) -> Result<(Vec<usize>, Vec<u8>), Error> {
    let bad = |reason: String| Error::Format { path: path.to_path_buf(), reason };
    let bytes = read_bytes(path)?;
    let &[zero, also_zero, kind, n_axes, ..] = bytes.as_slice() else {
        return Err(bad(format!("it has {} bytes, fewer than its 4-byte head", bytes.len())));
    };
    if (zero, also_zero) != (0, 0) {
        return Err(bad(format!("it begins with the bytes {zero} {also_zero} instead of 0 0")));
    }
    if kind != 8 {
        return Err(bad(format!(
            "its values are of the kind 0x{kind:02x}; only bytes (0x08) are images or labels"
        )));
    }
    let head = 4 + 4 * usize::from(n_axes);
    let Some(axes) = bytes.get(4..head) else { return Err(bad("it ends within its head".into())) };
    let sides: Vec<usize> = axes
        .chunks_exact(4)
        .map(|side| u32::from_be_bytes([side[0], side[1], side[2], side[3]]) as usize)
        .collect();
    let expected = sides.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
    let found = bytes.len() - head;
    if expected != Some(found) {
        let expected = expected.map_or("more than can be counted".into(), |n| n.to_string());
        return Err(bad(format!("its head announces {expected} values ({sides:?}), and {found} follow")));
    }
    Ok((sides, bytes[head..].to_vec()))
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let io = |source| Error::Io { path: path.to_path_buf(), source };
    let mut raw = Vec::new();
    open_regular(path).map_err(io)?.take(MAX_BYTES).read_to_end(&mut raw).map_err(io)?;
    if !raw.starts_with(&[0x1f, 0x8b]) {
        return Ok(raw);
    }
    let mut bytes = Vec::new();
    MultiGzDecoder::new(raw.as_slice()).take(MAX_BYTES).read_to_end(&mut bytes).map_err(|error| {
        Error::Format {
            path: path.to_path_buf(),
            reason: format!("its gzip stream is damaged or truncated ({error})"),
        }
    })?;
    Ok(bytes)
}
