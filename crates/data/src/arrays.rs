//! Arrays from a safetensors file: latents, spectrograms, fields.

use crate::dataset::check_index;
use crate::identity::version_of;
use crate::moments::moments_of;
use crate::{Dataset, Error, Shape, Values};
use std::path::Path;
use tweedie_math::number::{FINITE, POSITIVE, is_finite, is_positive};
use tweedie_math::{DataShape, Short};
use tweedie_weights::{DataType, TensorFile};

/// Arrays of shape (N, C, H, W) with the mean and the scale of each channel, and optional labels.
#[derive(Debug)]
pub struct Arrays {
    name: String,
    shape: Shape,
    values: Vec<f32>,
    labels: Option<Vec<u32>>,
    moments: (Vec<f64>, Vec<f64>),
}

impl Arrays {
    /// Reads the tensor of the given name, or the only tensor with four axes, in f32, f64, f16, bf16 or u8, and the tensor `labels` (N whole
    /// numbers) if the file has one. If no moments are given, the mean and the standard deviation of each channel are computed from the
    /// data.
    ///
    /// # Errors
    /// [`Error::Format`] for a file without such a tensor, for numbers that are not finite, and for a channel that is constant.
    pub fn open(
        path: &Path,
        tensor: Option<&str>,
        moments: Option<(Vec<f64>, Vec<f64>)>,
    ) -> Result<Self, Error> {
        let bad = |reason: String| Error::Format { path: path.to_path_buf(), reason };
        let mut file = TensorFile::open(path)?;
        let four: Vec<_> = file.tensors().iter().filter(|info| info.shape.len() == 4).cloned().collect();
        let names = || four.iter().map(|info| info.name.clone()).collect::<Vec<_>>().join(", ");
        let info = match (tensor, four.as_slice()) {
            (Some(name), _) => four.iter().find(|info| info.name == name).ok_or_else(|| {
                bad(format!("it has no tensor {name} of shape (N, C, H, W); it has {}", names()))
            })?,
            (None, [only]) => only,
            (None, []) => return Err(bad("it has no tensor of shape (N, C, H, W)".into())),
            (None, _) => {
                return Err(bad(format!(
                    "it has several tensors with four axes, so data.tensor must name one of {}",
                    names()
                )));
            }
        };
        let &[n, channels, height, width] = info.shape.as_slice() else {
            return Err(bad("its tensor does not have four axes".into()));
        };
        if info.shape.contains(&0) {
            return Err(bad(format!(
                "its tensor {} has the shape {:?}, without any values",
                info.name, info.shape
            )));
        }
        let values = floats(&file.read(info)?, info.kind).map_err(bad)?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(bad(format!("value {at} of its tensor {} is {}", info.name, values[at])));
        }
        let shape = Shape { channels, height, width };
        let labels = file.tensors().iter().find(|info| info.name == "labels").cloned();
        let labels = match labels {
            Some(info) => Some(read_labels(&file.read(&info)?, info.kind, n).map_err(bad)?),
            None => None,
        };
        let moments = match moments {
            Some(given) if given.0.len() == channels && given.1.len() == channels => given,
            Some(given) => {
                let found = format!("{} means and {} scales", given.0.len(), given.1.len());
                return Err(Error::Parameter {
                    name: "data.mean and data.scale",
                    found,
                    allowed: format!("{channels} of each"),
                });
            }
            None => moments_of(&values, &shape.into()),
        };
        if let Some(channel) = moments.0.iter().position(|mean| !is_finite(*mean)) {
            let mean = Short(moments.0[channel]);
            return Err(bad(format!("its channel {channel} has the mean {mean}; it must be {FINITE}")));
        }
        if let Some(channel) = moments.1.iter().position(|scale| !is_positive(*scale)) {
            return Err(bad(format!(
                "its channel {channel} has the scale {}; it must be {POSITIVE}, and can be set by data.scale",
                Short(moments.1[channel])
            )));
        }
        let name = path.file_stem().map_or("arrays".into(), |name| name.to_string_lossy().to_string());
        Ok(Self { name, shape, values, labels, moments })
    }
}

fn floats(bytes: &[u8], kind: DataType) -> Result<Vec<f32>, String> {
    Ok(match kind {
        DataType::F32 => {
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
        }
        DataType::F64 => {
            bytes.chunks_exact(8).map(|b| f64::from_le_bytes(std::array::from_fn(|i| b[i])) as f32).collect()
        }
        DataType::F16 => {
            bytes.chunks_exact(2).map(|b| half::f16::from_le_bytes([b[0], b[1]]).to_f32()).collect()
        }
        DataType::Bf16 => {
            bytes.chunks_exact(2).map(|b| half::bf16::from_le_bytes([b[0], b[1]]).to_f32()).collect()
        }
        DataType::U8 => bytes.iter().map(|&b| f32::from(b)).collect(),
        DataType::I64 => {
            return Err("its tensor has the type i64; f32, f64, f16, bf16 and u8 are read".into());
        }
    })
}

fn read_labels(bytes: &[u8], kind: DataType, n: usize) -> Result<Vec<u32>, String> {
    let labels: Vec<i64> = match kind {
        DataType::I64 => {
            bytes.chunks_exact(8).map(|b| i64::from_le_bytes(std::array::from_fn(|i| b[i]))).collect()
        }
        DataType::U8 => bytes.iter().map(|&b| i64::from(b)).collect(),
        _ => return Err("its labels are of another type than i64 and u8".into()),
    };
    if labels.len() != n {
        return Err(format!("it has {n} arrays and {} labels", labels.len()));
    }
    labels
        .into_iter()
        .map(|label| u32::try_from(label).ok().filter(|label| *label < 1 << 20))
        .collect::<Option<_>>()
        .ok_or_else(|| "its labels are not all between 0 and a million".into())
}

impl Dataset for Arrays {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn shape(&self) -> DataShape {
        self.shape.into()
    }

    fn len(&self) -> Option<u64> {
        Some((self.values.len() / self.shape.n_values()) as u64)
    }

    fn class_names(&self) -> Vec<String> {
        let most = self.labels.iter().flatten().max();
        most.map_or(Vec::new(), |most| (0..=*most).map(|label| label.to_string()).collect())
    }

    fn may_flip(&self) -> bool {
        false
    }

    fn version(&self) -> String {
        version_of(self.values.iter().map(|value| value.to_le_bytes()))
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        let n = self.shape.n_values();
        let at = check_index(index, (self.values.len() / n) as u64)? * n;
        Ok(Values::Floats(self.values[at..at + n].to_vec()))
    }

    fn label(&self, index: u64) -> Option<u32> {
        self.labels.as_ref()?.get(usize::try_from(index).ok()?).copied()
    }

    fn caption(&self, index: u64) -> String {
        self.label(index).map(|label| label.to_string()).unwrap_or_default()
    }

    fn moments(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        Some(self.moments.clone())
    }
}
