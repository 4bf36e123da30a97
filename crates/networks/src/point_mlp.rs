//! A residual multilayer perceptron for points, with Fourier features of the point and its noise level.

use crate::layers::{Activation, Embedding, FourierFeatures, Linear, Start, sinusoidal};
use crate::unet::{FeatureEmbedding, rows_of};
use crate::{Accepts, Error, Input, Network, Parameters, Pass, Scope};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tch::{Device, Kind, Tensor};
use tweedie_math::Short;
use tweedie_torch::guard;

/// Configuration of a [`PointMlp`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PointMlpConfig {
    /// Number of coordinates of a point.
    pub dimensions: i64,
    /// Number of outputs; twice the number of coordinates if a variance is predicted.
    pub outputs: i64,
    /// Number of features between the blocks.
    pub width: i64,
    /// Number of residual blocks.
    pub blocks: i64,
    /// Number of random frequencies for the Fourier features of the point; with 0 the coordinates are the only features.
    pub point_frequencies: i64,
    /// Standard deviation of the frequencies of the point, in cycles per unit of x.
    pub point_scale: f64,
    /// `fourier` (random frequencies) or `positional` (the sinusoids of transformers, for numbers up to about 1000).
    pub time_embedding_type: String,
    /// Number of frequencies for the number that represents the noise level.
    pub time_frequencies: i64,
    /// Standard deviation of the frequencies of `fourier`, in cycles per unit of that number.
    pub time_scale: f64,
    /// `silu`, `swish`, `mish`, `gelu` or `relu`.
    pub act_fn: String,
    /// Probability with which dropout sets a feature to zero in training.
    pub dropout: f64,
    /// Number of rows of the class table; null for a network without classes.
    pub num_class_embeds: Option<i64>,
}

impl Default for PointMlpConfig {
    fn default() -> Self {
        Self {
            dimensions: 2,
            outputs: 2,
            width: 128,
            blocks: 4,
            point_frequencies: 32,
            point_scale: 0.5,
            time_embedding_type: "fourier".into(),
            time_frequencies: 32,
            time_scale: 1.0,
            act_fn: "silu".into(),
            dropout: 0.0,
            num_class_embeds: None,
        }
    }
}

/// The greatest allowed size; a greater one is taken for a typing error.
const MOST: i64 = 1 << 16;

/// The allowed standard deviations of frequencies. Outside them f32 does not hold the phase, or all features are the same.
const SCALES: std::ops::RangeInclusive<f64> = 1e-9..=1e9;

impl PointMlpConfig {
    /// Checks the configuration.
    ///
    /// # Errors
    /// [`Error::Config`] with the key of the first value that is not allowed.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |key, found: String, allowed: String| Err(Error::Config { key, found, allowed });
        for (key, value, least) in [
            ("dimensions", self.dimensions, 1),
            ("outputs", self.outputs, 1),
            ("width", self.width, 1),
            ("blocks", self.blocks, 1),
            ("point_frequencies", self.point_frequencies, 0),
            ("time_frequencies", self.time_frequencies, 1),
            ("num_class_embeds", self.num_class_embeds.unwrap_or(1), 1),
        ] {
            if !(least..=MOST).contains(&value) {
                return wrong(key, value.to_string(), format!("it must be between {least} and {MOST}"));
            }
        }
        for (key, value) in [("point_scale", self.point_scale), ("time_scale", self.time_scale)] {
            if !SCALES.contains(&value) {
                return wrong(
                    key,
                    Short(value).to_string(),
                    "it must be positive, between 1e-9 and 1e9".into(),
                );
            }
        }
        if !["fourier", "positional"].contains(&self.time_embedding_type.as_str()) {
            let found = format!("\"{}\"", self.time_embedding_type);
            return wrong("time_embedding_type", found, "it must be fourier or positional".into());
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return wrong("dropout", Short(self.dropout).to_string(), "it must lie in [0, 1)".into());
        }
        Activation::from_name(&self.act_fn).map(|_| ())
    }
}

/// Features of the number that represents the noise level.
#[derive(Debug)]
enum TimeFeatures {
    Fourier(FourierFeatures),
    Positional { width: i64 },
}

/// A residual block: h + W₂·act(W₁·act(h) + W₃·act(embedding)).
#[derive(Debug)]
struct Block {
    linear_1: Linear,
    embedding: Linear,
    linear_2: Linear,
}

impl Block {
    fn new(mut scope: Scope, width: i64) -> Result<Self, Error> {
        Ok(Self {
            linear_1: Linear::new(scope.sub("linear_1"), width, width, Start::Default)?,
            embedding: Linear::new(scope.sub("embedding"), width, width, Start::Default)?,
            linear_2: Linear::new(scope.sub("linear_2"), width, width, Start::Zero)?,
        })
    }
}

/// A residual MLP: features of the point and its noise level → blocks → output.
#[derive(Debug)]
pub struct PointMlp {
    config: PointMlpConfig,
    parameters: Parameters,
    activation: Activation,
    point_features: Option<FourierFeatures>,
    linear_in: Linear,
    time_features: TimeFeatures,
    time_embedding: FeatureEmbedding,
    class_embedding: Option<Embedding>,
    blocks: Vec<Block>,
    linear_out: Linear,
}

impl PointMlp {
    /// The class name in configurations.
    pub const CLASS: &'static str = "PointMlp";

    /// Creates a network with initial values from `seed`, which are the same on every device.
    ///
    /// # Errors
    /// [`Error::Config`] with the key of a value that is not allowed.
    pub fn new(config: &PointMlpConfig, device: Device, seed: u64) -> Result<Self, Error> {
        // Sizes that are too large together are refused before memory is allocated.
        Self::into(config, Parameters::planned())?;
        Self::into(config, Parameters::new(device, seed))
    }

