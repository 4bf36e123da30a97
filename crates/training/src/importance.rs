//! Importance sampling of levels by the second moment of their losses (Nichol & Dhariwal 2021, sec. 3.3).

use crate::{LevelSampling, Seen};
use tweedie_math::DiscreteProcess;

/// The last losses at each trained level. They are kept in single precision, as in checkpoints, so that a resumed run draws the same
/// levels.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// T rows of `history` losses, the oldest first. A row with fewer losses begins with NaN.
    losses: Vec<f32>,
    history: usize,
    uniform_share: f64,
}

impl Importance {
    /// Creates an empty history.
    pub fn new(process: &dyn DiscreteProcess, history: usize, uniform_share: f64) -> Self {
        Self { losses: vec![f32::NAN; process.steps() * history], history, uniform_share }
    }

    /// Creates an empty history if levels are drawn by importance; otherwise returns `None`.
    pub fn wanted_by(levels: LevelSampling, process: &dyn DiscreteProcess) -> Option<Self> {
        match levels {
            LevelSampling::Importance { history, uniform_share } => {
                Some(Self::new(process, history, uniform_share))
            }
            _ => None,
        }
    }

    /// Adds the losses of a step's examples in their order. Examples at a level between the trained ones are ignored.
    pub fn remember(&mut self, seen: &[Seen]) {
        for (time, seen) in seen.iter().filter_map(|seen| Some((seen.time?, seen))) {
            let row = &mut self.losses[(time - 1) * self.history..][..self.history];
            row.rotate_left(1);
            row[self.history - 1] = seen.loss as f32;
        }
    }

    /// The probability of each time: √E(loss²) divided by its sum, mixed with the uniform share. It is uniform until every level has a
    /// full history.
    pub fn probabilities(&self) -> Vec<f64> {
        let steps = self.losses.len() / self.history;
        let uniform = 1.0 / steps as f64;
        let moment = |row: &[f32]| {
            let squares: f64 = row.iter().map(|&loss| f64::from(loss) * f64::from(loss)).sum();
            (squares / row.len() as f64).sqrt()
        };
        // The NaN of a row that is not full makes the sum NaN.
        let moments: Vec<f64> = self.losses.chunks_exact(self.history).map(moment).collect();
        let total: f64 = moments.iter().sum();
        if !(total.is_finite() && total > 0.0) {
            return vec![uniform; steps];
        }
        let share = self.uniform_share;
        moments.into_iter().map(|moment| (1.0 - share) * moment / total + share * uniform).collect()
    }

    /// The losses as they are stored in a checkpoint.
    pub(crate) fn losses_mut(&mut self) -> &mut [f32] {
        &mut self.losses
    }
}
