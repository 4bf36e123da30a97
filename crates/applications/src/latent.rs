//! Latents of images: DDIM inversion, reconstruction and interpolation.

use crate::Error;
use crate::generation::{Class, Generator};
use std::path::{Path, PathBuf};
use tch::{Kind, Tensor};
use tweedie_models::sampling::{Sampler, SamplerOptions, SamplingConfig};
use tweedie_models::{Condition, Model, from_pixels, tensor_of};
use tweedie_report::Image;
use tweedie_samplers::{Inversion, ddim_invert, reconstruct, slerp};

/// The batch size.
const AT_ONCE: i64 = 64;

/// Reads PNG files in the model's units, (N, C, H, W). All must have the model's size or, if it is not fixed, the same size.
///
/// # Errors
/// [`Error::NotImages`] for a model of arrays or points; [`Error::Read`] and [`Error::Content`] for a file that cannot be read, is
/// not an image or has another size.
pub fn read_images(files: &[PathBuf], model: &Model) -> Result<Tensor, Error> {
    let about = model.about();
    if !about.is_images() {
        return Err(Error::NotImages { what: "an image file", found: about.data.clone() });
    }
    let channels = about.data.channels();
    let mut sides = about.size().map(|size| [size[0], size[1]]);
    let mut clean = Vec::new();
    for file in files {
        let content = |reason: String| Error::Content { path: file.clone(), reason };
        let image = read_image(file, channels)?;
        let found = [image.height, image.width];
        let [height, width] = *sides.get_or_insert(found);
        if found != [height, width] {
            return Err(content(format!("it is {}×{}; it must be {height}×{width}", found[0], found[1])));
        }
        model.network().check_sides(&[height as i64, width as i64])?;
        let shape = [1, channels as i64, height as i64, width as i64];
        clean.push(from_pixels(&image.values, &shape, about.range, model.device())?);
    }
    Ok(Tensor::f_cat(&clean, 0)?)
}

/// The greatest size of an image file in bytes.
const MOST_IMAGE: u64 = 1 << 30;

/// Decodes an image file of any format that training reads, to 1 or 3 channels. Transparent pixels are blended with white.
///
/// # Errors
/// [`Error::Read`] and [`Error::Content`] for a file that cannot be read or decoded.
pub fn read_image(file: &Path, channels: usize) -> Result<Image, Error> {
    let bytes = tweedie_files::read_bytes(file, MOST_IMAGE)
        .map_err(|source| Error::Read { path: file.to_path_buf(), source })?;
    let pixels = tweedie_data::decode(&bytes, channels, [255; 3])
        .map_err(|reason| Error::Content { path: file.to_path_buf(), reason })?;
    let (channels, plane) = (pixels.channels, pixels.height * pixels.width);
    let values = (0..channels * plane).map(|i| pixels.bytes[(i % plane) * channels + i / plane]).collect();
    Ok(Image { channels, height: pixels.height, width: pixels.width, values })
}

/// Encodes clean images as latents by DDIM inversion along the generator's path, with its class and guidance. x̂_0 is not clipped,
/// because clipping would lose information.
///
/// # Errors
/// Errors of the network and the sampler.
pub fn encode(generator: &Generator<'_>, clean: &Tensor, how: Inversion) -> Result<Tensor, Error> {
    let _no_gradient = tch::no_grad_guard();
    let n = clean.size()[0];
    let code = |first: i64| -> Result<Tensor, Error> {
        let part = clean.f_narrow(0, first, AT_ONCE.min(n - first))?;
        let denoiser = generator.unbounded(first as usize, part.size()[0] as usize)?;
        Ok(ddim_invert(&denoiser, part, generator.path(), how, &mut ())?)
    };
    let codes = (0..n).step_by(AT_ONCE as usize).map(code).collect::<Result<Vec<_>, _>>()?;
    Ok(Tensor::f_cat(&codes, 0)?)
}

/// The sampling configuration for encoding and decoding: DDIM without noise and without clipping.
pub fn code_sampling(model: &Model, steps: usize) -> SamplingConfig {
    SamplingConfig {
        sampler: Sampler::Ddim,
        steps,
        eta: 0.0,
        levels: None,
        clip: None,
        options: SamplerOptions::default(),
        ..model.sampling().clone()
    }
}

