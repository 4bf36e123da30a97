//! Pictures for people: sheets of images, PNG files that say how they were made, line plots as SVG, a page about a run,
//! TensorBoard events.

mod axis;
mod canvas;
mod page;
mod plot;
mod png;
mod sheet;
mod tensorboard;

pub use crate::png::{Picture, read_png, read_png_text, write_animation, write_png};
pub use canvas::Canvas;
pub use page::Page;
pub use plot::{Plot, Scale, Series};
pub use sheet::{Sheet, sheet};
pub use tensorboard::{event_file_head, events_until, image_record, scalar_record};

/// What can go wrong with a picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The picture cannot be encoded or decoded.
    #[error("the PNG cannot be {action}: {reason}")]
    Png {
        /// "written" or "read".
        action: &'static str,
        /// Why not.
        reason: String,
    },
}
