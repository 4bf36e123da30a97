//! `tweedie invert`.

use super::drawing::{Drawing, check_finite, open};
use super::pictures::{encode, inversion, read_pictures};
use crate::arguments::{Eta, GuidanceFlags, Invert, OptionFlags, SamplerFlags};
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
        steps: options.steps,
        levels: options.levels.clone(),
        options: OptionFlags { eta: Some(Eta::Number(0.0)), no_clip: true, ..OptionFlags::default() },
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
    if std > 1.5 * start {
        line(
            "codes so wide are not like noise: where a network says x0, the first steps from clean data are large; --told upper or --refine make them small",
        );
    }
    if std < start / 1.5 {
        line(
            "codes so narrow are not like noise: they decode, and ways between them need not look like the data",
        );
    }
    line(format!("back to pictures: {}", command(options)));
    Ok(())
}

/// The command that decodes the latents.
fn command(options: &Invert) -> String {
    let mut words = vec!["tweedie sample".to_string(), word(&options.model.display().to_string())];
    words.push("--sampler ddim --eta 0".into());
    words.extend(options.levels.as_ref().map(|levels| format!("--levels {levels}")));
    words.extend(options.steps.map(|steps| format!("--steps {steps}")));
    words.extend(options.class.as_ref().map(|class| format!("--class {}", word(class))));
    words.extend((options.precision != "f32").then(|| format!("--precision {}", options.precision)));
    words.extend((options.device != "auto").then(|| format!("--device {}", options.device)));
    words.push(format!("--start {}", word(&options.out.display().to_string())));
    words.join(" ")
}

/// A word as a shell reads it.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=,".contains(c);
    if text.chars().all(is_plain) { text.into() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
