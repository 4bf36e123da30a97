//! All trained parameters in one tensor, and all their gradients in another.
//!
//! The network's tensors become views of these tensors. An optimiser step, a moving average or a gradient norm is then a few operations
//! on one long tensor instead of a few per parameter.

use crate::Error;
use tch::{Kind, Tensor};
use tweedie_models::Backbone;
use tweedie_torch::{set_grad, share_version};

/// All trained parameters and all gradients, each as one flat tensor.
#[derive(Debug)]
pub struct FlatParameters {
    /// Every trained value, f32.
    pub values: Tensor,
    /// Every gradient, f32; backward passes add to it.
    pub gradients: Tensor,
}

/// Each parameter begins at a multiple of this number of values: 64 bytes, a cache line.
const ALIGNMENT: usize = 16;

impl FlatParameters {
    /// Moves a model's trained parameters into flat tensors. The values do not change.
    ///
    /// # Errors
    /// An error of LibTorch if memory runs out.
    pub fn new(backbone: &Backbone) -> Result<Self, Error> {
        let trained = || backbone.parameters().filter(|parameter| parameter.trained);
        let total: usize =
            trained().map(|parameter| parameter.tensor.numel().next_multiple_of(ALIGNMENT)).sum();
        let values = Tensor::f_zeros([total as i64], (Kind::Float, backbone.device()))?;
        let gradients = values.f_zeros_like()?;
        let flat = Self { values, gradients };
        flat.hold(backbone, |value, own| Ok(value.f_copy_(&own.detach())?))?;
        Ok(flat)
    }

    /// Gives a replica of the model the same values, and gradients of its own.
    ///
    /// # Errors
    /// An error of LibTorch if memory runs out.
    pub fn replica(&self, backbone: &Backbone) -> Result<Self, Error> {
        let flat = Self { values: self.values.shallow_clone(), gradients: self.gradients.f_zeros_like()? };
        flat.hold(backbone, |_, _| Ok(()))?;
        Ok(flat)
    }

    /// Makes parts of the flat tensors the values and gradients of the parameters. `prepare` is called with the part and the parameter before.
    fn hold(
        &self,
        backbone: &Backbone,
        prepare: impl Fn(&mut Tensor, &Tensor) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut start = 0;
        for parameter in backbone.parameters().filter(|parameter| parameter.trained) {
            let mut tensor = parameter.tensor.shallow_clone();
            let n = tensor.numel();
            let place = |flat: &Tensor| flat.f_narrow(0, start, n as i64)?.f_view(tensor.size().as_slice());
            let (mut value, gradient) = (place(&self.values)?, place(&self.gradients)?);
            prepare(&mut value, &tensor)?;
            tensor.f_set_data(&value)?;
            // Weights packed for inference are recognised as outdated by the changes in place of the flat tensor.
            share_version(&tensor, &self.values)?;
            set_grad(&mut tensor, &gradient)?;
            start += n.next_multiple_of(ALIGNMENT) as i64;
        }
        Ok(())
    }

    /// The Euclidean norm of all gradients, a scalar tensor.
    pub fn gradient_norm(&self) -> Tensor {
        self.gradients.norm()
    }

    /// Sets all gradients to zero, keeping their memory.
    pub fn zero_gradients(&mut self) {
        let _ = self.gradients.zero_();
    }
}
