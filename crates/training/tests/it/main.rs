//! Integration tests of training: the step's laws, and the loop with its folder.

mod common;
mod loop_;
mod objective;
mod optimizer;
mod step;
