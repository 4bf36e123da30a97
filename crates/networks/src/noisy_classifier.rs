//! A classifier of noisy images that is conditioned on their noise level: the downsampling half of a U-Net, whose coarsest features are
//! pooled by attention (Dhariwal & Nichol 2021, section 4 and appendix H).

use crate::layers::{Activation, AttentionPool, GroupNorm};
use crate::unet::Encoder;
use crate::{Accepts, Error, Input, Network, Parameters, Pass, UNetConfig};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};
use tweedie_torch::{Modulation, guard};

/// Configuration of a [`NoisyClassifier`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoisyClassifierConfig {
    /// Number of classes, at least 2.
    pub n_classes: i64,
    /// The U-Net whose downsampling half is built; its keys for the upsampling half and the output have no effect. `sample_size` must be
    /// given, and time is the only condition allowed. The heads of the pooling have the width of the attention heads.
    pub encoder: UNetConfig,
}

/// The greatest allowed number of classes; a greater one is taken for a typing error.
const MOST_CLASSES: i64 = 1 << 20;

/// A classifier that computes ln p(y | x_t) up to a constant, with its parameters.
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
    /// Checks the configuration.
    ///
    /// # Errors
    /// [`Error::Config`] with the key of the first value that is not allowed.
    pub fn check(&self) -> Result<(), Error> {
        self.encoder.check()?;
        let wrong =
            |key, found: String, allowed: &str| Err(Error::Config { key, found, allowed: allowed.into() });
        if !(2..=MOST_CLASSES).contains(&self.n_classes) {
            let allowed = format!("it must be between 2 and {MOST_CLASSES}");
            return wrong("n_classes", self.n_classes.to_string(), &allowed);
        }
        if self.encoder.sample_size.is_none() {
            let allowed =
                "it must be given, because a classifier has a positional embedding for images of one size";
            return wrong("sample_size", "null".into(), allowed);
        }
        let none = "it must be null, because a classifier is not conditioned on the class that it predicts";
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
    /// The class name in configurations. It is specific to this crate; `diffusers` has no corresponding class.
    pub const CLASS: &'static str = "NoisyClassifier";

    /// Creates a network with initial values from `seed`, which are the same on every device.
    ///
    /// # Errors
    /// [`Error::Config`] with the key of a value that is not allowed.
    pub fn new(config: &NoisyClassifierConfig, device: Device, seed: u64) -> Result<Self, Error> {
        // Sizes that are too large together are refused before memory is allocated.
        Self::into(config, Parameters::planned())?;
        Self::into(config, Parameters::new(device, seed))
    }

    /// Builds the network and adds its parameters to an empty set.
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

    /// The constructor for a [`Registry`](crate::Registry).
    ///
    /// # Errors
    /// The errors of [`NoisyClassifier::new`]; [`Error::Json`] for an unknown key or a value of another type.
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
            let features = self.norm_out.activated(&features, Modulation::default(), Activation::Silu, pass);
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
            "an image has the sides {sides:?}; this classifier takes only {height}×{width}, for which it has positional embeddings"
        )))
    }

    fn dropout(&self) -> f64 {
        self.config.encoder.dropout
    }
}
