//! Noise that depends on its key and on nothing else.
//!
//! A number is fixed by (seed, image, purpose, visit, draw, element): not by the batch an image rides in, not by the
//! order of work, not by the device. The bits are ChaCha with 8 rounds, a counter-based generator; normals are
//! Box–Muller through `libm`, so they are the same on every machine. Golden values in this crate's tests pin both.

mod stream;

pub use stream::Stream;

/// What numbers are drawn for: an open set of named numbers, so that two uses never share a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Purpose(pub u64);

impl Purpose {
    /// The noise that sampling starts from.
    pub const START: Self = Self(1);
    /// The noise of a sampler's step.
    pub const STEP: Self = Self(2);
    /// Noise put back on: a path that climbs.
    pub const RENOISE: Self = Self(3);
    /// The noise of a training example.
    pub const TRAIN_NOISE: Self = Self(4);
    /// The level of a training example.
    pub const TRAIN_LEVEL: Self = Self(5);
    /// Which image a training example is.
    pub const TRAIN_ORDER: Self = Self(6);
    /// Random changes of a training image.
    pub const AUGMENT: Self = Self(7);
    /// A network's first weights.
    pub const WEIGHTS: Self = Self(8);
    /// Dropout's masks.
    pub const DROPOUT: Self = Self(9);
    /// Images drawn by code.
    pub const DATA: Self = Self(10);
    /// The noise of an evaluation.
    pub const EVALUATE: Self = Self(11);
    /// Whether a training example keeps its label.
    pub const LABEL_DROPOUT: Self = Self(12);
    /// The vectors that a trace is estimated with.
    pub const PROBE: Self = Self(13);
    /// Where in its bin a byte's continuous value lies.
    pub const DEQUANTIZE: Self = Self(14);
    /// The noise of Langevin dynamics.
    pub const LANGEVIN: Self = Self(15);
    /// Whether a proposed step is accepted.
    pub const ACCEPT: Self = Self(16);
    /// The noise of a corrector's step.
    pub const CORRECT: Self = Self(17);
    /// The velocities that underdamped dynamics start with.
    pub const MOMENTUM: Self = Self(18);
}

/// The key of a stream of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// The user's seed.
    pub seed: u64,
    /// The image's number.
    pub image: u64,
    /// What for.
    pub purpose: Purpose,
    /// Which visit: a sampler's step, a training clock.
    pub visit: u64,
    /// Which draw of that visit.
    pub draw: u64,
}
