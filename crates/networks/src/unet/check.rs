//! Checks of a U-Net's configuration and of the size of its input.

use super::{UNetConfig, blocks};
use crate::Error;
use tweedie_math::number::{FINITE, POSITIVE, is_finite, is_positive};

/// The greatest allowed width, number of rows or number of layers; a greater one is taken for a typing error.
const MOST: i64 = 1 << 20;
/// The greatest allowed number of resolutions.
const MOST_RESOLUTIONS: usize = 16;

/// A configuration error.
pub(super) fn refuse(key: &'static str, found: impl std::fmt::Debug, allowed: impl Into<String>) -> Error {
    Error::Config { key, found: format!("{found:?}"), allowed: allowed.into() }
}

impl UNetConfig {
    /// Checks the configuration.
    ///
    /// # Errors
    /// [`Error::Config`] with the key of the first value that is not allowed.
    pub fn check(&self) -> Result<(), Error> {
        self.check_numbers()?;
        self.check_names()?;
        self.check_blocks()?;
        if let Some(size) = self.sample_size {
            let [height, width] = size.sides();
            if height > MOST || width > MOST {
                return Err(refuse(
                    "sample_size",
                    format_args!("{height}×{width}"),
                    format!("sides must be at most {MOST}"),
                ));
            }
            self.check_size(height, width).map_err(|error| match error {
                Error::Input(text) => {
                    Error::Config { key: "sample_size", found: format!("{height}×{width}"), allowed: text }
                }
                other => other,
            })?;
        }
        Ok(())
    }

    /// Checks that height and width can be halved as often as the network halves them.
    ///
    /// # Errors
    /// [`Error::Input`] with the nearest allowed sizes.
    pub fn check_size(&self, height: i64, width: i64) -> Result<(), Error> {
        let multiple = 2i64.pow(self.n_halvings());
        let good = |side: i64| side > 0 && side % multiple == 0;
        if good(height) && good(width) {
            return Ok(());
        }
        let near = |side: i64| {
            let below = (side / multiple * multiple).max(multiple);
            if good(side) {
                side.to_string()
            } else if side < multiple {
                below.to_string()
            } else {
                format!("{below} or {}", below + multiple)
            }
        };
        Err(Error::Input(format!(
            "this network halves height and width {} times, so both must be multiples of {multiple}; instead of {height}×{width} use \
             height {}, width {}",
            self.n_halvings(),
            near(height),
            near(width)
        )))
    }

    fn check_numbers(&self) -> Result<(), Error> {
        let positive = |key, value: i64| {
            if value > 0 { Ok(()) } else { Err(refuse(key, value, "it must be at least 1")) }
        };
        positive("in_channels", self.in_channels)?;
        positive("out_channels", self.out_channels)?;
        positive("layers_per_block", self.layers_per_block)?;
        let most = |key, value: i64| {
            if value <= MOST { Ok(()) } else { Err(refuse(key, value, format!("it must be at most {MOST}"))) }
        };
        for &channels in &self.block_out_channels {
            positive("block_out_channels", channels)?;
            most("block_out_channels", channels)?;
        }
        most("in_channels", self.in_channels)?;
        most("out_channels", self.out_channels)?;
        most("layers_per_block", self.layers_per_block)?;
        for (key, value) in [
            ("time_embedding_dim", self.time_embedding_dim),
            ("attention_head_dim", self.attention_head_dim),
            ("attn_norm_num_groups", self.attn_norm_num_groups),
            ("num_class_embeds", self.num_class_embeds),
            ("num_train_timesteps", self.num_train_timesteps),
        ] {
            value.map_or(Ok(()), |value| positive(key, value).and_then(|()| most(key, value)))?;
        }
        match self.norm_num_groups {
            Some(groups) => positive("norm_num_groups", groups)?,
            None => {
                return Err(refuse(
                    "norm_num_groups",
                    "null",
                    "it must be given, because all blocks use group normalisation",
                ));
            }
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(refuse("dropout", self.dropout, "it must lie in [0, 1)"));
        }
        if !is_positive(self.norm_eps) {
            return Err(refuse("norm_eps", self.norm_eps, format!("it must be {POSITIVE}")));
        }
        if !is_positive(self.mid_block_scale_factor.abs()) {
            return Err(refuse(
                "mid_block_scale_factor",
                self.mid_block_scale_factor,
                format!("it must be {FINITE}, and not 0"),
            ));
        }
        if !(0..=1).contains(&self.downsample_padding) {
            return Err(refuse("downsample_padding", self.downsample_padding, "it must be 0 or 1"));
        }
        let half = self.block_out_channels.first().map_or(1, |channels| channels / 2);
        if !is_finite(self.freq_shift)
            || (self.time_embedding_type == "positional" && half as f64 <= self.freq_shift)
        {
            return Err(refuse(
                "freq_shift",
                self.freq_shift,
                format!("it must be {FINITE}, and below half the first block's channels, {half}"),
            ));
        }
        Ok(())
    }

