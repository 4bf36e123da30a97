//! The precision of a network's computations.

use crate::{Error, cuda, machine};
use std::str::FromStr;
use tch::{Device, Kind};

/// A user's choice of a precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PrecisionChoice {
    /// The faster one by measurement; without a measurement, bf16 if the hardware has instructions for it, else f32.
    #[default]
    Auto,
    /// Everything in f32.
    F32,
    /// Convolutions and matrix products in bf16; weights, statistics of norms and softmax in f32.
    Bf16,
}

/// The precision of a network's computations. Master weights are always f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// f32 everywhere.
    F32,
    /// bf16 computations with f32 master weights.
    Bf16,
}

impl Precision {
    /// The kind of the tensors between layers.
    pub fn kind(self) -> Kind {
        match self {
            Self::F32 => Kind::Float,
            Self::Bf16 => Kind::BFloat16,
        }
    }

    /// The name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }
}

impl FromStr for PrecisionChoice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "auto" => Ok(Self::Auto),
            "f32" => Ok(Self::F32),
            "bf16" => Ok(Self::Bf16),
            other => Err(Error::PrecisionName(other.to_string())),
        }
    }
}

impl PrecisionChoice {
    /// The precision on a device without a measurement, and the reason for it.
    pub fn resolve(self, device: Device) -> (Precision, String) {
        match self {
            Self::F32 => (Precision::F32, "as requested".into()),
            Self::Bf16 => (Precision::Bf16, "as requested".into()),
            Self::Auto => match device {
                Device::Cuda(n) => match cuda::compute_capability(n) {
                    Some((major, minor)) if major >= 8 => {
                        (Precision::Bf16, format!("the GPU is sm_{major}{minor}"))
                    }
                    Some((major, minor)) => {
                        (Precision::F32, format!("the GPU is sm_{major}{minor}, older than sm_80"))
                    }
                    None => (Precision::F32, "the GPU's compute capability is unknown".into()),
                },
                _ => on_cpu(machine::has_cpu_flag),
            },
        }
    }
}

fn on_cpu(has: impl Fn(&str) -> bool) -> (Precision, String) {
    if has("amx_bf16") {
        (Precision::Bf16, "the processor has AMX".into())
    } else if has("avx512_bf16") {
        (Precision::Bf16, "the processor has avx512_bf16".into())
    } else {
        (Precision::F32, "the processor has neither avx512_bf16 nor AMX".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_takes_bf16_only_where_it_gains() {
        assert_eq!(on_cpu(|flag| flag == "amx_bf16").0, Precision::Bf16);
        assert_eq!(on_cpu(|flag| flag == "avx512_bf16").0, Precision::Bf16);
        assert_eq!(on_cpu(|_| false).0, Precision::F32);
    }
}
