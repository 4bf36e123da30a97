//! What can be chosen about training.

mod check;
mod objective;

pub use objective::{LevelSampling, Loss, Objective, ObjectiveKind};

use serde::{Deserialize, Serialize};

/// The training's part of a configuration. Counts are images unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Seed of everything drawn.
    pub seed: u64,
    /// When to stop.
    pub images: u64,
    /// Images per update.
    pub batch: usize,
    /// A batch is computed in so many parts, whose gradients are added.
    pub accumulate: usize,
    /// Half-life of the weights' moving average.
    pub ema_half_life: f64,
    /// The half-life is at most this share of the images seen so far.
    pub ema_ramp: f64,
    /// Averages stored on the way, from which one of any length is put together after training.
    pub posthoc_ema: PosthocEma,
    /// Whether images may be mirrored, where the set allows it.
    pub flip: bool,
    /// Share of labels that a class-conditional denoiser does not see, so that it learns to draw without one, too.
    pub label_dropout: f64,
    /// `auto`, `f32` or `bf16`.
    pub precision: String,
    /// Whether activations lie in memory as N, H, W, C.
    pub channels_last: bool,
    /// Whether layers of the network keep their inputs alone and are computed again in the backward pass: less memory, more
    /// time.
    pub gradient_checkpointing: bool,
    /// What is learned.
    pub objective: Objective,
    /// How weights move.
    pub optimizer: OptimizerConfig,
    /// What is written on the way.
    pub report: ReportConfig,
}

/// Power-function averages of the weights (Karras et al. 2024), stored on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PosthocEma {
    /// Their widths relative to the training so far; none stores none. The paper's are 0.05 and 0.1.
    pub std: Vec<f64>,
    /// They are stored every so many images.
    pub every: u64,
}

impl Default for PosthocEma {
    fn default() -> Self {
        Self { std: Vec::new(), every: 10_000 }
    }
}

/// The optimiser and the rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Greatest learning rate.
    pub learning_rate: f64,
    /// The rate rises linearly over so many images.
    pub warmup: u64,
    /// What it does afterwards.
    pub decay: RateDecay,
    /// The rate's end as a share of its greatest value, where it decays.
    pub final_share: f64,
    /// AdamW's β₁.
    pub beta1: f64,
    /// AdamW's β₂.
    pub beta2: f64,
    /// AdamW's ε.
    pub eps: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// The gradient's norm is clipped to this; 0 is no clipping.
    pub max_grad_norm: f64,
}

/// What the learning rate does after its warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateDecay {
    /// Stays.
    Constant,
    /// Falls along half a cosine until the end.
    Cosine,
}

/// What is written on the way; counts are images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportConfig {
    /// A line of status and metrics every so many.
    pub tick: u64,
    /// A sheet of samples every so many; 0 is never.
    pub sheet: u64,
    /// Images on a sheet.
    #[serde(alias = "sheet_pictures")]
    pub sheet_images: usize,
    /// DDIM steps for a sheet.
    pub sheet_steps: usize,
    /// A checkpoint every so many; 0 is at the end alone.
    pub checkpoint: u64,
    /// The loss on held-out images every so many; 0 is never.
    pub held_out: u64,
    /// Held-out images that it is measured on.
    #[serde(alias = "held_out_pictures")]
    pub held_out_images: usize,
    /// The newest so many checkpoints are kept.
    pub keep_last: usize,
    /// Beside those, one for every so many images; 0 keeps none for that.
    pub keep_every: u64,
}

impl Default for TrainingConfig {
    fn default() -> Self {
        Self {
            seed: 0,
            images: 100_000,
            batch: 64,
            accumulate: 1,
            ema_half_life: 5_000.0,
            ema_ramp: 0.1,
            posthoc_ema: PosthocEma::default(),
            flip: true,
            label_dropout: 0.1,
            precision: "auto".into(),
            channels_last: false,
            gradient_checkpointing: false,
            objective: Objective::default(),
            optimizer: OptimizerConfig::default(),
            report: ReportConfig::default(),
        }
    }
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self {
            learning_rate: 2e-4,
            warmup: 2_000,
            decay: RateDecay::Constant,
            final_share: 0.0,
            beta1: 0.9,
            beta2: 0.99,
            eps: 1e-8,
            weight_decay: 0.0,
            max_grad_norm: 1.0,
        }
    }
}

impl Default for ReportConfig {
    fn default() -> Self {
        Self {
            tick: 2_000,
            sheet: 20_000,
            sheet_images: 64,
            sheet_steps: 25,
            checkpoint: 20_000,
            held_out: 10_000,
            held_out_images: 512,
            keep_last: 1,
            keep_every: 0,
        }
    }
}
