//! A classifier's card: what a folder is, for people.

use super::Classifier;
use std::fmt::Write;

/// The card's text.
pub(super) fn write(classifier: &Classifier) -> String {
    let mut text = String::new();
    // Writing into a String cannot fail.
    let _ = fill(classifier, &mut text);
    text
}

fn fill(classifier: &Classifier, text: &mut String) -> std::fmt::Result {
    let (config, about) = (classifier.network().config(), classifier.description());
    let n_parameters = classifier.network().parameters().n_trained() as f64 / 1e6;
    let [height, width] = config.encoder.sample_size.map_or([0, 0], |size| size.sides());
    writeln!(text, "---\nlibrary_name: tweedie\ntags:\n- diffusion\n- tweedie\n---\n")?;
    let data = about.training.as_ref().map_or("data", |training| &training.data);
    writeln!(text, "# A classifier of noisy {data}\n")?;
    writeln!(
        text,
        "p(y | x_t) at every noise level (the way down of a U-Net, pooled by attention), {n_parameters:.2} M parameters, \
         trained with tweedie. It guides a sampler towards a class; by itself it draws nothing, and `diffusers` has no such \
         network.\n"
    )?;
    writeln!(text, "| | |\n|---|---|")?;
    let mut row = |name: &str, value: String| writeln!(text, "| {name} | {value} |");
    row("data", format!("{} channels, {height}×{width}, in {}", config.encoder.in_channels, about.range))?;
    row("process", format!("{}, T = {}", about.schedule, about.steps))?;
    row("classes", about.class_names.join(", "))?;
    if let Some(training) = &about.training {
        row("images seen", format!("{} in {} steps", training.images, training.steps))?;
        row("training loss", format!("{:.4}", training.loss))?;
        row("seed, precision", format!("{}, {}", training.seed, training.precision))?;
    }
    Ok(())
}
