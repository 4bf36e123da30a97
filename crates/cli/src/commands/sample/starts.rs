//! Starting points of sampling: noise, latents from a file, or interpolations between noises or encoded images.

use crate::arguments::{NoiseName, Sample};
use anyhow::{Context, bail};
use tweedie_applications::generation::{Generator, Start, check_size};
use tweedie_applications::latent::{encode, read_images, read_latents, ways};
use tweedie_math::DataShape;
use tweedie_samplers::{Inversion, StreamNoise};

/// The starting point, and the number of samples per row of a sheet (0 if the samples do not form rows).
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
    // All starts are kept in one tensor.
    let n = columns.saturating_mul(options.between.as_ref().map_or(options.n, |_| 1));
    check_size(n, n, shape).context("-n and --interpolate")?;
    generator.check_deterministic("--interpolate")?;
    if options.noise == NoiseName::Torch {
        bail!("--interpolate cannot be combined with --noise torch; it needs --noise stream");
    }
    let ends = match &options.between {
        Some(files) => encode(generator, &read_images(files, model)?, Inversion::default())?,
        // Row k interpolates between the noises of samples k and k + 1.
        None => {
            let noise = StreamNoise::new(options.seed, options.first);
            model.start(&shape.batch(options.n + 1), generator.path(), &noise)?
        }
    };
    Ok((Start::Given(ways(&ends, columns)?), columns))
}
