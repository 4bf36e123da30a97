//! Vector-Jacobian products of a denoiser.

use super::Conditioned;
use crate::Error;
use tch::{Kind, Tensor};
use tweedie_networks::Derivatives;
use tweedie_samplers::{Differentiable, Estimate, Levels};

impl Differentiable<Tensor> for Conditioned<'_> {
    /// Computes the products by reverse-mode differentiation through the network.
    fn denoise_vjp(
        &self,
        x: &Tensor,
        at: Levels<'_>,
        cotangents: &[(Tensor, Tensor)],
    ) -> Result<(Estimate<Tensor>, Vec<Tensor>), tweedie_samplers::Error> {
        let pass = self.model.pass().with_derivatives(Derivatives::First);
        let (estimate, products) = tweedie_torch::with_grad(|| {
            let x = x.detach().set_requires_grad(true);
            let estimate = self.estimate(&x, at, at, pass)?;
            let product = |(i, (of_x0, of_eps)): (usize, &(Tensor, Tensor))| {
                let sum = (&estimate.x0 * of_x0 + &estimate.eps * of_eps).sum(Kind::Float);
                let keeps_graph = i + 1 < cotangents.len();
                let mut gradients = Tensor::f_run_backward(&[sum], &[&x], keeps_graph, false)?;
                gradients.pop().ok_or(Error::NoGradient)
            };
            let products = cotangents.iter().enumerate().map(product).collect::<Result<Vec<_>, Error>>()?;
            Ok::<_, Error>((estimate, products))
        })?;
        // The callers, likelihoods and guidance, do not use the predicted variance.
        let estimate = Estimate { x0: estimate.x0.detach(), eps: estimate.eps.detach(), spread: None };
        Ok((estimate, products))
    }
}
