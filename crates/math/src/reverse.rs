//! The reverse step p(x_s | x_t) and the choices for its variance.

use crate::{DiscreteProcess, Error, NoiseLevel, Posterior, Transition};
use serde::{Deserialize, Serialize};

/// A reverse variance that is not learned (Ho et al. 2020, sec. 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixedVariance {
    /// β̃_t, the posterior's variance, which is optimal if the data is a single point.
    FixedSmall,
    /// β_t, the forward step's variance, which is optimal if the data is N(0, I).
    FixedLarge,
}

/// The variance of the step from level 1 to clean data, where β̃_1 = 0 has no logarithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstVariance {
    /// β̃_2, for both fixed variances and as the lower end of a learned range. Bits/dim are then comparable with those of Ho et
    /// al.'s second code and of OpenAI's code.
    #[default]
    SecondPosterior,
    /// β_1, for both fixed variances and as the lower end of a learned range. Fixed-large is then the forward variance at every
    /// level, and its bound becomes tight as T grows.
    OwnForward,
}

/// A learned range of variances: ln σ² = slope·v + offset for a network's output v (Nichol & Dhariwal 2021, eq. 15).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnedRange {
    /// Half the width of the range, in nats of σ².
    pub slope: f64,
    /// ln σ² at v = 0, the middle of the range.
    pub offset: f64,
}

impl LearnedRange {
    /// The range from `log_small` at v = −1 to `log_large` at v = 1; both are values of ln σ².
    pub fn between(log_small: f64, log_large: f64) -> Self {
        Self { slope: 0.5 * (log_large - log_small), offset: 0.5 * (log_large + log_small) }
    }

    /// ln σ² for an output v. The map is linear for every v, also beyond ±1.
    pub fn log_variance(self, v: f64) -> f64 {
        self.slope * v + self.offset
    }
}

/// One step of the reverse process, from a visited level to the next cleaner one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReverseStep {
    /// q(x_t | x_s), the corresponding forward step, with variance β_t.
    pub transition: Transition,
    /// q(x_s | x_t, x_0), the distribution that the step approximates.
    pub posterior: Posterior,
    /// ln β̃_t, the lower end of a learned range. At the first level [`FirstVariance`] determines it.
    pub log_small: f64,
    /// ln β_t, the upper end of a learned range.
    pub log_large: f64,
    /// ln of the fixed-large variance: `log_large`, except at the first level, where [`FirstVariance`] determines it.
    log_fixed_large: f64,
}

impl ReverseStep {
    /// The step from a trained level t = 1..=T to the level t − 1.
    ///
    /// # Errors
    /// Errors returned by [`reverse_steps`]; [`Error::Time`] for a t outside 1..=T.
    pub fn trained(process: &dyn DiscreteProcess, t: usize, first: FirstVariance) -> Result<Self, Error> {
        let last = process.steps();
        if !(1..=last).contains(&t) {
            return Err(Error::Time { time: t as f64, last: last as f64 });
        }
        let around: Vec<NoiseLevel> = match t {
            1 => (1..=last.min(2)).map(|t| process.level(t)).collect(),
            _ => vec![process.level(t - 1), process.level(t)],
        };
        Ok(reverse_steps(&around, first)?[usize::from(t > 1)])
    }

    /// ln σ² of a fixed variance.
    pub fn log_variance(&self, variance: FixedVariance) -> f64 {
        match variance {
            FixedVariance::FixedSmall => self.log_small,
            FixedVariance::FixedLarge => self.log_fixed_large,
        }
    }

    /// The learned range from ln β̃ at v = −1 to ln β at v = 1 (Nichol & Dhariwal 2021, eq. 15).
    pub fn range(&self) -> LearnedRange {
        LearnedRange::between(self.log_small, self.log_large)
    }

    /// ln σ² for an output v in the learned range of this step (Nichol & Dhariwal 2021, eq. 15). v may lie outside [−1, 1].
    pub fn range_log_variance(&self, v: f64) -> f64 {
        self.range().log_variance(v)
    }

    /// The variance of q(x_s | x_t), β̃ + c₁²·Var(x_0 | x_t). It is optimal for a Gaussian reverse step with the exact mean (Bao et
    /// al. 2022, theorem 1). `x0_variance` is Var(x_0 | x_t) of one pixel, or its mean over the pixels.
    pub fn optimal_variance(&self, x0_variance: f64) -> f64 {
        let c1 = self.posterior.x0_coefficient;
        self.posterior.variance + c1 * c1 * x0_variance
    }

    /// Whether the step ends at clean data. Its term in the bound is then the decoder's.
    pub fn ends_clean(&self) -> bool {
        self.transition.from().is_clean()
    }
}

/// The steps from each of the given levels to the previous one, and from the first level to clean data. The levels are ordered
/// from clean to noisy.
///
/// # Errors
/// [`Error::NotNoisier`] for levels in another order or given twice; [`Error::Parameter`] for no levels, or for a single level
/// with [`FirstVariance::SecondPosterior`].
pub fn reverse_steps(levels: &[NoiseLevel], first: FirstVariance) -> Result<Vec<ReverseStep>, Error> {
    let mut before = NoiseLevel::CLEAN;
    let mut kernels = Vec::with_capacity(levels.len());
    for &level in levels {
        let kernel = Transition::between(before, level)?;
        // A step between equal levels adds no noise, and its variance 0 has no logarithm.
        if kernel.variance == 0.0 {
            return Err(Error::NotNoisier { from: before.log_snr(), to: level.log_snr() });
        }
        kernels.push(kernel);
        before = level;
    }
    let log_first = match (first, kernels.as_slice()) {
        (_, []) => {
            let allowed = "at least 1";
            return Err(Error::Parameter { name: "the number of levels", found: 0.0, allowed });
        }
        (FirstVariance::OwnForward, [own, ..]) => libm::log(own.variance),
        (FirstVariance::SecondPosterior, [_, second, ..]) => libm::log(second.posterior().variance),
        (FirstVariance::SecondPosterior, [_]) => {
            let allowed = "at least 2, since the second posterior variance replaces the first";
            return Err(Error::Parameter { name: "the number of levels", found: 1.0, allowed });
        }
    };
    let step = |(i, transition): (usize, Transition)| {
        let posterior = transition.posterior();
        let log_large = libm::log(transition.variance);
        let (log_small, log_fixed_large) =
            if i == 0 { (log_first, log_first) } else { (libm::log(posterior.variance), log_large) };
        ReverseStep { transition, posterior, log_small, log_large, log_fixed_large }
    };
    Ok(kernels.into_iter().enumerate().map(step).collect())
}
