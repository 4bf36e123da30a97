//! AdamW (Loshchilov & Hutter 2019, Algorithm 2) on flat tensors.

use crate::{Error, FlatParameters, OptimizerConfig};
use tch::{Device, Tensor};
use tweedie_torch::{AdamWNumbers, adamw};

/// The optimiser's state: first and second moments, and the number of steps.
#[derive(Debug)]
pub struct AdamW {
    /// m, the gradient's running mean.
    pub first_moment: Tensor,
    /// v, the running mean of its square.
    pub second_moment: Tensor,
    /// t, the number of updates so far.
    pub steps: u64,
}

impl AdamW {
    /// Creates the state for parameters: zero moments, zero steps.
    ///
    /// # Errors
    /// An error of LibTorch if memory runs out.
    pub fn new(parameters: &FlatParameters) -> Result<Self, Error> {
        Ok(Self {
            first_moment: parameters.values.f_zeros_like()?,
            second_moment: parameters.values.f_zeros_like()?,
            steps: 0,
        })
    }

    /// Makes one update: in one pass over memory on a CPU, and with a few operations and no transfer to the host on other devices.
    ///
    /// The gradients are first multiplied by `gradient_scale`, the factor of gradient clipping.
    ///
    /// # Errors
    /// Errors returned by LibTorch.
    pub fn step(
        &mut self,
        parameters: &mut FlatParameters,
        config: &OptimizerConfig,
        learning_rate: f64,
        gradient_scale: &Tensor,
    ) -> Result<(), Error> {
        let _no_gradient = tch::no_grad_guard();
        self.steps += 1;
        let (beta1, beta2) = (config.beta1, config.beta2);
        let correction = |beta: f64| 1.0 - beta.powi(i32::try_from(self.steps).unwrap_or(i32::MAX));
        let (correction1, correction2) = (correction(beta1), correction(beta2));

        if parameters.values.device() == Device::Cpu {
            let numbers = AdamWNumbers {
                gradient_scale: f64::try_from(gradient_scale)? as f32,
                first_share: (1.0 - beta1) as f32,
                second_share: (1.0 - beta2) as f32,
                root_factor: (1.0 / correction2.sqrt()) as f32,
                eps: config.eps as f32,
                decay: (1.0 - learning_rate * config.weight_decay) as f32,
                rate: (learning_rate / correction1) as f32,
            };
            let FlatParameters { values, gradients } = parameters;
            return Ok(adamw(values, gradients, &mut self.first_moment, &mut self.second_moment, &numbers)?);
        }
        let _ = parameters.gradients.f_mul_(gradient_scale)?;
        let g = &parameters.gradients;
        let _ = self.first_moment.f_lerp_(g, 1.0 - beta1)?;
        // tch's addcmul has no factor argument, so the squared gradient is blended in with lerp.
        let _ = self.second_moment.f_lerp_(&g.f_square()?, 1.0 - beta2)?;
        let denominator =
            self.second_moment.f_sqrt()?.f_div_scalar_(correction2.sqrt())?.f_add_scalar_(config.eps)?;
        if config.weight_decay > 0.0 {
            let _ = parameters.values.f_mul_scalar_(1.0 - learning_rate * config.weight_decay)?;
        }
        let step = self.first_moment.f_div(&denominator)?.f_mul_scalar_(learning_rate / correction1)?;
        let _ = parameters.values.f_sub_(&step)?;
        Ok(())
    }
}
