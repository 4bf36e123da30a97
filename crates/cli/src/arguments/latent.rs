//! `tweedie invert`, `tweedie reconstruct` and `tweedie compare`.

use super::{ConfigSource, FolderFlags, GuidanceFlags, OptionFlags};
use clap::{Args, ValueEnum};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use tweedie_models::sampling::{LevelRule, NoLevelRule, Sampler};
use tweedie_samplers::{ConditionedOn, Inversion};

/// How images are encoded by DDIM backwards.
#[derive(Debug, Clone, Args)]
pub struct InversionFlags {
    /// The level that the network is conditioned on while an image climbs from one level to the next.
    #[arg(long, alias = "told", value_name = "LEVEL", default_value = "here")]
    pub conditioned_on: ConditionedOnName,
    /// Solve each step again so many times with the prediction at its upper end: as many more calls, a smaller error.
    #[arg(long, default_value_t = 0, value_name = "K")]
    pub refine: usize,
}

impl InversionFlags {
    /// The library's form.
    pub fn inversion(&self) -> Inversion {
        let conditioned_on = match self.conditioned_on {
            ConditionedOnName::Here => ConditionedOn::Here,
            ConditionedOnName::Upper => ConditionedOn::Upper,
        };
        Inversion { conditioned_on, refinements: self.refine }
    }
}

/// The level that the network is conditioned on, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConditionedOnName {
    /// The one where x is.
    Here,
    /// The one above it, as published: a smaller error at few steps.
    Upper,
}

/// `tweedie invert`.
#[derive(Debug, Args)]
pub struct Invert {
    /// A checkpoint's or a run's folder.
    pub model: PathBuf,
    /// Images (PNG) of the model's size.
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// How many steps; the checkpoint says, else 50.
    #[arg(long, conflicts_with = "levels")]
    pub steps: Option<usize>,
    /// Which levels are visited, instead of --steps, as of `tweedie sample`.
    #[arg(long, value_name = "RULE")]
    pub levels: Option<LevelRule>,
    /// How it is encoded.
    #[command(flatten)]
    pub how: InversionFlags,
    /// Where the latents go: safetensors, f32, (N, C, H, W), which `tweedie sample --start` decodes.
    #[arg(long, value_name = "FILE", default_value = "latents.safetensors")]
    pub out: PathBuf,
    /// A class by name or number, or none.
    #[arg(long)]
    pub class: Option<String>,
    /// What the folder leaves open.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
}

/// `tweedie reconstruct`.
#[derive(Debug, Args)]
pub struct Reconstruct {
    /// A checkpoint's or a run's folder.
    pub model: PathBuf,
    /// Images (PNG) of the model's size; without any, those that the run held out, or those of --data.
    #[arg(value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// Which data, where no images are named.
    #[command(flatten)]
    pub source: ConfigSource,
    /// How many of the data's images.
    #[arg(short, long, default_value_t = 16)]
    pub n: usize,
    /// Numbers of steps, each of which is tried.
    #[arg(long, value_delimiter = ',', default_value = "10,20,50,100")]
    pub steps: Vec<usize>,
    /// How they are encoded.
    #[command(flatten)]
    pub how: InversionFlags,
    /// Seed of the choice of images.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// A class by name or number, or none; a class-conditional model is told each image's own by default.
    #[arg(long)]
    pub class: Option<String>,
    /// Where the sheet goes: the images, and below them their reconstructions.
    #[arg(long, value_name = "FILE", default_value = "reconstructed.png")]
    pub out: PathBuf,
    /// What the folder leaves open.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
}

/// `tweedie compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// A checkpoint's or a run's folder; one saved by diffusers will do.
    pub model: PathBuf,
    /// Samplers by name.
    #[arg(long, value_delimiter = ',', default_value = "ddim,heun,dpmpp_2m,dpmpp_3m,unipc")]
    pub samplers: Vec<Sampler>,
    /// Numbers of steps, each of which is tried.
    #[arg(long, value_delimiter = ',', default_value = "5,10,20,50")]
    pub steps: Vec<usize>,
    /// Options of the samplers, of those that take them; η is 0 unless it is said.
    #[command(flatten)]
    pub how: OptionFlags,
    /// How the model is led.
    #[command(flatten)]
    pub guidance: GuidanceFlags,
    /// How many images, each from the same noise with every sampler.
    #[arg(short, long, default_value_t = 16)]
    pub n: usize,
    /// Heun steps of the reference that they are compared with.
    #[arg(long, default_value_t = 200, value_name = "STEPS")]
    pub reference: usize,
    /// How levels are spread for a number of steps: trailing, leading, linspace, quadratic, karras[,RHO], `log_snr`, flow[,SHIFT],
    /// edm.
    #[arg(long, default_value = "trailing", value_name = "RULE")]
    pub spread: Spread,
    /// Seed of the noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// A class by name or number, `all` for one after another, `none`.
    #[arg(long)]
    pub class: Option<String>,
    /// Where the sheet (PNG) and the table (JSON) go.
    #[arg(long, value_name = "FOLDER", default_value = "comparison")]
    pub out: PathBuf,
    /// What the folder leaves open.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
}

/// A rule for levels, which a number of steps completes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    name: String,
    parameter: Option<String>,
}

impl Spread {
    const NAMES: [&str; 8] =
        ["trailing", "leading", "linspace", "quadratic", "karras", "log_snr", "flow", "edm"];

    /// The rule with so many levels.
    pub fn levels(&self, n: usize) -> Result<LevelRule, NoLevelRule> {
        let parameter = self.parameter.as_ref().map(|value| format!(",{value}")).unwrap_or_default();
        format!("{}:{n}{parameter}", self.name).parse()
    }
}

impl FromStr for Spread {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, parameter) =
            text.split_once(',').map_or((text, None), |(name, value)| (name, Some(value)));
        let name = name.replace('-', "_");
        let takes_one = matches!(name.as_str(), "karras" | "flow");
        if !Self::NAMES.contains(&name.as_str()) || (parameter.is_some() && !takes_one) {
            return Err(format!("there is no such rule; there are {}", Self::NAMES.join(", ")));
        }
        let spread = Self { name, parameter: parameter.map(ToString::to_string) };
        spread.levels(1).map(|_| spread).map_err(|error| error.to_string())
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameter = self.parameter.as_ref().map(|value| format!(",{value}")).unwrap_or_default();
        write!(f, "{}{parameter}", self.name)
    }
}
