//! Training from a configuration, which describes the data, the model, the training and the sampling.
//!
//! ```no_run
//! use tweedie_applications::recipes::{Recipe, RunConfig, Source, Start};
//!
//! let source = Source { preset: Some("points".into()), set: vec!["data.shape=rings".into()], ..Source::default() };
//! let recipe = Recipe::prepare(RunConfig::resolve(&source)?, None)?;
//! let start = Start { runs: "runs".into(), ..Start::default() };
//! let outcome = recipe.run(&start, &mut ())?; // or your own Progress, which can stop it
//! println!("{}", outcome.checkpoint.display());
//! # Ok::<(), tweedie_applications::Error>(())
//! ```

mod classifier;
mod config;
mod data;
mod estimate;
mod former;
mod memory;
mod merge;
mod network;
mod presets;
mod recipe;
mod resume;
mod sheet;
mod warm;

pub use config::{ModelConfig, RunConfig, Source};
pub use data::{DataConfig, Folder, PointsConfig};
pub use estimate::Estimate;
pub use network::NetworkConfig;
pub use presets::{NAMES as PRESETS, text as preset_text};
pub use recipe::{Learned, Notice, Outcome, Recipe, Start};
pub use resume::resumed_config;
pub(crate) use sheet::first_points;
pub use sheet::{SamplePreview, points_plot, scatter_of};
