//! The environment in which a computation gives bit-identical results.

use crate::{Learner, Trainer};
use serde::{Deserialize, Serialize};
use tweedie_torch::machine;

/// Everything except configuration, data and seed on which the exact bits of a result depend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Number of threads inside an operation.
    pub threads: i32,
    /// The instruction set of LibTorch's kernels, such as AVX512.
    pub cpu_capability: String,
    /// LibTorch's version.
    pub libtorch: String,
    /// Memory layout of activations: NCHW or NHWC. Weights are always views of one contiguous tensor.
    pub memory_layout: String,
    /// The number format in which the network computes.
    pub precision: String,
    /// `cpu` or `cuda`.
    pub device: String,
    /// The version of this workspace's own kernels; 0 before there were any.
    #[serde(default)]
    pub kernels: u32,
    /// The number of replicas of the network.
    #[serde(default = "one")]
    pub replicas: usize,
}

impl Environment {
    /// The current environment of a trainer on this machine.
    pub fn of<L: Learner>(trainer: &Trainer<L>) -> Self {
        let machine = machine();
        let mode = trainer.mode();
        Self {
            threads: machine.threads,
            cpu_capability: machine.cpu_capability,
            libtorch: machine.libtorch,
            memory_layout: mode.memory_layout().into(),
            precision: mode.precision.name().into(),
            device: if trainer.device().is_cuda() { "cuda" } else { "cpu" }.into(),
            kernels: tweedie_torch::KERNELS,
            replicas: trainer.replicas(),
        }
    }

    /// The reasons why a computation begun in `self` does not continue bit for bit in `now`; empty if it does.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let threads = (self.threads.to_string(), now.threads.to_string());
        let kernels = (self.kernels.to_string(), now.kernels.to_string());
        let replicas = (self.replicas.to_string(), now.replicas.to_string());
        let mut found = Vec::new();
        for (what, before, after) in [
            ("threads", &threads.0, &threads.1),
            ("CPU capability", &self.cpu_capability, &now.cpu_capability),
            ("LibTorch", &self.libtorch, &now.libtorch),
            ("memory layout", &self.memory_layout, &now.memory_layout),
            ("precision", &self.precision, &now.precision),
            ("device", &self.device, &now.device),
            ("version of the kernels", &kernels.0, &kernels.1),
            ("number of replicas", &replicas.0, &replicas.1),
        ] {
            if before != after {
                found.push(format!("{what} was {before} and is {after}"));
            }
        }
        if now.device == "cuda" && self.device == "cuda" {
            found.push("CUDA's kernels do not add in a fixed order".into());
        }
        found
    }
}

/// The number of replicas of runs that do not name it.
fn one() -> usize {
    1
}
