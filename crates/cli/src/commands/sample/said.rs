//! What a picture says of how it was made.

use crate::arguments::Sample;
use crate::commands::drawing::Drawing;
use serde_json::{Value, json};
use tweedie_models::sampling::Sampler;

/// How a picture was made.
pub(super) fn said(
    options: &Sample,
    drawing: &Drawing,
    precision: &str,
    image: Option<u64>,
    n: usize,
) -> Value {
    let sampling = &drawing.sampling;
    let mut said = json!({
        "model": options.model, "sampler": sampling.sampler, "steps": drawing.path.n_steps(), "eta": sampling.eta,
        "spacing": sampling.spacing, "levels": sampling.levels, "clip": sampling.clip, "seed": options.seed, "image": image, "n": n,
        "noise": format!("{:?}", options.noise).to_lowercase(), "precision": precision, "class": options.class,
        "version": env!("CARGO_PKG_VERSION"),
    });
    let more = [
        ("options", json!(sampling.options), sampling.options != Default::default()),
        (
            "variance",
            json!(sampling.variance),
            matches!(sampling.sampler, Sampler::Ddpm | Sampler::PredictorCorrector),
        ),
        ("guidance", json!(options.guidance.guidance), options.guidance.guidance.is_some()),
        (
            "guidance_rescale",
            json!(options.guidance.guidance_rescale),
            options.guidance.guidance_rescale.is_some(),
        ),
        (
            "guidance_interval",
            json!(options.guidance.guidance_interval),
            options.guidance.guidance_interval.is_some(),
        ),
        ("weak", json!(options.guidance.weak), options.guidance.weak.is_some()),
        ("classifier", json!(options.guidance.classifier), options.guidance.classifier.is_some()),
        ("classifier_scale", json!(options.guidance.classifier_scale), options.guidance.classifier.is_some()),
        (
            "classifier_class",
            json!(options.guidance.classifier_class),
            options.guidance.classifier_class.is_some(),
        ),
        ("batch", json!(options.batch), options.batch != 0),
        ("micro_batch", json!(options.how.options.micro_batch), options.how.options.micro_batch.is_some()),
        ("start", json!(options.start), options.start.is_some()),
        ("interpolate", json!(options.interpolate), options.interpolate.is_some()),
        ("between", json!(options.between), options.between.is_some()),
    ];
    if let Value::Object(said) = &mut said {
        said.extend(more.into_iter().filter(|(.., is)| *is).map(|(key, value, _)| (key.to_string(), value)));
    }
    said
}
