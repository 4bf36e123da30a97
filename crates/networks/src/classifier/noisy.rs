//! A classifier of noisy pictures that is told how noisy they are: the half of a U-Net that goes down, its coarsest features pooled
//! by attention (Dhariwal & Nichol 2021, section 4 and appendix H).

use crate::layers::{Activation, AttentionPool, GroupNorm};
use crate::unet::Encoder;
use crate::{Error, Parameters, Pass, UNetConfig};
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};
use tweedie_torch::guard;

/// Configuration of a [`NoisyClassifier`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoisyClassifierConfig {
    /// Classes, at least 2.
    pub n_classes: i64,
    /// The U-Net whose way down it takes; what is said there of the way up and of outputs is not built. `sample_size` must be given,
    /// no condition but time may be; the pool's heads are as wide as those of its attention.
    pub encoder: UNetConfig,
}

/// No classifier tells more classes apart; beyond it is a slip of the pen.
const MOST_CLASSES: i64 = 1 << 20;

/// ln p(y | x_t) up to a constant, with its parameters.
#[derive(Debug)]
pub struct NoisyClassifier {
    config: NoisyClassifierConfig,
    parameters: Parameters,
    encoder: Encoder,
    norm_out: GroupNorm,
    pool: AttentionPool,
    sides: [i64; 2],
}

impl NoisyClassifierConfig {
    /// Fails, naming the key, unless the configuration describes a classifier.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn check(&self) -> Result<(), Error> {
        self.encoder.check()?;
        let wrong =
            |key, found: String, allowed: &str| Err(Error::Config { key, found, allowed: allowed.into() });
        if !(2..=MOST_CLASSES).contains(&self.n_classes) {
            let allowed = format!("a classifier tells 2 to {MOST_CLASSES} classes apart");
            return wrong("n_classes", self.n_classes.to_string(), &allowed);
        }
        if self.encoder.sample_size.is_none() {
            let allowed = "a classifier pools by places, so its pictures' size must be given";
            return wrong("sample_size", "null".into(), allowed);
        }
        let told = "it must be null in a classifier, which is told nothing of the class that it is to find";
        if let Some(rows) = self.encoder.num_class_embeds {
            return wrong("num_class_embeds", rows.to_string(), told);
        }
        match &self.encoder.class_embed_type {
            Some(name) => wrong("class_embed_type", format!("\"{name}\""), told),
            None => Ok(()),
        }
    }
}

impl NoisyClassifier {
    /// A network with first values from `seed`, the same on every device.
    ///
    /// # Errors
    /// [`Error::Config`] names the key of a configuration that describes no classifier.
    pub fn new(config: &NoisyClassifierConfig, device: Device, seed: u64) -> Result<Self, Error> {
        config.check()?;
        let unet = &config.encoder;
        let sides = unet.sample_size.map_or([1, 1], |size| size.sides());
        let channels = unet.block_out_channels[unet.block_out_channels.len() - 1];
        let mut parameters = Parameters::new(device, seed);
        let mut root = parameters.root();
        let encoder = Encoder::new(&mut root, unet)?;
        let groups = unet.norm_num_groups.unwrap_or(32);
        let norm_out = GroupNorm::new(root.sub("norm_out"), channels, groups, unet.norm_eps)?;
        let coarse = sides.map(|side| side >> unet.n_halvings());
        let head_dim = unet.attention_head_dim.unwrap_or(channels);
        let pool = AttentionPool::new(root.sub("pool"), coarse, channels, head_dim, config.n_classes)?;
        Ok(Self { config: config.clone(), parameters, encoder, norm_out, pool, sides })
    }

    /// x (N, in_channels, H, W) of the configured size and time (N) → logits (N, n_classes) in f32.
    ///
    /// # Errors
    /// [`Error::Input`] for shapes, sizes or times that the network cannot take.
    pub fn forward(&self, x: &Tensor, time: &Tensor, pass: &Pass) -> Result<Tensor, Error> {
        let unet = &self.config.encoder;
        self.encoder.check(unet, x, time, None)?;
        let size = x.size();
        let [height, width] = self.sides;
        if size[2..] != self.sides {
            return Err(Error::Input(format!(
                "x is {}×{}; this classifier has a learned position for each place of {height}×{width} and takes no other size",
                size[2], size[3]
            )));
        }
        guard(|| {
            let features = self.encoder.forward(unet, x, time, None, pass)?.features;
            let features = Activation::Silu.forward(&self.norm_out.forward(&features));
            Ok(self.pool.forward(&features, pass).to_kind(Kind::Float))
        })?
    }

    /// Its configuration.
    pub fn config(&self) -> &NoisyClassifierConfig {
        &self.config
    }

    /// Its parameters, in the order of construction.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Whether it knows the trained times alone and nothing between them.
    pub fn has_time_table(&self) -> bool {
        self.encoder.has_time_table()
    }
}
