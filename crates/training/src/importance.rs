//! Importance sampling of levels by the second moment of their losses (Nichol & Dhariwal 2021, sec. 3.3).

use crate::{LevelSampling, Seen};
use tweedie_math::DiscreteProcess;

/// The last losses at each trained level. They are kept in single precision, as checkpoints hold them, so that a resumed run draws the
/// same levels.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// T rows, the oldest loss first; a row that is not full begins with NaN.
    losses: Vec<f32>,
    history: usize,
    uniform_share: f64,
}

impl Importance {
    /// No losses yet.
    pub fn new(process: &dyn DiscreteProcess, history: usize, uniform_share: f64) -> Self {
        Self { losses: vec![f32::NAN; process.steps() * history], history, uniform_share }
    }

    /// No losses yet, where levels are drawn by importance; `None` where they are not.
    pub fn wanted_by(levels: LevelSampling, process: &dyn DiscreteProcess) -> Option<Self> {
        match levels {
            LevelSampling::Importance { history, uniform_share } => {
                Some(Self::new(process, history, uniform_share))
            }
            _ => None,
        }
    }

    /// Adds the losses of a step's examples, in their order. An example at a level between the trained ones is left out.
    pub fn remember(&mut self, seen: &[Seen]) {
        for (time, seen) in seen.iter().filter_map(|seen| Some((seen.time?, seen))) {
            let row = &mut self.losses[(time - 1) * self.history..][..self.history];
            row.rotate_left(1);
            row[self.history - 1] = seen.loss as f32;
        }
    }

    /// The probability of each time, √E(loss²) over its sum mixed with a uniform share; uniform until every level has its history.
    pub fn probabilities(&self) -> Vec<f64> {
        let steps = self.losses.len() / self.history;
        let uniform = 1.0 / steps as f64;
        let moment = |row: &[f32]| {
            let squares: f64 = row.iter().map(|&loss| f64::from(loss) * f64::from(loss)).sum();
            (squares / row.len() as f64).sqrt()
        };
        // A row that is not full has a NaN, and so has the sum.
        let moments: Vec<f64> = self.losses.chunks_exact(self.history).map(moment).collect();
        let total: f64 = moments.iter().sum();
        if !(total.is_finite() && total > 0.0) {
            return vec![uniform; steps];
        }
        let share = self.uniform_share;
        moments.into_iter().map(|moment| (1.0 - share) * moment / total + share * uniform).collect()
    }

    /// The losses, as a checkpoint holds them.
    pub(crate) fn losses_mut(&mut self) -> &mut [f32] {
        &mut self.losses
    }
}
