//! Integration tests of the networks: parity with recordings, and laws.

mod config;
mod files;
mod parity;
