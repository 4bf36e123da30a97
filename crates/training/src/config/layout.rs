//! The memory order of activations in training.

use serde::{Deserialize, Deserializer, Serialize, de};
use tch::Device;

/// The memory order of activations. It changes the result only by rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// The order that is measured to be faster. Without a measurement it is N, H, W, C on a CPU, where normalisations are then fused with
    /// the operations around them, and N, C, H, W on a GPU.
    #[default]
    Auto,
    /// N, C, H, W.
    Nchw,
    /// N, H, W, C.
    Nhwc,
}

impl Layout {
    /// Whether channels are last on a device, without a measurement.
    pub fn channels_last(self, device: Device) -> bool {
        match self {
            Self::Auto => device == Device::Cpu,
            Self::Nchw => false,
            Self::Nhwc => true,
        }
    }
}

impl<'de> Deserialize<'de> for Layout {
    /// Reads a name, or the value of the former key `channels_last`.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Former(bool),
            Name(String),
        }
        match Given::deserialize(deserializer)
            .map_err(|_| de::Error::custom("it must be auto, nchw or nhwc"))?
        {
            Given::Former(channels_last) => Ok(if channels_last { Self::Nhwc } else { Self::Nchw }),
            Given::Name(name) => match name.as_str() {
                "auto" => Ok(Self::Auto),
                "nchw" => Ok(Self::Nchw),
                "nhwc" => Ok(Self::Nhwc),
                other => Err(de::Error::custom(format!("it is \"{other}\"; it must be auto, nchw or nhwc"))),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Layout;
    use serde_json::json;
    use tch::Device;

    #[test]
    fn names_and_former_values_are_read() {
        let read = |value| serde_json::from_value::<Layout>(value);
        for layout in [Layout::Auto, Layout::Nchw, Layout::Nhwc] {
            assert_eq!(read(json!(layout)).unwrap(), layout);
        }
        assert_eq!(read(json!(true)).unwrap(), Layout::Nhwc);
        assert_eq!(read(json!(false)).unwrap(), Layout::Nchw);
        assert!(
            read(json!("NWHC")).unwrap_err().to_string().contains("\"NWHC\"; it must be auto, nchw or nhwc")
        );
        assert!(read(json!(3)).unwrap_err().to_string().contains("auto, nchw or nhwc"));
    }

    #[test]
    fn the_default_depends_on_the_device() {
        assert!(Layout::Auto.channels_last(Device::Cpu) && !Layout::Auto.channels_last(Device::Cuda(0)));
        assert!(Layout::Nhwc.channels_last(Device::Cuda(0)) && !Layout::Nchw.channels_last(Device::Cpu));
    }
}
