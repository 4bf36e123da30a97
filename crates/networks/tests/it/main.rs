//! Integration tests of the networks: parity with recordings, and laws.

mod conditions;
mod config;
mod files;
mod formula;
mod inputs;
mod laws;
mod layers;
mod limits;
mod noisy;
mod packed;
mod parity;
mod passes;
mod plan;
mod points;
mod registry;
mod second;
mod variants;
