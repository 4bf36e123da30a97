//! What is judged: pictures from files, or drawn from a model.

use crate::arguments::EvaluateSamples;
use crate::commands::drawing::Drawing;
use crate::commands::{device, progress};
use anyhow::{Context, bail};
use tweedie_data::{BadFiles, Dataset, Fit, ImageFiles, ImageOptions, Order, Shape};
use tweedie_models::sampling::SamplingDefaults;
use tweedie_models::{Model, to_pixels};
use tweedie_networks::Pass;
use tweedie_samplers::{Step, StreamNoise};
use tweedie_torch::PrecisionChoice;

/// Pictures drawn at once.
const AT_ONCE: usize = 64;

/// Pictures, and the class of each where one was asked for.
type Drawn = (Vec<Vec<u8>>, Option<Vec<i64>>);

/// What is judged, opened and checked, before anything is drawn.
pub(super) enum Subject {
    /// So many pictures of a set, in an order of their own: by name the first ones may be of one class.
    Files { files: Box<ImageFiles>, n: usize, seed: u64 },
    /// A model and how it is to draw.
    Model { drawing: Box<Drawing>, shape: Shape, seed: u64, n: usize },
}

impl Subject {
    /// Opens a checkpoint, a run, or a folder or archive of pictures.
    pub(super) fn open(options: &EvaluateSamples, shape: Shape) -> anyhow::Result<Self> {
        let names = ["unet/config.json", "config.json", "checkpoints"];
        if names.iter().any(|name| options.model.join(name).exists()) {
            Self::of_model(options, shape)
        } else {
            Self::of_files(options, shape)
        }
    }

    fn of_files(options: &EvaluateSamples, shape: Shape) -> anyhow::Result<Self> {
        let how = ImageOptions {
            shape,
            fit: Fit::Stretch,
            background: [255; 3],
            may_flip: false,
            bad_files: BadFiles::Error,
            captions: None,
        };
        let files = ImageFiles::open(&options.model, how)
            .with_context(|| format!("{} is no model and no set of pictures", options.model.display()))?;
        files.check()?;
        let n = files.len().unwrap_or(0).min(options.n as u64) as usize;
        Ok(Self::Files { files: Box::new(files), n, seed: options.seed })
    }

    fn of_model(options: &EvaluateSamples, shape: Shape) -> anyhow::Result<Self> {
        let device = device(&options.device)?;
        let mut model = Model::load(&options.model, device)?;
        if options.raw {
            tweedie_training::load_raw_weights(&model, &options.model)?;
        }
        let (precision, _) = options.precision.parse::<PrecisionChoice>()?.resolve(device);
        model.set_pass(Pass::inference(precision));
        let channels = model.network().config().in_channels;
        if channels != shape.channels as i64 {
            bail!("the model draws {channels} channels, and the data have {}", shape.channels);
        }
        let [height, width] = [shape.height as i64, shape.width as i64];
        if let Some([h, w]) = model.network().config().sample_size.map(|size| size.sides())
            && [h, w] != [height, width]
        {
            bail!("the model draws pictures of {h}×{w}, and the data are {height}×{width}");
        }
        model.network().config().check_size(height, width)?;
        let drawing = Drawing::new(model, &options.how, &options.guidance, options.class.as_deref())?;
        Ok(Self::Model { drawing: Box::new(drawing), shape, seed: options.seed, n: options.n })
    }

    /// How the model draws, where it is one.
    pub(super) fn sampling(&self) -> Option<&SamplingDefaults> {
        match self {
            Self::Files { .. } => None,
            Self::Model { drawing, .. } => Some(&drawing.sampling),
        }
    }

    /// How many pictures there will be.
    pub(super) fn n(&self) -> usize {
        match self {
            Self::Files { n, .. } | Self::Model { n, .. } => *n,
        }
    }

    /// The pictures.
    pub(super) fn pictures(&self) -> anyhow::Result<Drawn> {
        match self {
            Self::Files { files, n, seed } => {
                let mut order = Order::new(*seed, files.len());
                let read = |i| super::bytes_of(files.values(order.index(i))?);
                Ok(((0..*n as u64).map(read).collect::<anyhow::Result<_>>()?, None))
            }
            Self::Model { drawing, shape, seed, n } => {
                let pictures = draw(drawing, *shape, *seed, *n)?;
                Ok((pictures, (0..*n).map(|i| drawing.wanted(i)).collect()))
            }
        }
    }
}

fn draw(drawing: &Drawing, shape: Shape, seed: u64, n: usize) -> anyhow::Result<Vec<Vec<u8>>> {
    let [channels, height, width] = shape.as_array().map(|side| side as i64);
    let bar = progress((n.div_ceil(AT_ONCE) * drawing.path.n_steps()) as u64);
    let mut pictures = Vec::new();
    for first in (0..n).step_by(AT_ONCE) {
        // Every batch has one size: what a network computes depends on it in the last bits.
        let size = [AT_ONCE as i64, channels, height, width];
        let noise = StreamNoise::new(seed, first as u64);
        let mut look = |_: &Step, _: &tch::Tensor| bar.inc(1);
        let x = drawing.from(drawing.start(size, &noise)?, first, &noise, &mut look)?;
        let range = drawing.model.description().range;
        let bytes = to_pixels(&x, range).map_err(tweedie_torch::Error::from)?;
        pictures.extend(bytes.chunks_exact(shape.n_values()).map(<[u8]>::to_vec));
    }
    bar.finish_and_clear();
    pictures.truncate(n);
    Ok(pictures)
}