/// Encodes clean images by DDIM inversion and decodes them again along the path of a sampling configuration, such as one of
/// [`code_sampling`]. `rows` are the class rows.
///
/// # Errors
/// Errors of the path and the network.
pub fn reconstruct_images(
    model: &Model,
    clean: &Tensor,
    rows: Option<&[i64]>,
    sampling: &SamplingConfig,
    how: Inversion,
) -> Result<Tensor, Error> {
    let _no_gradient = tch::no_grad_guard();
    let path = model.path(sampling)?;
    let n = clean.size()[0];
    let back = |first: i64| -> Result<Tensor, Error> {
        let count = AT_ONCE.min(n - first);
        let classes = rows.map(|rows| rows[first as usize..(first + count) as usize].to_vec());
        let condition = Condition { classes, ..Condition::none() };
        Ok(reconstruct(&model.given(condition), clean.f_narrow(0, first, count)?, &path, how)?)
    };
    let parts = (0..n).step_by(AT_ONCE as usize).map(back).collect::<Result<Vec<_>, _>>()?;
    Ok(Tensor::f_cat(&parts, 0)?)
}

/// Spherical interpolations between consecutive latents, each in `columns` points, concatenated.
///
/// # Errors
/// Errors of LibTorch.
pub fn ways(ends: &Tensor, columns: usize) -> Result<Tensor, Error> {
    let row = |k: i64| -> Result<Tensor, Error> {
        let (a, b) = (ends.f_narrow(0, k, 1)?, ends.f_narrow(0, k + 1, 1)?);
        let point = |i: usize| slerp(&a, &b, i as f64 / (columns - 1) as f64);
        let points = (0..columns).map(point).collect::<Result<Vec<_>, _>>()?;
        Ok(Tensor::f_cat(&points, 0)?)
    };
    let rows = (0..ends.size()[0] - 1).map(row).collect::<Result<Vec<_>, _>>()?;
    Ok(Tensor::f_cat(&rows, 0)?)
}

/// Reads latents of shape (N, `sides`) from a safetensors file: the tensor named `latents`, or the only tensor of the file unless it is
/// named `samples`.
///
/// # Errors
/// [`Error::Content`] for a file without latents, with another shape, or with values that are not finite.
pub fn read_latents(path: &Path, sides: &[usize]) -> Result<Tensor, Error> {
    let content = |reason: String| Error::Content { path: path.to_path_buf(), reason };
    let mut file = tweedie_weights::TensorFile::open(path)?;
    let infos = file.tensors().to_vec();
    let named = infos.iter().find(|info| info.name == "latents");
    let only = infos.first().filter(|info| infos.len() == 1 && info.name != "samples");
    let info = named
        .or(only)
        .ok_or_else(|| content("it contains no tensor named `latents`, which inversion writes".into()))?;
    let fits = info.shape.split_first().is_some_and(|(n, rest)| *n > 0 && rest == sides);
    if !fits {
        return Err(content(format!(
            "{} has the shape {:?}; the model needs (N, {})",
            info.name,
            info.shape,
            sides.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        )));
    }
    let bytes = file.read(info)?;
    let shape: Vec<i64> = info.shape.iter().map(|&side| side as i64).collect();
    let tensor = tensor_of(info.kind, &bytes, &shape)?.to_kind(Kind::Float);
    crate::generation::check_finite(&tensor)
        .map_err(|_| content("it contains values that are not finite".into()))?;
    Ok(tensor)
}

/// The mean over images of the squared error per dimension, and its standard error, for data scaled from `range` to 1.
///
/// # Errors
/// Errors of LibTorch.
pub fn squared_error(a: &Tensor, b: &Tensor, range: f64) -> Result<(f64, f64), Error> {
    let each = ((a - b) / range).square().flatten(1, -1).mean_dim(1, false, Kind::Double);
    Ok(mean_and_error(&Vec::<f64>::try_from(each)?))
}

/// The mean and its standard error.
pub(crate) fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, (variance / n).sqrt())
}

/// The class rows of `n` images of the requested class.
///
/// # Errors
/// Errors of [`Class::of`].
pub fn class_rows(model: &Model, requested: Option<&str>, n: usize) -> Result<Option<Vec<i64>>, Error> {
    let class = Class::of(model, requested)?;
    Ok((0..n).map(|i| class.row(i)).collect())
}
