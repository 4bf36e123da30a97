//! Langevin dynamics: sampling from a density by its score or its energy.
//!
//! A step of size δ adds δ/2·∇ln p + √δ·z. The ε of NCSN, which [`annealed_langevin`] takes, is δ/2.

mod adjusted;
mod annealed;
mod corrector;
mod rules;
mod target;
mod unadjusted;
mod underdamped;

pub use adjusted::{Adjusted, adjusted_langevin, adjusted_langevin_step};
pub use annealed::{Annealed, AnnealedOptions, annealed_langevin};
pub use corrector::{Corrector, Norms, Predictor, corrector_step, predictor_corrector};
pub use rules::{
    EMA_DECAY, first_sigma, geometric_sigmas, level_ratio, scale_by_noise, step_size, technique_4,
    variance_after_levels,
};
pub use target::{Energy, EnergyAndScore, Score, ScoreAt, ScoreOf};
pub use unadjusted::{langevin_step, unadjusted_langevin};
pub use underdamped::{Underdamped, underdamped_langevin, underdamped_step};
