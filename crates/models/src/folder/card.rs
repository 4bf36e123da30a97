//! The model card: what a checkpoint is, for people.

use crate::sampling::Sampler;
use crate::{LearnedVariance, Model};
use std::fmt::Write;

/// The card's text: a README with the front matter that model hubs read.
pub(crate) fn write(model: &Model) -> String {
    let mut text = String::new();
    // Writing into a String cannot fail.
    let _ = fill(model, &mut text);
    text
}

fn fill(model: &Model, text: &mut String) -> std::fmt::Result {
    let (config, about) = (model.network.config(), &model.description);
    let n_parameters = model.network.parameters().n_trained() as f64 / 1e6;
    let size = config.sample_size.map_or("pictures of any size".into(), |size| {
        let [height, width] = size.sides();
        format!("{height}×{width}")
    });
    writeln!(text, "---\nlibrary_name: diffusers\ntags:\n- diffusion\n- tweedie\n---\n")?;
    writeln!(text, "# A diffusion model of {}\n", about.training.as_ref().map_or("data", |it| &it.data))?;
    writeln!(
        text,
        "A noise-conditional U-Net (`UNet2DModel`), {n_parameters:.2} M parameters, trained with tweedie.\n"
    )?;
    writeln!(text, "| | |\n|---|---|")?;
    let mut row = |name: &str, value: String| writeln!(text, "| {name} | {value} |");
    row("data", format!("{} channels, {size}, in {}", config.in_channels, about.range))?;
    row("process", format!("{}, T = {}", about.schedule, about.steps))?;
    row("the network says", format!("{:?}", about.parameterization).to_lowercase())?;
    if about.variance != LearnedVariance::None {
        row("variance", "learned: the second half of its channels".into())?;
    }
    if !about.class_names.is_empty() {
        row("classes", about.class_names.join(", "))?;
    }
    if let Some(row_of_none) = about.null_class {
        row("without a class", format!("row {row_of_none} of the class table"))?;
    }
    let sampling = &about.sampling;
    row(
        "made to be sampled by",
        format!("{}, {} steps, η = {}", sampling.sampler, sampling.steps, sampling.eta),
    )?;
    if let Some(training) = &about.training {
        row("images seen", format!("{} in {} steps", training.images, training.steps))?;
        row("training loss", format!("{:.4}", training.loss))?;
        row("seed, precision", format!("{}, {}", training.seed, training.precision))?;
    }
    // `DDPMPipeline` splits off a learned variance; `DDIMPipeline` does not.
    let is_run = match about.variance {
        LearnedVariance::None => true,
        LearnedVariance::Range => sampling.sampler == Sampler::Ddpm,
        LearnedVariance::Log => false,
    };
    let plain = about.class_names.is_empty() && is_run;
    writeln!(text, "\n## Sampling\n\n```\ntweedie sample . -n 16\n```\n")?;
    if let Some(reason) = super::scheduler::inexpressible(about) {
        return writeln!(
            text,
            "`diffusers` has no scheduler for this model: {reason}. Its network opens:\n\n\
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
            "`diffusers`' pipelines run no class-conditional U-Net, and a learned variance with DDPM and `learned_range` alone; its parts open:\n\n\
             ```python\nfrom diffusers import UNet2DModel, {0}\nunet = UNet2DModel.from_pretrained(\".\", subfolder=\"unet\")\n\
             scheduler = {0}.from_pretrained(\".\", subfolder=\"scheduler\")\n```",
            super::scheduler::class_of(about)
        )
    }
}
