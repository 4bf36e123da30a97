//! The summary of the likelihoods of many images under the flow.

use super::{Figure, ImageFlow, SolverError};
use serde::Serialize;
use std::fmt;
use tweedie_math::bound::bits_per_dimension;
use tweedie_models::DataRange;
use tweedie_samplers::Divergence;

/// The negative log-likelihood of images under the flow, in bits per dimension.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FlowReport {
    /// The number of images.
    pub images: usize,
    /// For bytes, an upper bound of −log₂ of their probability, because the bytes were dequantized. For arrays, −log₂ of their density.
    /// Random probes make it an unbiased estimate of these.
    pub total: Figure,
    /// The error of the solver, measured by [`solver_error`](super::solver_error); `None` if it was not measured.
    pub solver_error: Option<SolverError>,
    /// The contribution of the probes to the standard error; `None` for an exact divergence or a single probe.
    pub probe_error: Option<f64>,
    /// Number of probes per image; `None` for an exact divergence.
    pub probes: Option<usize>,
    /// The bits added to convert a density into a probability: −log₂ of a bin's width; 0 for arrays.
    pub offset: f64,
    /// The bits per dimension of each image, in the order of the images.
    pub of_images: Vec<f64>,
}

/// Summarises the likelihoods of images. `range` is the data range for bytes, and `None` for arrays. `solver_error` is the measured error of
/// the solver, if it was measured.
///
/// # Panics
/// If there are no images.
pub fn flow_report(
    flows: &[ImageFlow],
    n_values: usize,
    divergence: Divergence,
    range: Option<DataRange>,
    solver_error: Option<SolverError>,
) -> FlowReport {
    let offset = range.map_or(0.0, |range| -((range.high - range.low) / 255.0).log2());
    let bits = |nats: f64| bits_per_dimension(nats, n_values);
    let n_probes = flows[0].log_likelihood.len();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let of_images: Vec<f64> = flows.iter().map(|flow| offset - bits(mean(&flow.log_likelihood))).collect();
    let variance_of_mean = |flow: &ImageFlow| {
        let values: Vec<f64> = flow.log_likelihood.iter().map(|nats| bits(*nats)).collect();
        Figure::of(&values).error.unwrap_or(0.0).powi(2)
    };
    let probe_error =
        (n_probes > 1).then(|| flows.iter().map(variance_of_mean).sum::<f64>().sqrt() / flows.len() as f64);
    FlowReport {
        images: flows.len(),
        total: Figure::of(&of_images),
        solver_error,
        probe_error,
        probes: matches!(divergence, Divergence::Probes(_)).then_some(n_probes),
        offset,
        of_images,
    }
}

impl fmt::Display for FlowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_bound = if self.offset == 0.0 { "" } else { ", an upper bound for bytes" };
        let is_estimate = if self.probes.is_some() { ", estimated with random probes" } else { "" };
        writeln!(
            f,
            "bits per dimension by the probability flow over {} images{is_bound}{is_estimate}",
            self.images
        )?;
        writeln!(f, "  flow         {}", self.total)?;
        match &self.solver_error {
            Some(error) => writeln!(
                f,
                "  the error of the solver is {:.1e} for one image and {:+.1e} for the mean: the difference to a tolerance of {:.0e}, on {} of the {} images",
                error.of_one, error.of_mean, error.tolerance, error.images, self.images
            )?,
            None => writeln!(f, "  the error of the solver was not measured")?,
        }
        match (self.probes, self.probe_error) {
            (None, _) => writeln!(f, "  the divergence is exact")?,
            (Some(_), None) => writeln!(
                f,
                "  the divergence is estimated with one random probe, whose error is part of the ± (--probes 4 shows it separately)"
            )?,
            (Some(probes), Some(error)) => {
                writeln!(
                    f,
                    "  the divergence is estimated with {probes} random probes, which contribute ± {error:.4}"
                )?;
            }
        }
        if self.offset != 0.0 {
            writeln!(
                f,
                "  bytes were dequantized uniformly within their bins, so this is an upper bound of −log₂ of their probability; it includes {:.4} for the bins' width",
                self.offset
            )?;
        }
        Ok(())
    }
}
