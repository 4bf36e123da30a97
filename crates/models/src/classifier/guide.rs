//! The gradient of a classifier for given classes, which classifier guidance adds to the score.

use super::Classifier;
use crate::Error;
use tch::{Kind, Tensor};
use tweedie_networks::{Derivatives, Pass};
use tweedie_samplers::{Guide, Levels, State};

/// A classifier with the classes to guide towards.
#[derive(Debug)]
pub struct ClassGuide<'a> {
    classifier: &'a Classifier,
    classes: Vec<i64>,
    /// The number of the first example of the batch.
    first: usize,
}

impl Classifier {
    /// The guide towards classes, one per example or one for the whole batch.
    ///
    /// # Errors
    /// [`Error::NoClass`] for an empty list; [`Error::Class`] for a class that does not exist.
    pub fn of(&self, classes: Vec<i64>) -> Result<ClassGuide<'_>, Error> {
        let n_classes = self.n_classes();
        if classes.is_empty() {
            return Err(Error::NoClass);
        }
        if let Some(&class) = classes.iter().find(|class| !(0..n_classes).contains(*class)) {
            return Err(Error::Class { class, n_classes, names: self.about().class_names.clone() });
        }
        Ok(ClassGuide { classifier: self, classes, first: 0 })
    }
}

impl ClassGuide<'_> {
    /// Sets the number of the first example of the batch, as
    /// [`Conditioned::from_example`](crate::Conditioned::from_example) does.
    #[must_use]
    pub fn from_example(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// ln p(y | x_t) of the chosen classes, (N) in f32.
    ///
    /// # Errors
    /// Errors of [`Classifier::log_probabilities`]; an error for a number of classes that does not fit the batch.
    pub fn log_density(&self, x: &Tensor, at: Levels<'_>) -> Result<Tensor, Error> {
        self.log_density_in(self.classifier.pass(), x, at)
    }

    fn log_density_in(&self, pass: Pass, x: &Tensor, at: Levels<'_>) -> Result<Tensor, Error> {
        let n = x.n_samples();
        if self.classes.len() != 1 && self.classes.len() != n {
            let (found, expected) = (self.classes.len().to_string(), format!("1 or {n}"));
            let what = "classes of a batch";
            return Err(tweedie_samplers::Error::Mismatch { what, found, expected }.into());
        }
        let all = self.classifier.log_probabilities_in(pass, x, at, self.first)?;
        let wanted = Tensor::f_from_slice(&self.classes)?.f_to_device(all.device())?.f_unsqueeze(1)?;
        Ok(all.f_gather(1, &wanted.f_expand([n as i64, 1], false)?, false)?.f_squeeze_dim(1)?)
    }

    /// ∇ ln p(y | x_t) by reverse-mode differentiation through the network and the rescaling of x.
    fn gradient(&self, x: &Tensor, at: Levels<'_>) -> Result<Tensor, Error> {
        let pass = self.classifier.pass().with_derivatives(Derivatives::First);
        tweedie_torch::with_grad(|| {
            let x = x.detach().set_requires_grad(true);
            // The examples are independent, so the gradient of the sum consists of the gradients of the examples.
            let sum = self.log_density_in(pass, &x, at)?.f_sum(Kind::Float)?;
            Tensor::f_run_backward(&[sum], &[&x], false, false)?.pop().ok_or(Error::NoGradient)
        })
    }
}

impl Guide<Tensor> for ClassGuide<'_> {
    /// The gradient with respect to the given x, in the data type of x.
    fn log_density_gradient(&self, x: &Tensor, at: Levels<'_>) -> Result<Tensor, tweedie_samplers::Error> {
        Ok(self.gradient(x, at)?)
    }
}
