//! The subcommand `tweedie ema`: a moving average of the weights whose width is chosen after training.

use crate::arguments::EmaOptions;
use crate::output::line;
use tweedie_models::Model;
use tweedie_training::ComputedAverage;

/// Computes the average from the stored ones and saves it as a checkpoint.
pub fn run(options: &EmaOptions) -> anyhow::Result<()> {
    let device = super::device("cpu")?;
    let mut model = Model::load(&options.run, device)?;
    let ComputedAverage { images, combined, residual } =
        tweedie_training::average_of_width(&model, &options.run, options.std)?;
    let out = match &options.out {
        Some(out) => out.clone(),
        None => options.run.join(format!("ema-{}", options.std)),
    };
    // The summary was read from the newest checkpoint, which may be later than the average.
    if let Some(training) = &mut model.about_mut().training {
        training.steps = training.steps * images / training.images.max(1);
        training.images = images;
    }
    model.save(&out, |_| Ok(()))?;
    line(format!(
        "the average of relative width {} after {images} images, from {combined} stored ones, relative residual of its profile {residual:.4}: {}",
        options.std,
        out.display()
    ));
    Ok(())
}
