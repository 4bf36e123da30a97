//! A classifier of noisy images that is conditioned on their noise level: the half of a U-Net that goes down, its coarsest features
//! pooled by attention (Dhariwal & Nichol 2021, section 4 and appendix H).

use crate::layers::{Activation, AttentionPool, GroupNorm};
use crate::unet::Encoder;
use crate::{Accepts, Error, Input, Network, Parameters, Pass, UNetConfig};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};
use tweedie_torch::guard;

/// Configuration of a [`NoisyClassifier`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoisyClassifierConfig {
    /// Classes, at least 2.
    pub n_classes: i64,
    /// The U-Net whose way down is built; its keys of the way up and of outputs have no effect. `sample_size` must be given. No
    /// condition but time is allowed. The pool's heads are as wide as those of the attention.
    pub encoder: UNetConfig,
}

/// The most classes; a greater number is taken for a typing error.
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
            let allowed = format!("a classifier has 2 to {MOST_CLASSES} classes");
            return wrong("n_classes", self.n_classes.to_string(), &allowed);
        }
        if self.encoder.sample_size.is_none() {
            let allowed = "a classifier pools by places, so the size of its images must be given";
            return wrong("sample_size", "null".into(), allowed);
        }
        let none = "it must be null in a classifier, which is not conditioned on the class that it finds";
        if let Some(rows) = self.encoder.num_class_embeds {
            return wrong("num_class_embeds", rows.to_string(), none);
        }
        match &self.encoder.class_embed_type {
            Some(name) => wrong("class_embed_type", format!("\"{name}\""), none),
            None => Ok(()),
        }
    }
}

impl NoisyClassifier {
    /// The class name in configurations; `diffusers` has no such class.
    pub const CLASS: &'static str = "NoisyClassifier";

    /// A network with first values from `seed`, the same on every device.
    ///
    /// # Errors
    /// [`Error::Config`] names the key of a configuration that describes no classifier.
    pub fn new(config: &NoisyClassifierConfig, device: Device, seed: u64) -> Result<Self, Error> {
        Self::into(config, Parameters::new(device, seed))
    }

    /// A network whose parameters are added to empty ones.
    fn into(config: &NoisyClassifierConfig, mut parameters: Parameters) -> Result<Self, Error> {
        config.check()?;
        let unet = &config.encoder;
        let sides = unet.sample_size.map_or([1, 1], |size| size.sides());
        let channels = unet.block_out_channels[unet.block_out_channels.len() - 1];
        let mut root = parameters.root().on(sides[0] * sides[1]);
        let encoder = Encoder::new(&mut root, unet)?;
        let groups = unet.norm_num_groups.unwrap_or(32);
        let norm_out = GroupNorm::new(root.sub("norm_out"), channels, groups, unet.norm_eps)?;
        let coarse = sides.map(|side| side >> unet.n_halvings());
        let head_dim = unet.attention_head_dim.unwrap_or(channels);
        let pool = AttentionPool::new(root.sub("pool"), coarse, channels, head_dim, config.n_classes)?;
        Ok(Self { config: config.clone(), parameters, encoder, norm_out, pool, sides })
    }

    /// The registry's constructor.
    ///
    /// # Errors
    /// Those of [`NoisyClassifier::new`]; [`Error::Json`] for a key or value that is not one of the configuration's.
    pub fn build(config: &Value, parameters: Parameters) -> Result<Box<dyn Network>, Error> {
        let config: NoisyClassifierConfig = crate::from_json(config)?;
        Ok(Box::new(Self::into(&config, parameters)?))
    }

    /// The configuration.
    pub fn config(&self) -> &NoisyClassifierConfig {
        &self.config
    }
}

impl Network for NoisyClassifier {
    /// x (N, in_channels, H, W) of the configured size and time (N) → logits (N, n_classes) in f32.
    fn forward(&self, input: &Input<'_>, pass: &Pass) -> Result<Tensor, Error> {
        let unet = &self.config.encoder;
        self.encoder.check(unet, input)?;
        self.check_sides(&input.x.size()[2..])?;
        guard(|| {
            let features = self.encoder.forward(unet, input, pass)?.features;
            let features = Activation::Silu.forward(&self.norm_out.forward(&features));
            Ok(self.pool.forward(&features, pass).to_kind(Kind::Float))
        })?
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn class_name(&self) -> &'static str {
        Self::CLASS
    }

    fn config(&self) -> Value {
        json!(self.config)
    }

    fn accepts(&self) -> Accepts {
        self.encoder.accepts(&self.config.encoder, self.config.n_classes)
    }

    fn check_sides(&self, sides: &[i64]) -> Result<(), Error> {
        if sides == self.sides {
            return Ok(());
        }
        let [height, width] = self.sides;
        Err(Error::Input(format!(
            "an image has the sides {sides:?}; this classifier has a learned position for each place of {height}×{width} and takes no other size"
        )))
    }

    fn dropout(&self) -> f64 {
        self.config.encoder.dropout
    }
}
