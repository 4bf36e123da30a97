//! `tweedie ema`: an average of another length, chosen after training.

use crate::arguments::EmaOptions;
use crate::output::line;
use tweedie_models::Model;

/// Puts it together and saves it as a checkpoint.
pub fn run(options: &EmaOptions) -> anyhow::Result<()> {
    let device = super::device("cpu")?;
    let model = Model::load(&options.run, device)?;
    let n = tweedie_training::average_of_width(&model, &options.run, options.std)?;
    let out = match &options.out {
        Some(out) => out.clone(),
        None => options.run.join(format!("ema-{}", options.std)),
    };
    model.save(&out, |_| Ok(()))?;
    line(format!("the average of relative width {} from {n} stored ones: {}", options.std, out.display()));
    Ok(())
}
