//! Devices by name.

use crate::Error;
use crate::cuda::{CudaState, open};
use std::fmt;
use std::str::FromStr;
use tch::Device;

/// A user's choice of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The first CUDA device if there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A CUDA device by number.
    Cuda(usize),
}

impl FromStr for Choice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            other => other
                .strip_prefix("cuda:")
                .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|number| number.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| Error::DeviceName(other.to_string())),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}

impl Choice {
    /// The chosen device.
    ///
    /// # Errors
    /// [`Error::NoDevice`] for a CUDA device that is not available. It lists the available devices.
    pub fn resolve(self) -> Result<Device, Error> {
        let n_cuda = match open() {
            CudaState::Loaded { devices } => *devices,
            _ => 0,
        };
        match self {
            Self::Auto if n_cuda > 0 => Ok(Device::Cuda(0)),
            Self::Auto | Self::Cpu => Ok(Device::Cpu),
            Self::Cuda(n) if n < n_cuda => Ok(Device::Cuda(n)),
            Self::Cuda(_) => Err(Error::NoDevice { requested: self.to_string(), found: devices() }),
        }
    }
}

/// The available devices, as a sentence.
pub fn devices() -> String {
    match open() {
        CudaState::Absent => {
            "the installed LibTorch has no CUDA; the only device is cpu (`cargo xtask setup --cuda` installs one with CUDA)".into()
        }
        CudaState::Broken(reason) => format!("the CUDA libraries cannot be loaded ({reason}); the only device is cpu"),
        CudaState::Loaded { devices: 0 } => {
            "the CUDA libraries find no GPU (is the NVIDIA driver running?); the only device is cpu".into()
        }
        CudaState::Loaded { devices } => {
            format!("the devices are cpu and {}", (0..*devices).map(|n| format!("cuda:{n}")).collect::<Vec<_>>().join(", "))
        }
    }
}

/// Waits until a device has finished its work, so that a time can be taken. On a CPU nothing is outstanding.
pub fn synchronize(device: Device) {
    if let Device::Cuda(n) = device {
        tch::Cuda::synchronize(n as i64);
    }
}
