//! The model card, a description of a checkpoint for readers.

use crate::sampling::Sampler;
use crate::{About, Classifier, Model, VariancePrediction};
use std::fmt::Write;
use tweedie_networks::UNet;

/// The card of a denoiser: a README with front matter for model hubs.
pub(super) fn of_denoiser(model: &Model) -> String {
    let mut text = String::new();
    // Writing into a String cannot fail.
    let _ = fill_denoiser(model, &mut text);
    text
}

/// The card of a classifier.
pub(super) fn of_classifier(classifier: &Classifier) -> String {
    let mut text = String::new();
    let _ = fill_classifier(classifier, &mut text);
    text
}

/// The name of the training data.
fn data_of(about: &About) -> &str {
    about.training.as_ref().map_or("data", |training| &training.data)
}

/// The shape and the units of the data.
fn shape_of(about: &About) -> String {
    let units = match &about.standardization {
        Some(_) => "standardised".into(),
        None => format!("in {}", about.range),
    };
    match (about.size(), about.data.sides().len()) {
        (Some(_), 1) => format!("points of {} coordinates, {units}", about.data.channels()),
        (Some(size), _) => {
            let size = size.iter().map(ToString::to_string).collect::<Vec<_>>().join("×");
            format!("{} channels, {size}, {units}", about.data.channels())
        }
        (None, _) => format!("{} channels, images of any size, {units}", about.data.channels()),
    }
}

/// The rows of the table that summarize the training.
fn training_rows(about: &About) -> Vec<(&'static str, String)> {
    about
        .training
        .iter()
        .flat_map(|training| {
            [
                ("training images", format!("{} in {} steps", training.images, training.steps)),
                ("training loss", format!("{:.4}", training.loss)),
                ("seed, precision", format!("{}, {}", training.seed, training.precision)),
            ]
        })
        .collect()
}

fn write_table(text: &mut String, rows: &[(&'static str, String)]) -> std::fmt::Result {
    writeln!(text, "| | |\n|---|---|")?;
    rows.iter().try_for_each(|(name, value)| writeln!(text, "| {name} | {value} |"))
}

fn fill_classifier(classifier: &Classifier, text: &mut String) -> std::fmt::Result {
    let about = classifier.about();
    writeln!(text, "---\nlibrary_name: tweedie\ntags:\n- diffusion\n- tweedie\n---\n")?;
    writeln!(text, "# A classifier of noisy {}\n", data_of(about))?;
    writeln!(
        text,
        "p(y | x_t) at every noise level (the down-sampling half of a U-Net with attention pooling), {:.2} M parameters, trained with tweedie. \
         It guides a sampler towards a class and does not generate images itself. `diffusers` has no equivalent network.\n",
        classifier.n_trained() as f64 / 1e6
    )?;
    let mut rows = vec![
        ("data", shape_of(about)),
        ("process", format!("{}, T = {}", about.schedule, about.steps)),
        ("classes", about.class_names.join(", ")),
    ];
    rows.extend(training_rows(about));
    write_table(text, &rows)
}

fn fill_denoiser(model: &Model, text: &mut String) -> std::fmt::Result {
    let (about, sampling, description) = (model.about(), model.sampling(), model.description());
    let class = model.network().class_name();
    let is_unet = class == UNet::CLASS;
    let library = if is_unet { "diffusers" } else { "tweedie" };
    writeln!(text, "---\nlibrary_name: {library}\ntags:\n- diffusion\n- tweedie\n---\n")?;
    writeln!(text, "# A diffusion model of {}\n", data_of(about))?;
    writeln!(
        text,
        "{} (`{class}`), {:.2} M parameters, trained with tweedie.\n",
        if is_unet { "A noise-conditional U-Net" } else { "A noise-conditional network" },
        model.n_trained() as f64 / 1e6
    )?;
    let mut rows = vec![
        ("data", shape_of(about)),
        ("process", format!("{}, T = {}", about.schedule, about.steps)),
        ("the network predicts", format!("{:?}", model.parameterization()).to_lowercase()),
    ];
    if model.variance() != VariancePrediction::None {
        rows.push(("variance", "predicted in the second half of the output channels".into()));
    }
    if !about.class_names.is_empty() {
        rows.push(("classes", about.class_names.join(", ")));
    }
    if let Some(row) = about.null_class {
        rows.push(("without a class", format!("row {row} of the class table")));
    }
    let how = format!("{}, {} steps, η = {}", sampling.sampler, sampling.steps, sampling.eta);
    rows.push(("default sampler", how));
    rows.extend(training_rows(about));
    write_table(text, &rows)?;
    writeln!(text, "\n## Sampling\n\n```\ntweedie sample . -n 16\n```\n")?;
    if !is_unet {
        return writeln!(text, "`diffusers` has no equivalent network.");
    }
    // `DDPMPipeline` splits off a learned variance; `DDIMPipeline` does not.
    let is_run = match model.variance() {
        VariancePrediction::None => true,
        VariancePrediction::Range => sampling.sampler == Sampler::Ddpm,
        VariancePrediction::Log => false,
    };
    let plain = about.class_names.is_empty() && is_run;
    if let Some(reason) = super::scheduler::inexpressible(&description) {
        return writeln!(
            text,
            "`diffusers` has no scheduler for this model: {reason}. Its network can be loaded:\n\n\
             ```python\nfrom diffusers import UNet2DModel\nunet = UNet2DModel.from_pretrained(\".\", subfolder=\"unet\")\n```"
        );
    }
    if plain {
        writeln!(
            text,
            "```python\nfrom diffusers import DiffusionPipeline\npipeline = DiffusionPipeline.from_pretrained(\".\")\nimages = pipeline(batch_size=16, num_inference_steps={}).images\n```",
            sampling.steps
        )
    } else {
        writeln!(
            text,
            "The pipelines of `diffusers` do not support class-conditional U-Nets, and support a learned variance only with DDPM and `learned_range`. The parts of this model can be loaded:\n\n\
             ```python\nfrom diffusers import UNet2DModel, {0}\nunet = UNet2DModel.from_pretrained(\".\", subfolder=\"unet\")\n\
             scheduler = {0}.from_pretrained(\".\", subfolder=\"scheduler\")\n```",
            super::scheduler::class_of(&description)
        )
    }
}
