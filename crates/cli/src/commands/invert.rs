//! The subcommand `tweedie invert`.

use crate::arguments::Invert;
use crate::output::{line, save_tensor, shell_word};
use serde_json::json;
use tch::Kind;
use tweedie_applications::generation::{Generator, GeneratorOptions, check_finite};
use tweedie_applications::latent::{code_sampling, encode, read_images};
use tweedie_models::sampling::SamplingConfig;
use tweedie_torch::Precision;

/// Encodes images and writes their latents.
pub fn run(options: &Invert) -> anyhow::Result<()> {
    let (model, precision) = super::open_model(
        &options.model,
        &options.folder.options(&options.device, &options.precision, options.images.len()),
    )?;
    let own = model.sampling();
    let sampling = SamplingConfig {
        // --steps overrides the levels of the checkpoint.
        levels: options.levels.clone().or(own.levels.clone().filter(|_| options.steps.is_none())),
        ..code_sampling(&model, options.steps.unwrap_or(own.steps))
    };
    let class = options.class.clone();
    let generator =
        Generator::new(&model, GeneratorOptions { sampling, class, ..GeneratorOptions::of(&model) })?;
    let clean = read_images(&options.images, &model)?;
    tweedie_files::check_writable(&options.out)?;
    let latents = encode(&generator, &clean, options.how.inversion())?;
    check_finite(&latents)?;
    let parameters = json!({
        "model": options.model, "images": options.images, "steps": generator.path().n_steps(), "levels": generator.sampling().levels,
        "conditioned_on": format!("{:?}", options.how.conditioned_on).to_lowercase(), "refine": options.how.refine, "class": options.class,
        "precision": precision.name(), "version": env!("CARGO_PKG_VERSION"),
    });
    save_tensor(&options.out, "latents", &latents, parameters.to_string())?;
    // The latents of an image that the model generates have the standard deviation of the initial noise.
    let start = model.process().start_std(generator.path().first());
    let std =
        latents.std(false).f_to_kind(Kind::Double).map_err(tweedie_torch::Error::from)?.double_value(&[]);
    line(format!(
        "{} latents: {} (standard deviation {std:.3}; noise has {start:.3})",
        options.images.len(),
        options.out.display()
    ));
    if std > 1.5 * start {
        line(
            "the latents are wider than noise: for a network that predicts x0, the first steps from clean data are large; --conditioned-on upper or --refine reduces this error",
        );
    }
    if std < start / 1.5 {
        line(
            "the latents are narrower than noise: they can be decoded, but interpolations between them may not resemble the data",
        );
    }
    line(format!("to decode: {}", command(options, precision)));
    Ok(())
}

/// The command line that decodes the latents.
fn command(options: &Invert, precision: Precision) -> String {
    let mut words = vec!["tweedie sample".to_string(), shell_word(options.model.display())];
    words.push("--sampler ddim --eta 0".into());
    words.extend(options.levels.as_ref().map(|levels| format!("--levels {levels}")));
    words.extend(options.steps.map(|steps| format!("--steps {steps}")));
    words.extend(options.class.as_ref().map(|class| format!("--class {}", shell_word(class))));
    words.extend((precision != Precision::F32).then(|| format!("--precision {}", precision.name())));
    words.extend((options.device != "auto").then(|| format!("--device {}", options.device)));
    words.push(format!("--start {}", shell_word(options.out.display())));
    words.join(" ")
}
