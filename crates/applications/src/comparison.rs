//! Samplers beside each other, from the same noise.

use crate::Error;
use crate::generation::{Generator, Noise, Request};
use crate::latent::mean_and_error;
use tch::{Kind, Tensor};
use tweedie_math::{Spacing, Subsequence};
use tweedie_models::Model;
use tweedie_models::sampling::{LevelRule, Sampler, SamplingConfig, SamplingError};
use tweedie_report::Progress;
use tweedie_samplers::DdimNoiseKind;

/// The samples of one sampler by some number of steps, and what they cost.
#[derive(Debug)]
pub struct Row {
    /// How they were drawn.
    pub sampling: SamplingConfig,
    /// Steps of the path.
    pub steps: usize,
    /// Evaluations of the denoiser for one batch.
    pub calls: usize,
    /// Seconds.
    pub seconds: f64,
    /// (N, …), in the model's units.
    pub x: Tensor,
}

impl Row {
    /// The mean over samples of the root mean square of the difference to another row, in units of `half`, with its standard error.
    ///
    /// # Errors
    /// What LibTorch reports.
    pub fn distance(&self, reference: &Self, half: f64) -> Result<(f64, f64), Error> {
        let difference = ((&self.x - &reference.x) / half).square().flatten(1, -1);
        let each = difference.mean_dim(1, false, Kind::Double).sqrt();
        Ok(mean_and_error(&Vec::<f64>::try_from(each)?))
    }
}

/// A sampler with so many steps on some levels; it follows the flow, unless its name stands for noise.
pub fn with_sampler(
    own: &SamplingConfig,
    sampler: Sampler,
    steps: usize,
    levels: Option<LevelRule>,
) -> SamplingConfig {
    let eta = if sampler == Sampler::EulerAncestral { 1.0 } else { 0.0 };
    SamplingConfig { sampler, steps, levels, eta, ..own.clone() }
}

/// The reference: Heun's method without churn by many steps, evenly in log-SNR, where every solver is at its best.
///
/// # Errors
/// [`Error::Option`] for a number of steps that no rule takes.
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

/// Draws from the same noise by each sampling. All of them are checked before anything is drawn; `finished` is called after each.
///
/// # Errors
/// A sampling that does not fit the model; what drawing reports.
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
