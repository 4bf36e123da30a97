//! Classifier guidance as the command line says it.

use crate::arguments::GuidanceFlags;
use crate::commands::class::Class;
use anyhow::bail;
use std::path::Path;
use tch::Tensor;
use tweedie_models::{Classifier, Model};
use tweedie_samplers::{ClassifierGuided, Denoiser};

/// Towards a class that a classifier sees.
pub(super) struct Towards {
    classifier: Box<Classifier>,
    pub(super) class: Class,
    scale: f64,
}

impl Towards {
    /// Opens the classifier, which has to know the same pictures.
    pub(super) fn of(
        path: &Path,
        flags: &GuidanceFlags,
        model: &Model,
        asked: Option<&str>,
        micro_batch: Option<usize>,
    ) -> anyhow::Result<Self> {
        if !flags.classifier_scale.is_finite() {
            bail!("--classifier-scale is {}; it must be a finite number", flags.classifier_scale);
        }
        let mut classifier = Classifier::load(path, model.device())?;
        let about = classifier.description();
        let (own, other) = (model.network().config(), &classifier.network().config().encoder);
        let sides = |size: Option<tweedie_networks::unet::SampleSize>| size.map(|size| size.sides());
        if own.in_channels != other.in_channels
            || model.description().range != about.range
            || sides(own.sample_size) != sides(other.sample_size)
        {
            bail!(
                "--classifier {}: it knows pictures of {} channels, {:?}, in {}, and the model those of {}, {:?}, in {}",
                path.display(),
                other.in_channels,
                sides(other.sample_size).unwrap_or_default(),
                about.range,
                own.in_channels,
                sides(own.sample_size).unwrap_or_default(),
                model.description().range
            );
        }
        if model.description().standardization != about.standardization {
            bail!("--classifier {}: its arrays are standardised otherwise than the model's", path.display());
        }
        let asked = flags.classifier_class.as_deref().or(asked);
        let n_classes = classifier.network().config().n_classes;
        let class = Class::among(&about.class_names, n_classes, asked, "--class or --classifier-class")?;
        classifier.set_pass(model.pass());
        classifier.set_micro_batch(micro_batch);
        Ok(Self { classifier: Box::new(classifier), class, scale: flags.classifier_scale })
    }

    /// A denoiser led, for `n` pictures from the `first`-th on.
    pub(super) fn lead<'a>(
        &'a self,
        inner: Box<dyn Denoiser<Tensor> + 'a>,
        first: usize,
        n: usize,
    ) -> anyhow::Result<Box<dyn Denoiser<Tensor> + 'a>> {
        let classes: Vec<i64> = (first..first + n).filter_map(|i| self.class.row(i)).collect();
        let guide = self.classifier.of(classes)?.from_picture(first);
        Ok(Box::new(ClassifierGuided { inner, guide, scale: self.scale }))
    }
}
