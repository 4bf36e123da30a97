//! Output for people: sheets of images, scatter plots of points, PNG files that say how they were made, line plots as SVG, a
//! page about a run, TensorBoard events; and [`Progress`], the protocol by which long work reports how far it is.

mod axis;
mod canvas;
mod page;
mod plot;
mod png;
mod progress;
mod scatter;
mod sheet;
mod tensorboard;

pub use crate::png::{Image, read_png, read_png_text, write_animation, write_png};
pub use canvas::Canvas;
pub use page::Page;
pub use plot::{Plot, Scale, Series};
pub use progress::{Event, Progress};
pub use scatter::{ScatterLayout, ScatterPanel, scatter};
pub use sheet::{Sheet, sheet};
pub use tensorboard::{event_file_head, events_until, image_record, scalar_record};

/// What can go wrong with an image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The image cannot be encoded or decoded.
    #[error("the PNG cannot be {action}: {reason}")]
    Png {
        /// "written" or "read".
        action: &'static str,
        /// Why not.
        reason: String,
    },
}