    fn check_names(&self) -> Result<(), Error> {
        let one_of = |key, found: &str, allowed: &[&str]| {
            if allowed.contains(&found) { Ok(()) } else { Err(refuse(key, found, one_of_sentence(allowed))) }
        };
        one_of("time_embedding_type", &self.time_embedding_type, &["positional", "fourier", "learned"])?;
        one_of("downsample_type", &self.downsample_type, &["conv", "resnet"])?;
        one_of("upsample_type", &self.upsample_type, &["conv", "resnet"])?;
        one_of("resnet_time_scale_shift", &self.resnet_time_scale_shift, &["default", "scale_shift"])?;
        if let Some(name) = &self.mid_block_type {
            one_of("mid_block_type", name, &["UNetMidBlock2D"])?;
        }
        if let Some(name) = &self.class_embed_type {
            one_of("class_embed_type", name, &["timestep", "identity"])?;
        }
        if self.time_embedding_type == "learned" && self.num_train_timesteps.is_none() {
            return Err(refuse(
                "num_train_timesteps",
                "null",
                "it must be given for a learned time embedding, as the number of its rows",
            ));
        }
        Ok(())
    }

    fn check_blocks(&self) -> Result<(), Error> {
        let n = self.block_out_channels.len();
        if !(1..=MOST_RESOLUTIONS).contains(&n) {
            let allowed = format!("it must name 1 to {MOST_RESOLUTIONS} resolutions");
            return Err(refuse("block_out_channels", format_args!("{n} resolutions"), allowed));
        }
        let middle = self.block_out_channels[n - 1];
        if let Some(groups) = self.attn_norm_num_groups.filter(|groups| middle % groups != 0) {
            return Err(refuse(
                "attn_norm_num_groups",
                groups,
                format!("it must divide the middle's {middle} channels"),
            ));
        }
        for (key, names) in
            [("down_block_types", &self.down_block_types), ("up_block_types", &self.up_block_types)]
        {
            if names.len() != n {
                return Err(refuse(
                    key,
                    names,
                    format!("block_out_channels has {n} resolutions, so {n} blocks are needed"),
                ));
            }
        }
        for name in &self.down_block_types {
            check_block("down_block_types", name, &blocks::DOWN)?;
        }
        for name in &self.up_block_types {
            check_block("up_block_types", name, &blocks::UP)?;
        }
        Ok(())
    }
}

fn check_block(key: &'static str, name: &str, allowed: &[&str]) -> Result<(), Error> {
    if allowed.contains(&name) {
        return Ok(());
    }
    let sentence = one_of_sentence(allowed);
    let reason = if name.contains("Skip") {
        format!("the Skip blocks of NCSN++ are not implemented; {sentence}")
    } else {
        let nearest = allowed.iter().max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
        format!("{sentence}; the nearest is {}", nearest.unwrap_or(&""))
    };
    Err(refuse(key, name, reason))
}

fn one_of_sentence(allowed: &[&str]) -> String {
    format!("it must be one of {}", allowed.join(", "))
}
