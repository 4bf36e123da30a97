//! What `tweedie-torch` promises: names, errors instead of panics, PyTorch's numbers, gradients in given storage.

mod border;
mod choices;
mod fused;
mod generator;
mod optimizer;
mod packed;
mod tensors;