    /// The constructor for a [`Registry`](crate::Registry).
    ///
    /// # Errors
    /// The errors of [`PointMlp::new`]; [`Error::Json`] for an unknown key or a value of another type.
    pub fn build(config: &Value, parameters: Parameters) -> Result<Box<dyn Network>, Error> {
        let config: PointMlpConfig = crate::from_json(config)?;
        Ok(Box::new(Self::into(&config, parameters)?))
    }

    fn into(config: &PointMlpConfig, mut parameters: Parameters) -> Result<Self, Error> {
        config.check()?;
        let (d, width) = (config.dimensions, config.width);
        let mut root = parameters.root();
        let point_features = match config.point_frequencies {
            0 => None,
            n => Some(FourierFeatures::new(root.sub("point_features"), d, n, config.point_scale)?),
        };
        let linear_in =
            Linear::new(root.sub("linear_in"), d + 2 * config.point_frequencies, width, Start::Default)?;
        let n = config.time_frequencies;
        let time_features = match config.time_embedding_type.as_str() {
            "positional" => TimeFeatures::Positional { width: 2 * n },
            _ => TimeFeatures::Fourier(FourierFeatures::new(
                root.sub("time_features"),
                1,
                n,
                config.time_scale,
            )?),
        };
        let time_embedding = FeatureEmbedding::new(root.sub("time_embedding"), 2 * n, width)?;
        let class_embedding = match config.num_class_embeds {
            Some(rows) => Some(Embedding::new(root.sub("class_embedding"), rows, width)?),
            None => None,
        };
        let blocks = (0..config.blocks).map(|i| Block::new(root.sub("blocks").sub(i), width));
        let blocks = blocks.collect::<Result<_, _>>()?;
        let linear_out = Linear::new(root.sub("linear_out"), width, config.outputs, Start::Zero)?;
        let activation = Activation::from_name(&config.act_fn)?;
        Ok(Self {
            config: config.clone(),
            parameters,
            activation,
            point_features,
            linear_in,
            time_features,
            time_embedding,
            class_embedding,
            blocks,
            linear_out,
        })
    }

    fn check(&self, input: &Input<'_>) -> Result<(), Error> {
        let size = input.x.size();
        let n = size.first().copied().unwrap_or(0);
        if n == 0 || size[1..] != [self.config.dimensions] {
            let d = self.config.dimensions;
            return Err(Error::Input(format!(
                "x has shape {size:?}; it must be (N, {d}) with at least one point"
            )));
        }
        if input.time.size() != [n] {
            return Err(Error::Input(format!(
                "time has shape {:?}; it must be one number per point, ({n})",
                input.time.size()
            )));
        }
        let given = input.condition.given();
        let found = if given.is_empty() { "missing".into() } else { given.join(" and ") };
        match (&self.class_embedding, &input.condition.class) {
            (None, _) if given.is_empty() => Ok(()),
            (None, _) => Err(Error::Input(format!(
                "the condition is {found}; this network is conditioned on time alone"
            ))),
            (Some(_), Some(class)) if given.len() == 1 && class.size() == [n] => Ok(()),
            (Some(_), Some(class)) if given.len() == 1 => Err(Error::Input(format!(
                "the condition has shape {:?}; it must be one class number per point, ({n})",
                class.size()
            ))),
            (Some(table), _) => Err(Error::Input(format!(
                "the condition is {found}; this network needs class numbers 0 … {}",
                table.n_rows() - 1
            ))),
        }
    }

    fn compute(&self, input: &Input<'_>, pass: &Pass) -> Result<Tensor, Error> {
        let x = input.x.to_kind(Kind::Float);
        let features = match &self.point_features {
            Some(fourier) => Tensor::cat(&[x.shallow_clone(), fourier.forward(&x)], 1),
            None => x,
        };
        let time = match &self.time_features {
            TimeFeatures::Fourier(fourier) => fourier.forward(&input.time.unsqueeze(1)),
            TimeFeatures::Positional { width } => sinusoidal(input.time, *width, true, 0.0),
        };
        let mut embedding = self.time_embedding.forward(&time, pass);
        if let (Some(table), Some(class)) = (&self.class_embedding, &input.condition.class) {
            let rows = rows_of(class, table.n_rows(), "class")?;
            // The sum is a new tensor, because the graph may need the old one.
            embedding = &embedding + table.forward(&rows).to_kind(pass.precision.kind());
        }
        let embedding = self.activation.forward(&embedding);
        let mut h = self.linear_in.forward(&features, pass);
        for block in &self.blocks {
            let inner = block.linear_1.forward(&self.activation.forward(&h), pass)
                + block.embedding.forward(&embedding, pass);
            let inner = self.activation.forward(&inner);
            let inner = if pass.train && self.config.dropout > 0.0 {
                inner.dropout(self.config.dropout, true)
            } else {
                inner
            };
            h = &h + block.linear_2.forward(&inner, pass);
        }
        Ok(self.linear_out.forward(&self.activation.forward(&h), pass).to_kind(Kind::Float))
    }
}

impl Network for PointMlp {
    /// x (N, dimensions) and time (N) → (N, outputs) in f32.
    fn forward(&self, input: &Input<'_>, pass: &Pass) -> Result<Tensor, Error> {
        self.check(input)?;
        guard(|| self.compute(input, pass))?
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
        Accepts {
            channels: self.config.dimensions,
            outputs: self.config.outputs,
            size: Some(Vec::new()),
            class_rows: self.config.num_class_embeds,
            ..Accepts::default()
        }
    }

    fn dropout(&self) -> f64 {
        self.config.dropout
    }
}
