//! Sheets of samples during training.

use super::{Run, failed};
use crate::{Error, Learner, Preview, Trainer};
use tweedie_report::write_png;
use tweedie_torch::guard;

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
        self.check_place()?;
        // A panic is turned into an error inside `with_ema`, which then puts the raw weights back.
        let canvas = trainer.with_ema(|learner| guard(|| preview.draw(learner))?.map_err(Error::Preview))?;
        let folder = self.folder().join("samples");
        std::fs::create_dir_all(&folder).map_err(failed("cannot create", &folder))?;
        let caption = format!("sheet at {images} images; {}", preview.caption());
        let text = [("Software", "tweedie".to_string()), ("tweedie", caption)];
        let mut bytes = Vec::new();
        write_png(&canvas, &text, &mut bytes)?;
        tweedie_files::write_file(&self.sheet(images), &bytes)?;
        self.events.sheet(images, &bytes, [canvas.height, canvas.width])
    }
}
