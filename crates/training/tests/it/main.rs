//! Integration tests of training: the step's laws, the loop with its folder, going on from it.

mod averages;
mod bayes_risk;
mod classifier;
mod classifier_loss;
mod common;
mod continuous;
mod environment;
mod events;
mod folder;
mod held_out;
mod labels;
mod level_sampling;
mod loop_;
mod objective;
mod optimizer;
mod own_data;
mod own_learner;
mod points;
mod pure_noise;
mod regressor;
mod replicas;
mod resume;
mod resume_refused;
mod step;
mod variational;
