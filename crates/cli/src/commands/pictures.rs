//! Pictures from files, and their latent codes.

use super::drawing::Drawing;
use anyhow::{Context, bail};
use std::path::PathBuf;
use tch::Tensor;
use tweedie_models::{Model, from_pixels};
use tweedie_samplers::{Inversion, Told, ddim_invert};

use crate::arguments::{InversionFlags, ToldName};

/// PNG files as a model sees them, (N, C, H, W): each of the model's size, or all of one that its network takes.
pub fn read_pictures(files: &[PathBuf], model: &Model) -> anyhow::Result<Tensor> {
    let config = model.network().config();
    let channels = config.in_channels;
    if model.description().standardization.is_some() || !matches!(channels, 1 | 3) {
        bail!("this model knows arrays of {channels} channels, and no pictures");
    }
    let mut sides = config.sample_size.map(|size| size.sides());
    let mut clean = Vec::new();
    for file in files {
        let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let picture = tweedie_report::read_png(&bytes)
            .with_context(|| file.display().to_string())?
            .with_channels(channels as usize);
        let found = [picture.height as i64, picture.width as i64];
        let [height, width] = *sides.get_or_insert(found);
        if found != [height, width] {
            bail!("{} is {}×{}; it must be {height}×{width}", file.display(), found[0], found[1]);
        }
        config.check_size(height, width)?;
        let shape = [1, channels, height, width];
        let x = from_pixels(&picture.values, &shape, model.description().range, model.device());
        clean.push(x.map_err(tweedie_torch::Error::from)?);
    }
    Ok(Tensor::f_cat(&clean, 0).map_err(tweedie_torch::Error::from)?)
}

/// Pictures encoded at once.
const AT_ONCE: i64 = 64;

/// The latent codes of clean pictures along a drawing's path, led as it is.
pub fn encode(drawing: &Drawing, clean: &Tensor, how: Inversion) -> anyhow::Result<Tensor> {
    let _no_gradient = tch::no_grad_guard();
    let n = clean.size()[0];
    let code = |first: i64| -> anyhow::Result<Tensor> {
        let part = clean.narrow(0, first, AT_ONCE.min(n - first));
        // What the network says is taken as it is: a clip would lose what a code has to hold.
        let denoiser = drawing.unbounded(first as usize, part.size()[0] as usize)?;
        Ok(ddim_invert(&denoiser, part, &drawing.path, how, &mut ())?)
    };
    let codes = (0..n).step_by(AT_ONCE as usize).map(code).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Tensor::f_cat(&codes, 0).map_err(tweedie_torch::Error::from)?)
}

/// How the command line says that pictures are encoded.
pub fn inversion(flags: &InversionFlags) -> Inversion {
    let told = match flags.told {
        ToldName::Here => Told::Here,
        ToldName::Upper => Told::Upper,
    };
    Inversion { told, refinements: flags.refine }
}
