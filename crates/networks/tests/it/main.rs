//! Integration tests of the networks: parity with recordings, and laws.

mod config;
mod files;
mod formula;
mod inputs;
mod laws;
mod noisy;
mod parity;
mod passes;
mod variants;
