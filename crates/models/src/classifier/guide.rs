//! A classifier that knows which class is wanted: the gradient that classifier guidance adds to the score.

use super::Classifier;
use crate::Error;
use crate::parts::Part;
use tch::{Kind, TchError, Tensor};
use tweedie_math::NoiseLevel;
use tweedie_samplers::{Guide, State};

/// A classifier with the wanted classes bound.
#[derive(Debug)]
pub struct ClassGuide<'a> {
    classifier: &'a Classifier,
    classes: Vec<i64>,
    /// The number of the batch's first picture.
    first: usize,
}

impl Classifier {
    /// The guide towards classes: one per sample of the batch, or one for all of it.
    ///
    /// # Errors
    /// [`Error::Wish`] for no class, or one that the classifier does not know.
    pub fn of(&self, classes: Vec<i64>) -> Result<ClassGuide<'_>, Error> {
        let n_classes = self.network().config().n_classes;
        if classes.is_empty() {
            return Err(Error::Wish(
                "no class was asked for; a guide needs one for the batch or one per sample".into(),
            ));
        }
        if let Some(class) = classes.iter().find(|class| !(0..n_classes).contains(*class)) {
            return Err(Error::Wish(format!(
                "class {class} was asked for; this classifier knows 0 … {} ({})",
                n_classes - 1,
                self.description().class_names.join(", ")
            )));
        }
        Ok(ClassGuide { classifier: self, classes, first: 0 })
    }
}

impl ClassGuide<'_> {
    /// The same for a batch whose first picture has a number, as
    /// [`Conditioned::from_picture`](crate::Conditioned::from_picture).
    #[must_use]
    pub fn from_picture(self, first: usize) -> Self {
        Self { first, ..self }
    }

    /// ln p(y | x_t) of the wanted classes, (N) in f32.
    ///
    /// # Errors
    /// As [`Classifier::log_probabilities`]; classes that do not fit the batch.
    pub fn log_density(&self, x: &Tensor, at: &[NoiseLevel]) -> Result<Tensor, Error> {
        log_density(self.classifier, &self.classes, x, at)
    }
}

fn log_density(
    classifier: &Classifier,
    classes: &[i64],
    x: &Tensor,
    at: &[NoiseLevel],
) -> Result<Tensor, Error> {
    let n = x.n_samples();
    if classes.len() != 1 && classes.len() != n {
        let (found, expected) = (classes.len().to_string(), format!("1 or {n}"));
        let what = "classes of a batch";
        return Err(tweedie_samplers::Error::Mismatch { what, found, expected }.into());
    }
    let all = classifier.log_probabilities(x, at)?;
    let wanted = Tensor::f_from_slice(classes)?.f_to_device(all.device())?.f_unsqueeze(1)?;
    Ok(all.f_gather(1, &wanted.f_expand([n as i64, 1], false)?, false)?.f_squeeze_dim(1)?)
}

/// ∇ ln p(y | x_t) by reverse-mode differentiation through the network and the rescaling of x.
fn gradient(
    classifier: &Classifier,
    classes: &[i64],
    x: &Tensor,
    at: &[NoiseLevel],
) -> Result<Tensor, tweedie_samplers::Error> {
    tch::with_grad(|| {
        let x = x.detach().set_requires_grad(true);
        // Samples do not see each other: the sum's gradient is each one's own.
        let sum = log_density(classifier, classes, &x, at).and_then(|each| Ok(each.f_sum(Kind::Float)?));
        let sum = sum.map_err(sampling_error)?;
        let gradient = Tensor::f_run_backward(&[sum], &[&x], false, false).map_err(failed)?.pop();
        gradient.ok_or_else(|| tweedie_samplers::Error::other("the classifier's answer does not depend on x"))
    })
}

impl Guide<Tensor> for ClassGuide<'_> {
    /// At the caller's x and level; in x's kind of number.
    fn log_density_gradient(&self, x: &Tensor, at: &[NoiseLevel]) -> Result<Tensor, tweedie_samplers::Error> {
        let n = x.n_samples();
        let fits = |len: usize| len == 1 || len == n;
        let size = self.classifier.micro_batch.filter(|_| fits(at.len()) && fits(self.classes.len()));
        let Some(size) = size else { return gradient(self.classifier, &self.classes, x, at) };
        let parts = Part::of(n, self.first, size).into_iter().map(|part| {
            let of = |i: i64, len: usize| if len == 1 { 0 } else { i as usize };
            let classes: Vec<i64> =
                part.taken.iter().map(|&i| self.classes[of(i, self.classes.len())]).collect();
            let levels: Vec<NoiseLevel> = part.taken.iter().map(|&i| at[of(i, at.len())]).collect();
            let rows = part.rows(x.device()).map_err(failed)?;
            let x = x.f_index_select(0, &rows).map_err(failed)?;
            part.counted(&gradient(self.classifier, &classes, &x, &levels)?).map_err(failed)
        });
        Tensor::f_cat(&parts.collect::<Result<Vec<_>, tweedie_samplers::Error>>()?, 0).map_err(failed)
    }
}

fn failed(error: TchError) -> tweedie_samplers::Error {
    tweedie_samplers::Error::Tensor(error.into())
}

/// What samplers report as theirs stays so.
fn sampling_error(error: Error) -> tweedie_samplers::Error {
    match error {
        Error::Sampler(error) => error,
        other => tweedie_samplers::Error::other(other),
    }
}
