//! One term of the bound, summed over an image's values.

use super::BoundVariance;
use tweedie_math::bound::kl_to_log_variance;
use tweedie_math::decoder::{Grid, NormalCdf, continuous_log_likelihood, discretised_log_likelihood};
use tweedie_math::{FixedVariance, ReverseStep};

/// The decoder p(x_0 | x_1).
#[derive(Debug, Clone, PartialEq)]
pub enum Decoder {
    /// The probability of a value's bin.
    Discretised {
        /// The possible values.
        grid: Grid,
        /// The distribution function for the probability of a bin.
        cdf: NormalCdf,
    },
    /// The density at a value.
    Continuous,
}

/// A network's prediction for one image at one level, with the true values.
pub(super) struct Prediction<'a> {
    /// x_0.
    pub(super) truth: &'a [f32],
    /// x̂_0.
    pub(super) x0: &'a [f32],
    /// The predicted variance: v of a range, or ln σ².
    pub(super) spread: Option<&'a [f32]>,
    /// Whether `spread` is v of a range.
    pub(super) is_range: bool,
}

/// A step's term in nats, and the mean of (x_0 − x̂_0)².
pub(super) fn term(
    prediction: &Prediction,
    step: &ReverseStep,
    index: usize,
    variance: &BoundVariance,
    decoder: &Decoder,
) -> [f64; 2] {
    let log_posterior = step.posterior.variance.ln();
    let c1 = step.posterior.x0_coefficient;
    let pixel = |truth: f64, x0: f64, log_variance: f64| {
        if !step.ends_clean() {
            return kl_to_log_variance(c1 * (truth - x0), log_posterior, log_variance);
        }
        // At the first level μ̃ equals x̂_0.
        match decoder {
            Decoder::Discretised { grid, cdf } => {
                -discretised_log_likelihood(truth, x0, log_variance, *grid, *cdf)
            }
            Decoder::Continuous => -continuous_log_likelihood(truth, x0, log_variance),
        }
    };
    let fixed = |variance: FixedVariance| step.log_variance(variance);
    let same = match variance {
        BoundVariance::FixedSmall => Some(fixed(FixedVariance::FixedSmall)),
        BoundVariance::FixedLarge => Some(fixed(FixedVariance::FixedLarge)),
        BoundVariance::Optimal(x0_variances) => Some(step.optimal_variance(x0_variances[index]).ln()),
        BoundVariance::Learned => None,
    };
    let log_variance = |i: usize| match (same, prediction.spread) {
        (Some(same), _) => same,
        (None, Some(spread)) if prediction.is_range => step.range_log_variance(f64::from(spread[i])),
        (None, Some(spread)) => f64::from(spread[i]),
        // `image_bounds` returns an error before this if the variance is to be learned and the model predicts none.
        (None, None) => f64::NAN,
    };
    let (mut nats, mut squares) = (0.0, 0.0);
    for (i, (&truth, &x0)) in prediction.truth.iter().zip(prediction.x0).enumerate() {
        let (truth, x0) = (f64::from(truth), f64::from(x0));
        nats += pixel(truth, x0, log_variance(i));
        squares += (truth - x0) * (truth - x0);
    }
    [nats, squares / prediction.truth.len() as f64]
}
