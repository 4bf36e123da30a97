//! The training configuration.

mod check;
mod layout;
mod objective;
mod replicas;
mod seed;

pub use layout::Layout;
pub use objective::{LevelSampling, Loss, Objective, ObjectiveKind};
pub use replicas::Replicas;

use serde::{Deserialize, Serialize};

/// The `[training]` section of a configuration. Counts are numbers of images unless stated otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingConfig {
    /// Seed of all random numbers.
    #[serde(with = "seed")]
    pub seed: u64,
    /// Number of images after which training ends.
    pub images: u64,
    /// Images per update.
    pub batch: usize,
    /// Number of parts in which a batch is computed; their gradients are added.
    pub accumulate: usize,
    /// Half-life of the weights' moving average.
    pub ema_half_life: f64,
    /// Upper bound of the half-life as a share of the images seen so far.
    pub ema_ramp: f64,
    /// Averages stored during training, from which an average of any length is computed afterwards.
    pub posthoc_ema: PosthocEma,
    /// Whether images are mirrored at random, if the data set allows it.
    pub flip: bool,
    /// Share of labels that are dropped in training a class-conditional denoiser, so that it also learns to sample without a class.
    pub label_dropout: f64,
    /// `auto`, `f32` or `bf16`.
    pub precision: String,
    /// The memory order of activations: `auto`, `nchw` or `nhwc`.
    #[serde(alias = "channels_last")]
    pub layout: Layout,
    /// The number of replicas of the network that compute parts of a batch at the same time: `auto` or a number.
    pub replicas: Replicas,
    /// Whether the network's layers store only their inputs and are recomputed in the backward pass, which takes less memory and more
    /// time.
    pub gradient_checkpointing: bool,
    /// The training objective.
    pub objective: Objective,
    /// The optimiser and its learning rate.
    pub optimizer: OptimizerConfig,
    /// What is written during training.
    pub report: ReportConfig,
}

/// Power-function averages of the weights (Karras et al. 2024) that are stored during training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PosthocEma {
    /// Their widths relative to the training time so far; empty to store none. The paper uses 0.05 and 0.1.
    pub std: Vec<f64>,
    /// Number of images between two stores.
    pub every: u64,
}

impl Default for PosthocEma {
    fn default() -> Self {
        Self { std: Vec::new(), every: 10_000 }
    }
}

/// The optimiser and its learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OptimizerConfig {
    /// Greatest learning rate.
    pub learning_rate: f64,
    /// Number of images over which the rate rises linearly.
    pub warmup: u64,
    /// The course of the rate after the warm-up.
    pub decay: RateDecay,
    /// The final rate as a share of the greatest one, if the rate decays.
    pub final_share: f64,
    /// AdamW's β₁.
    pub beta1: f64,
    /// AdamW's β₂.
    pub beta2: f64,
    /// AdamW's ε.
    pub eps: f64,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Greatest norm of the gradient, to which it is clipped; 0 turns clipping off.
    pub max_grad_norm: f64,
}

/// The course of the learning rate after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateDecay {
    /// The rate stays constant.
    Constant,
    /// The rate falls along half a cosine until training ends.
    Cosine,
}

/// What is written during training. Intervals are numbers of images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReportConfig {
    /// Interval between lines of status and metrics.
    pub tick: u64,
    /// Interval between sheets of samples; 0 turns them off.
    pub sheet: u64,
    /// Number of samples on a sheet.
    #[serde(alias = "sheet_pictures")]
    pub sheet_images: usize,
    /// Number of DDIM steps for a sheet.
    pub sheet_steps: usize,
    /// Interval between checkpoints; 0 writes one only at the end.
    pub checkpoint: u64,
    /// Interval between measurements of the held-out loss; 0 turns them off.
    pub held_out: u64,
    /// Number of held-out images on which the loss is measured.
    #[serde(alias = "held_out_pictures")]
    pub held_out_images: usize,
    /// Number of newest checkpoints that are kept.
    pub keep_last: usize,
    /// Interval between checkpoints that are kept in addition; 0 keeps none.
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
            layout: Layout::Auto,
            replicas: Replicas::Auto,
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
