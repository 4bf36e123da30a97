//! Output for users: sheets of images, scatter plots of points, PNG files with metadata, line plots and bars as SVG, an HTML page about a run and
//! TensorBoard events. [`Progress`] is the protocol by which long operations report their progress.

mod axis;
mod bars;
mod canvas;
mod page;
mod plot;
mod png;
mod progress;
mod scatter;
mod sheet;
mod tensorboard;

pub use crate::png::{Image, read_png, read_png_text, write_animation, write_grey_png, write_png};
pub use bars::{Bar, Bars};
pub use canvas::Canvas;
pub use page::Page;
pub use plot::{Plot, Scale, Series};
pub use progress::{Event, Progress};
pub use scatter::{ScatterLayout, ScatterPanel, scatter};
pub use sheet::{MOST_ON_A_SHEET, Sheet, most_on_a_sheet, sheet};
pub use tensorboard::{damaged_at, event_file_head, events_until, image_record, scalar_record};

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A PNG cannot be encoded or decoded.
    #[error("the PNG cannot be {action}: {reason}")]
    Png {
        /// The failed action: "written" or "read".
        action: &'static str,
        /// The reason.
        reason: String,
    },
}
