//! Mixtures of Gaussians.

use super::{GaussianData, Oracle};
use crate::random::Stream;
use crate::{Error, NoiseLevel};
use ndarray::{Array1, Array2, Axis};

/// A mixture of Gaussians with given weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Mixture {
    log_weights: Vec<f64>,
    components: Vec<GaussianData>,
}

impl Mixture {
    /// Creates a mixture from weights and components. The weights are divided by their sum.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no component, components of different dimensions, or a weight that is not positive and finite.
    pub fn new(components: Vec<(f64, GaussianData)>) -> Result<Self, Error> {
        let wrong = |name, found, allowed| Err(Error::Parameter { name, found, allowed });
        let Some((_, first)) = components.first() else {
            return wrong("the number of components", 0.0, "at least 1");
        };
        let dimensions = first.dimensions();
        if let Some((_, other)) = components.iter().find(|(_, it)| it.dimensions() != dimensions) {
            let allowed = "that of the first component";
            return wrong("a component's number of dimensions", other.dimensions() as f64, allowed);
        }
        if let Some(&(weight, _)) =
            components.iter().find(|(weight, _)| !(weight.is_finite() && *weight > 0.0))
        {
            return wrong("a component's weight", weight, "positive");
        }
        let sum: f64 = components.iter().map(|(weight, _)| weight).sum();
        let (weights, components): (Vec<f64>, Vec<_>) = components.into_iter().unzip();
        Ok(Self { log_weights: weights.iter().map(|weight| libm::log(weight / sum)).collect(), components })
    }

    /// The components.
    pub fn components(&self) -> &[GaussianData] {
        &self.components
    }

    /// The probability that x_t came from each component.
    pub fn responsibilities(&self, x: &[f64], level: NoiseLevel) -> Vec<f64> {
        let joint = self.log_joint(x, level);
        let total = log_sum_exp(&joint);
        joint.into_iter().map(|log| libm::exp(log - total)).collect()
    }

    /// ln(weight·density) of each component.
    fn log_joint(&self, x: &[f64], level: NoiseLevel) -> Vec<f64> {
        self.log_weights
            .iter()
            .zip(&self.components)
            .map(|(log, it)| log + it.log_density(x, level))
            .collect()
    }

    /// Σ responsibility·f(component).
    fn average(&self, x: &[f64], level: NoiseLevel, f: impl Fn(&GaussianData) -> Vec<f64>) -> Vec<f64> {
        let mut sum = Array1::zeros(self.dimensions());
        for (share, component) in self.responsibilities(x, level).into_iter().zip(&self.components) {
            sum = sum + share * Array1::from(f(component));
        }
        sum.to_vec()
    }

    /// A component drawn with the given probabilities.
    fn draw(&self, probabilities: &[f64], numbers: &mut Stream) -> &GaussianData {
        let mut left = numbers.uniform();
        for (probability, component) in probabilities.iter().zip(&self.components) {
            left -= probability;
            if left < 0.0 {
                return component;
            }
        }
        // By rounding the sum may be slightly below the uniform number, which then belongs to the last component.
        &self.components[self.components.len() - 1]
    }
}

impl Oracle for Mixture {
    fn dimensions(&self) -> usize {
        self.components[0].dimensions()
    }

    fn log_density(&self, x: &[f64], level: NoiseLevel) -> f64 {
        log_sum_exp(&self.log_joint(x, level))
    }

    fn score(&self, x: &[f64], level: NoiseLevel) -> Vec<f64> {
        self.average(x, level, |component| component.score(x, level))
    }

    fn x0(&self, x: &[f64], level: NoiseLevel) -> Vec<f64> {
        self.average(x, level, |component| component.x0(x, level))
    }

    /// The mean of the components' covariances plus the covariance of their means.
    fn x0_covariance(&self, x: &[f64], level: NoiseLevel) -> Array2<f64> {
        let middle = Array1::from(self.x0(x, level));
        let n = self.dimensions();
        let mut sum = Array2::zeros((n, n));
        for (share, component) in self.responsibilities(x, level).into_iter().zip(&self.components) {
            let offset = (Array1::from(component.x0(x, level)) - &middle).insert_axis(Axis(1));
            sum = sum + share * (component.x0_covariance(x, level) + offset.dot(&offset.t()));
        }
        sum
    }

    fn sample(&self, numbers: &mut Stream) -> Vec<f64> {
        let weights: Vec<f64> = self.log_weights.iter().map(|log| libm::exp(*log)).collect();
        self.draw(&weights, numbers).sample(numbers)
    }

    fn sample_x0(&self, x: &[f64], level: NoiseLevel, numbers: &mut Stream) -> Vec<f64> {
        self.draw(&self.responsibilities(x, level), numbers).sample_x0(x, level, numbers)
    }
}

/// ln Σ exp, without overflow.
fn log_sum_exp(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    most + libm::log(logs.iter().map(|log| libm::exp(log - most)).sum::<f64>())
}
