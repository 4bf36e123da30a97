//! Integration tests of training: the step's laws, the loop with its folder, going on from it.

mod classifier;
mod common;
mod conditions;
mod folder;
mod held_out;
mod labels;
mod level_sampling;
mod loop_;
mod objective;
mod optimizer;
mod pure_noise;
mod resume;
mod resume_refused;
mod step;
mod variational;
