//! Comparison of samplers that start from the same noise.

use crate::Error;
use crate::generation::{Generator, Noise, Request};
use crate::latent::mean_and_error;
use tch::{Kind, Tensor};
use tweedie_math::{Spacing, Subsequence};
use tweedie_models::Model;
use tweedie_models::sampling::{LevelRule, Sampler, SamplingConfig, SamplingError};
use tweedie_report::Progress;
use tweedie_samplers::DdimNoiseKind;

/// The samples of one sampler with one number of steps, and their cost.
#[derive(Debug)]
pub struct Row {
    /// The sampling configuration.
    pub sampling: SamplingConfig,
    /// The number of steps of the path.
    pub steps: usize,
    /// The number of evaluations of the denoiser for one batch.
    pub calls: usize,
    /// The time spent in the sampler, in seconds.
    pub seconds: f64,
    /// The samples, (N, …), in the model's units.
    pub x: Tensor,
}

/// The distance between two rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Distance {
    /// The root mean square difference over all samples and values.
    pub rms: f64,
    /// The standard error of `rms` over the samples.
    pub error: f64,
    /// The root mean square difference of each sample. The mean of their squares is the square of `rms`.
    pub of_samples: Vec<f64>,
}

impl Distance {
    /// The distance of samples with these mean squared differences.
    pub fn of(mean_squares: &[f64]) -> Self {
        let (mean, error) = mean_and_error(mean_squares);
        let rms = mean.sqrt();
        // d√m = dm/(2·√m).
        let error = if rms > 0.0 { error / (2.0 * rms) } else { 0.0 };
        Self { rms, error, of_samples: mean_squares.iter().map(|square| square.sqrt()).collect() }
    }
}

impl Row {
    /// The distance to another row in units of `half`.
    ///
    /// # Errors
    /// Errors of LibTorch.
    pub fn distance(&self, reference: &Self, half: f64) -> Result<Distance, Error> {
        let squares = ((&self.x - &reference.x) / half).square().flatten(1, -1);
        let each = squares.mean_dim(1, false, Kind::Double);
        Ok(Distance::of(&Vec::<f64>::try_from(each)?))
    }
}

/// The sampling configuration `own` with another sampler, number of steps and levels. η is 0, except for `euler_ancestral`, whose η
/// is 1.
pub fn with_sampler(
    own: &SamplingConfig,
    sampler: Sampler,
    steps: usize,
    levels: Option<LevelRule>,
) -> SamplingConfig {
    let eta = if sampler == Sampler::EulerAncestral { 1.0 } else { 0.0 };
    SamplingConfig { sampler, steps, levels, eta, ..own.clone() }
}

/// The sampling configuration of the reference: Heun's method without churn, with `steps` levels spaced evenly in log-SNR, the
/// spacing at which all solvers are most accurate. The levels of the compared samplers have no influence on it. Where no x̂_0 can be
/// computed at the noisiest level, the levels are `leading` instead.
///
/// # Errors
/// [`Error::Option`] for an invalid number of steps.
pub fn reference(model: &Model, steps: usize) -> Result<SamplingConfig, Error> {
    let own = model.sampling();
    let levels = format!("log_snr:{steps}").parse::<LevelRule>().map_err(|error| Error::Option {
        option: "the reference's steps",
        found: steps.to_string(),
        allowed: error.to_string(),
    })?;
    let mut reference = with_sampler(own, Sampler::Heun, steps, Some(levels));
    // Where no x_0 can be computed at the noisiest level, the path begins below it.
    if let Err(tweedie_models::Error::Sampling(SamplingError::Unreadable { .. })) =
        model.check_sampling(&reference)
    {
        let steps = steps.min(model.process().steps() / 2).max(1);
        let leading = Subsequence::Spaced { spacing: Spacing::Leading, n: steps };
        reference.levels = Some(LevelRule::Own(leading));
    }
    (reference.options.heun.churn, reference.options.ddim.noise) = (0.0, DdimNoiseKind::Eta);
    Ok(reference)
}

/// Generates samples from the same noise with each sampling configuration. All configurations are checked before the first is used.
/// `finished` is called once for each finished row.
///
/// # Errors
/// Sampling configurations that do not fit the model; errors of [`Generator::draw`].
pub fn compare(
    generator: &mut Generator<'_>,
    samplings: Vec<SamplingConfig>,
    n: usize,
    seed: u64,
    progress: &mut dyn Progress,
    finished: &mut dyn FnMut(&Row),
) -> Result<Vec<Row>, Error> {
    for sampling in &samplings {
        generator.resample(sampling.clone())?;
    }
    let request = Request { n, noise: Noise::Stream { seed }, ..Request::new(generator.model())? };
    let mut rows = Vec::new();
    for sampling in samplings {
        generator.resample(sampling.clone())?;
        let samples = generator.draw(&request, progress)?;
        if samples.interrupted {
            break;
        }
        let (steps, x) = (generator.path().n_steps(), samples.tensor()?);
        let row = Row { sampling, steps, calls: samples.calls, seconds: samples.seconds, x };
        finished(&row);
        rows.push(row);
    }
    Ok(rows)
}
