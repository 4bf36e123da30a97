//! What sampling begins with: noise, latents from a file, or the way between two of either.

use crate::arguments::{NoiseName, Sample};
use crate::commands::drawing::Drawing;
use crate::commands::pictures::{encode, read_pictures};
use anyhow::{Context, bail};
use std::path::Path;
use tch::{Kind, Tensor};
use tweedie_models::tensor_of;
use tweedie_samplers::{Inversion, NoiseSource, StreamNoise, slerp};

/// Where pictures begin.
pub(super) enum Starts {
    /// With fresh noise.
    Noise,
    /// With these; in rows of so many on a sheet, where they belong together.
    Given { latents: Tensor, columns: usize },
}

impl Starts {
    pub(super) fn new(options: &Sample, drawing: &Drawing, shape: [i64; 3]) -> anyhow::Result<Self> {
        if let Some(path) = &options.start {
            let latents = read_latents(path, shape)?.to_device(drawing.model.device());
            return Ok(Self::Given { latents, columns: 0 });
        }
        let Some(columns) = options.interpolate.map(|columns| columns as usize) else {
            return Ok(Self::Noise);
        };
        drawing.check_deterministic("--interpolate")?;
        if options.noise == NoiseName::Torch {
            bail!("--interpolate takes its ends from --noise stream");
        }
        let ends = match &options.between {
            Some(files) => {
                let clean = read_pictures(files, &drawing.model)?;
                encode(drawing, &clean, Inversion::default())?
            }
            // Row k lies between the noises of picture k and of the next one.
            None => {
                let noise = StreamNoise::new(options.seed, options.first);
                let [channels, height, width] = shape;
                drawing.start([options.n as i64 + 1, channels, height, width], &noise)?
            }
        };
        let row = |k: i64| -> anyhow::Result<Tensor> {
            let (a, b) = (ends.narrow(0, k, 1), ends.narrow(0, k + 1, 1));
            let way = |i: usize| slerp(&a, &b, i as f64 / (columns - 1) as f64);
            let points = (0..columns).map(way).collect::<Result<Vec<_>, _>>()?;
            Ok(Tensor::f_cat(&points, 0).map_err(tweedie_torch::Error::from)?)
        };
        let rows = (0..ends.size()[0] - 1).map(row).collect::<anyhow::Result<Vec<_>>>()?;
        let latents = Tensor::f_cat(&rows, 0).map_err(tweedie_torch::Error::from)?;
        Ok(Self::Given { latents, columns })
    }

    /// How many pictures there will be.
    pub(super) fn n(&self, asked: usize) -> usize {
        match self {
            Self::Noise => asked,
            Self::Given { latents, .. } => latents.size()[0] as usize,
        }
    }

    /// Pictures per row of a sheet; 0 where nothing says.
    pub(super) fn columns(&self) -> usize {
        match self {
            Self::Noise => 0,
            Self::Given { columns, .. } => *columns,
        }
    }

    /// The start of a batch, from the `at`-th picture on.
    pub(super) fn batch(
        &self,
        drawing: &Drawing,
        at: usize,
        shape: [i64; 4],
        noise: &dyn NoiseSource<Tensor>,
    ) -> anyhow::Result<Tensor> {
        match self {
            Self::Noise => drawing.start(shape, noise),
            Self::Given { latents, .. } => Ok(latents.narrow(0, at as i64, shape[0])),
        }
    }
}

/// Latents from a file: the tensor of that name, or its only one where that is not finished samples.
fn read_latents(path: &Path, [channels, height, width]: [i64; 3]) -> anyhow::Result<Tensor> {
    let mut file = tweedie_weights::TensorFile::open(path)?;
    let infos = file.tensors().to_vec();
    let named = infos.iter().find(|info| info.name == "latents");
    let only = infos.first().filter(|info| infos.len() == 1 && info.name != "samples");
    let info = named.or(only).with_context(|| {
        format!("{} holds no tensor named latents, as `tweedie invert` writes them", path.display())
    })?;
    let fits =
        matches!(info.shape[..], [_, c, h, w] if [c as i64, h as i64, w as i64] == [channels, height, width]);
    if !fits || info.shape[0] == 0 {
        bail!(
            "{}: {} has the shape {:?}; this model begins with (N, {channels}, {height}, {width})",
            path.display(),
            info.name,
            info.shape
        );
    }
    let bytes = file.read(info)?;
    let shape: Vec<i64> = info.shape.iter().map(|&side| side as i64).collect();
    let tensor = tensor_of(info.kind, &bytes, &shape)?.to_kind(Kind::Float);
    crate::commands::drawing::check_finite(&tensor)
        .with_context(|| format!("{} holds what is no finite number", path.display()))?;
    Ok(tensor)
}
