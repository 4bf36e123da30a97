//! `tweedie inspect`.

use super::class::Class;
use crate::arguments::Inspect;
use crate::inspect::{schedule_plot, strip, summary};
use crate::output::line;
use anyhow::Context;
use tweedie_models::Model;
use tweedie_report::read_png;

/// Says what a checkpoint is; writes a plot and a strip where asked.
pub fn run(options: &Inspect) -> anyhow::Result<()> {
    let device = super::device(&options.device)?;
    let model = Model::load(&options.model, device)?;
    for row in summary(&model) {
        line(row);
    }
    if let Some(path) = &options.plot {
        tweedie_weights::write_file(path, schedule_plot(&model).svg().as_bytes())?;
        line(format!("schedule: {}", path.display()));
    }
    if let Some(path) = &options.image {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let picture = read_png(&bytes).with_context(|| format!("{}", path.display()))?;
        let class = Class::of(&model, options.class.as_deref())?.condition(0, 1, device);
        for row in strip::draw(&model, &picture, class, options)? {
            line(row);
        }
    }
    Ok(())
}
