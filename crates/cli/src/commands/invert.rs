//! `tweedie invert`.

use super::drawing::{Drawing, check_finite, open};
use super::pictures::{encode, inversion, read_pictures};
use crate::arguments::{GuidanceFlags, Invert, SamplerFlags};
use crate::output::line;
use serde_json::json;
use std::collections::BTreeMap;
use tch::Kind;
use tweedie_models::bytes_of;
use tweedie_models::sampling::Sampler;

/// Encodes pictures and writes their latents.
pub fn run(options: &Invert) -> anyhow::Result<()> {
    let (model, precision) = open(&options.model, &options.device, &options.precision)?;
    let how = SamplerFlags {
        sampler: Some(Sampler::Ddim),
        eta: Some(crate::arguments::Eta::Number(0.0)),
        steps: options.steps,
        levels: options.levels.clone(),
        no_clip: true,
        ..SamplerFlags::default()
    };
    let drawing = Drawing::new(model, &how, &GuidanceFlags::default(), options.class.as_deref())?;
    let clean = read_pictures(&options.images, &drawing.model)?;
    tweedie_weights::check_writable(&options.out)?;
    let latents = encode(&drawing, &clean, inversion(&options.how))?;
    check_finite(&latents)?;
    let parameters = json!({
        "model": options.model, "images": options.images, "steps": drawing.path.n_steps(), "levels": drawing.sampling.levels,
        "told": format!("{:?}", options.how.told).to_lowercase(), "refine": options.how.refine, "class": options.class,
        "precision": precision.name(), "version": env!("CARGO_PKG_VERSION"),
    });
    let tensors = BTreeMap::from([("latents".to_string(), bytes_of(&latents)?)]);
    let metadata = BTreeMap::from([("parameters".to_string(), parameters.to_string())]);
    let bytes = tweedie_weights::tensor_file_bytes(&options.out, &tensors, &metadata)?;
    tweedie_weights::write_file(&options.out, &bytes)?;
    // A code of the model's own pictures is like the noise that it starts from.
    let start = drawing.model.process().start_std(drawing.path.first());
    let std =
        latents.std(false).f_to_kind(Kind::Double).map_err(tweedie_torch::Error::from)?.double_value(&[]);
    line(format!(
        "{} latents: {} (standard deviation {std:.3}; noise has {start:.3})",
        options.images.len(),
        options.out.display()
    ));
    let levels = match (&options.levels, options.steps) {
        (Some(levels), _) => format!(" --levels {levels}"),
        (None, Some(steps)) => format!(" --steps {steps}"),
        (None, None) => String::new(),
    };
    line(format!(
        "back to pictures: tweedie sample {} --sampler ddim --eta 0{levels} --start {}",
        options.model.display(),
        options.out.display()
    ));
    Ok(())
}
