//! Arguments of `tweedie invert`, `tweedie reconstruct` and `tweedie compare`.

use super::count::between;
use super::{ConfigSource, FolderFlags, GuidanceFlags, OptionFlags};
use clap::{Args, ValueEnum};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use tweedie_applications::generation::MOST_AT_ONCE;
use tweedie_math::MOST_LEVELS;
use tweedie_models::sampling::{LevelRule, NoLevelRule, Sampler};
use tweedie_report::MOST_ON_A_SHEET;
use tweedie_samplers::{ConditionedOn, Inversion};

/// The greatest number of refinements of a step of inversion.
const MOST_REFINEMENTS: usize = 1000;

/// Options of DDIM inversion, which encodes images as latents.
#[derive(Debug, Clone, Args)]
pub struct InversionFlags {
    /// The level that the network is conditioned on in an inversion step from one level to the next noisier one.
    #[arg(long, alias = "told", value_name = "LEVEL", default_value = "here")]
    pub conditioned_on: ConditionedOnName,
    /// The number of times that each step is solved again with the prediction at its noisier end: each costs one more call per step and
    /// reduces the error.
    #[arg(long, default_value_t = 0, value_name = "K", value_parser = between(0, MOST_REFINEMENTS))]
    pub refine: usize,
}

impl InversionFlags {
    /// The inversion options of the library.
    pub fn inversion(&self) -> Inversion {
        let conditioned_on = match self.conditioned_on {
            ConditionedOnName::Here => ConditionedOn::Here,
            ConditionedOnName::Upper => ConditionedOn::Upper,
        };
        Inversion { conditioned_on, refinements: self.refine }
    }
}

/// Names of the level that the network is conditioned on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConditionedOnName {
    /// The level of x, at the start of the step.
    Here,
    /// The level at the noisier end of the step, as published. Measured with 10 to 20 steps, its error is a tenth of that of `here` on
    /// MNIST, but larger on the built-in shapes, where it stops falling; `tweedie reconstruct` measures it on a model.
    Upper,
}

/// Arguments of `tweedie invert`.
#[derive(Debug, Args)]
pub struct Invert {
    /// The folder of a checkpoint or a run.
    pub model: PathBuf,
    /// PNG images of the model's size.
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// The number of steps; default: the checkpoint's, otherwise 50.
    #[arg(long, conflicts_with = "levels", value_parser = between(1, MOST_LEVELS))]
    pub steps: Option<usize>,
    /// The levels that are visited, instead of --steps; the rules are those of `tweedie sample`.
    #[arg(long, value_name = "RULE")]
    pub levels: Option<LevelRule>,
    /// Inversion options.
    #[command(flatten)]
    pub how: InversionFlags,
    /// Output file for the latents (safetensors, f32, (N, C, H, W)); `tweedie sample --start` decodes it.
    #[arg(long, value_name = "FILE", default_value = "latents.safetensors")]
    pub out: PathBuf,
    /// The class, by name or as row:N, or `none`.
    #[arg(long)]
    pub class: Option<String>,
    /// Options for loading the folder.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// Precision: auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// Device: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
}

/// Arguments of `tweedie reconstruct`.
#[derive(Debug, Args)]
pub struct Reconstruct {
    /// The folder of a checkpoint or a run.
    pub model: PathBuf,
    /// PNG images of the model's size; default: the held-out images of the run, or those of --data.
    #[arg(value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// The data, if no images are named.
    #[command(flatten)]
    pub source: ConfigSource,
    /// The number of images of the data to use.
    #[arg(short, long, default_value_t = 16, value_parser = between(1, MOST_AT_ONCE))]
    pub n: usize,
    /// The numbers of steps to try, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "10,20,50,100", value_parser = between(1, MOST_LEVELS))]
    pub steps: Vec<usize>,
    /// The distribution of the levels, as of `tweedie compare`; default: the checkpoint's.
    #[arg(long, value_name = "RULE")]
    pub spread: Option<Spread>,
    /// Inversion options.
    #[command(flatten)]
    pub how: InversionFlags,
    /// The seed of the choice of images.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// The class, by name or as row:N, or `none`; default for a class-conditional model: the class of each image.
    #[arg(long)]
    pub class: Option<String>,
    /// Output file for the sheet: the images, and below them their reconstructions.
    #[arg(long, value_name = "FILE", default_value = "reconstructed.png")]
    pub out: PathBuf,
    /// Options for loading the folder.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// Precision: auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// Device: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
}

/// Arguments of `tweedie compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// The folder of a checkpoint or a run; a folder saved by diffusers is accepted.
    pub model: PathBuf,
    /// The samplers to compare, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "ddim,heun,dpmpp_2m,dpmpp_3m,unipc")]
    pub samplers: Vec<Sampler>,
    /// The numbers of steps to try, separated by commas.
    #[arg(long, value_delimiter = ',', default_value = "5,10,20,50", value_parser = between(1, MOST_LEVELS))]
    pub steps: Vec<usize>,
    /// Sampler options, each used by the samplers that take it. The default of η is 0.
    #[command(flatten)]
    pub how: OptionFlags,
    /// Guidance options.
    #[command(flatten)]
    pub guidance: GuidanceFlags,
    /// The number of images; every sampler starts from the same noise.
    #[arg(short, long, default_value_t = 16, value_parser = between(1, MOST_ON_A_SHEET))]
    pub n: usize,
    /// The number of Heun steps of the reference. Its levels are even in log-SNR, whatever --spread is.
    #[arg(long, default_value_t = 200, value_name = "STEPS", value_parser = between(1, MOST_LEVELS))]
    pub reference: usize,
    /// The rule that places the levels of the compared samplers for a number of steps: trailing, leading, linspace, quadratic,
    /// karras[,RHO], `log_snr`, flow[,SHIFT], edm.
    #[arg(long, default_value = "trailing", value_name = "RULE")]
    pub spread: Spread,
    /// The seed of the noise.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// The class, by name or as row:N; `all` cycles through the classes, `none` samples without a class.
    #[arg(long)]
    pub class: Option<String>,
    /// Output folder for the sheet (PNG) and the table (JSON).
    #[arg(long, value_name = "FOLDER", default_value = "comparison")]
    pub out: PathBuf,
    /// Options for loading the folder.
    #[command(flatten)]
    pub folder: FolderFlags,
    /// Precision: auto, f32 or bf16.
    #[arg(long, default_value = "f32")]
    pub precision: String,
    /// Device: auto, cpu, cuda or cuda:N.
    #[arg(long, default_value = "auto")]
    pub device: String,
}

/// A rule that places noise levels for a given number of steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spread {
    name: String,
    parameter: Option<String>,
}

impl Spread {
    const NAMES: [&str; 8] =
        ["trailing", "leading", "linspace", "quadratic", "karras", "log_snr", "flow", "edm"];

    /// The rule with `n` levels.
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
            return Err(format!("the rule is not known; it must be one of {}", Self::NAMES.join(", ")));
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
