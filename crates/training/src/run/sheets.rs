//! Sheets of samples during training.

use super::Run;
use crate::{Error, Learner, Preview, Trainer};
use tweedie_report::write_png;

impl Run {
    /// Samples a sheet with the averaged weights and writes it.
    ///
    /// # Errors
    /// [`Error::Preview`] if sampling fails; [`Error::Files`] or [`Error::Run`] if a file cannot be written.
    pub(crate) fn draw_sheet<L: Learner>(
        &mut self,
        trainer: &mut Trainer<L>,
        preview: &dyn Preview<L>,
    ) -> Result<(), Error> {
        let images = trainer.images();
        let canvas = trainer.with_ema(|learner| preview.draw(learner).map_err(Error::Preview))?;
        let caption = format!("sheet at {images} images; {}", preview.caption());
        let text = [("Software", "tweedie".to_string()), ("tweedie", caption)];
        let mut bytes = Vec::new();
        write_png(&canvas, &text, &mut bytes)?;
        tweedie_files::write_file(&self.sheet(images), &bytes)?;
        self.events.sheet(images, &bytes, [canvas.height, canvas.width])
    }
}
