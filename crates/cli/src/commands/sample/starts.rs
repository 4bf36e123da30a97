//! Where samples begin: with noise, with latents from a file, or on the way between two of either.

use crate::arguments::{NoiseName, Sample};
use anyhow::bail;
use tweedie_applications::generation::{Generator, Start};
use tweedie_applications::latent::{encode, read_images, read_latents, ways};
use tweedie_math::DataShape;
use tweedie_samplers::{Inversion, StreamNoise};

/// The start, and how many samples belong together in a row of a sheet; 0 where none do.
pub(super) fn starts(
    options: &Sample,
    generator: &Generator<'_>,
    shape: &DataShape,
) -> anyhow::Result<(Start, usize)> {
    let model = generator.model();
    if let Some(path) = &options.start {
        let latents = read_latents(path, shape.sides())?.to_device(model.device());
        return Ok((Start::Given(latents), 0));
    }
    let Some(columns) = options.interpolate.map(|columns| columns as usize) else {
        return Ok((Start::Noise, 0));
    };
    generator.check_deterministic("--interpolate")?;
    if options.noise == NoiseName::Torch {
        bail!("--interpolate takes its ends from --noise stream");
    }
    let ends = match &options.between {
        Some(files) => encode(generator, &read_images(files, model)?, Inversion::default())?,
        // Row k lies between the noises of sample k and of the next one.
        None => {
            let noise = StreamNoise::new(options.seed, options.first);
            model.start(&shape.batch(options.n + 1), generator.path(), &noise)?
        }
    };
    Ok((Start::Given(ways(&ends, columns)?), columns))
}
