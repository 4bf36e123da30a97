//! Products with a model's Jacobian.

use super::Conditioned;
use tch::{Kind, Tensor};
use tweedie_math::NoiseLevel;
use tweedie_samplers::{Denoiser, Differentiable, Error, Estimate};

impl Differentiable<Tensor> for Conditioned<'_> {
    /// By reverse-mode differentiation through the network.
    fn denoise_vjp(
        &self,
        x: &Tensor,
        at: &[NoiseLevel],
        cotangents: &[(Tensor, Tensor)],
    ) -> Result<(Estimate<Tensor>, Vec<Tensor>), Error> {
        let failed = |error: tch::TchError| Error::Tensor(error.into());
        let (estimate, products) = tch::with_grad(|| {
            let x = x.detach().set_requires_grad(true);
            let estimate = self.denoise(&x, at)?;
            let product = |(i, (of_x0, of_eps)): (usize, &(Tensor, Tensor))| {
                let sum = (&estimate.x0 * of_x0 + &estimate.eps * of_eps).sum(Kind::Float);
                let keeps_graph = i + 1 < cotangents.len();
                let mut gradients =
                    Tensor::f_run_backward(&[sum], &[&x], keeps_graph, false).map_err(failed)?;
                gradients.pop().ok_or_else(|| Error::other("the network's output does not depend on x"))
            };
            let products = cotangents.iter().enumerate().map(product).collect::<Result<Vec<_>, Error>>()?;
            Ok::<_, Error>((estimate, products))
        })?;
        let estimate = Estimate {
            x0: estimate.x0.detach(),
            eps: estimate.eps.detach(),
            // A likelihood asks for no variance.
            spread: None,
        };
        Ok((estimate, products))
    }
}
