//! Guidance by extrapolation from a worse denoiser, by a classifier, or by both.

use super::Class;
use crate::Error;
use std::path::PathBuf;
use tch::Tensor;
use tweedie_math::Short;
use tweedie_math::number::{FINITE, is_finite};
use tweedie_models::{Classifier, Condition, Model};
use tweedie_samplers::{ClassifierGuided, Denoiser, Estimate, Extrapolated, Extrapolation, Levels};

/// Guidance options; the default is no guidance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GuidanceOptions {
    /// The guidance scale w of worse + w·(better − worse), `diffusers`' `guidance_scale`; 1 is no guidance.
    pub weight: Option<f64>,
    /// The folder of a worse model for autoguidance. `None` uses the model's own prediction without a class as the worse one.
    pub weak: Option<PathBuf>,
    /// The weight, from 0 to 1, with which x̂_0 is rescaled to the standard deviation of the unguided prediction.
    pub rescale: Option<f64>,
    /// The interval of σ = noise/signal in which guidance is applied.
    pub interval: Option<[f64; 2]>,
    /// A classifier of noisy images that guides towards a class.
    pub classifier: Option<ClassifierOptions>,
}

/// Options of classifier guidance.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassifierOptions {
    /// The folder of the classifier.
    pub folder: PathBuf,
    /// The scale of the classifier's gradient: 1 is Bayes' rule, larger values sharpen.
    pub scale: f64,
    /// The classifier's class if it differs from the model's, by name or number, or `all`.
    pub class: Option<String>,
}

/// Guidance whose models are loaded and checked against the guided model.
#[derive(Debug)]
pub(super) struct Guidance {
    away: Option<Away>,
    towards: Option<Towards>,
}

/// Extrapolation from the prediction of a worse denoiser.
#[derive(Debug)]
struct Away {
    from: Worse,
    how: Extrapolation,
}

/// The worse denoiser.
#[derive(Debug)]
enum Worse {
    /// The same model with the class row for no class.
    Unconditional(i64),
    /// Another model.
    Weak(Box<Model>),
}

/// Guidance towards a class of a classifier.
#[derive(Debug)]
struct Towards {
    classifier: Box<Classifier>,
    class: Class,
    scale: f64,
}

impl Guidance {
    /// Checks the options against the model and loads the guiding models. `requested` is the class as given by the caller.
    pub(super) fn open(
        options: &GuidanceOptions,
        model: &Model,
        (class, requested): (Class, Option<&str>),
    ) -> Result<Self, Error> {
        let away = options.weight.map(|weight| Away::open(options, weight, model, class)).transpose()?;
        let towards = options.classifier.as_ref();
        let towards = towards.map(|options| Towards::open(options, model, requested)).transpose()?;
        Ok(Self { away, towards })
    }

    pub(super) fn is_any(&self) -> bool {
        self.away.is_some() || self.towards.is_some()
    }

    /// The class that the classifier guides towards, if there is one.
    pub(super) fn class(&self) -> Option<Class> {
        self.towards.as_ref().map(|towards| towards.class)
    }

    /// The guided denoiser of `n` samples, starting with the sample of index `first`.
    pub(super) fn denoiser<'a>(
        &'a self,
        model: &'a Model,
        class: Class,
        first: usize,
        n: usize,
    ) -> Result<Box<dyn Denoiser<Tensor> + 'a>, Error> {
        let condition = class.condition(first, n);
        let guided: Box<dyn Denoiser<Tensor> + 'a> = match &self.away {
            None => Box::new(model.given(condition).from_example(first)),
            Some(Away { from: Worse::Unconditional(row), how }) => {
                let without = condition.without_class(*row);
                Box::new(ClassifierFreeGuidance { model, conditions: [condition, without], how: *how, first })
            }
            Some(Away { from: Worse::Weak(weak), how }) => Box::new(Extrapolated {
                better: model.given(condition).from_example(first),
                worse: weak.given(class.condition(first, n)).from_example(first),
                how: *how,
            }),
        };
        let Some(towards) = &self.towards else { return Ok(guided) };
        let classes: Vec<i64> = (first..first + n).filter_map(|i| towards.class.row(i)).collect();
        let guide = towards.classifier.of(classes)?.from_example(first);
        Ok(Box::new(ClassifierGuided { inner: guided, guide, scale: towards.scale }))
    }
}

/// Classifier-free guidance (Ho & Salimans 2022): one model with two conditions, evaluated in one batch.
struct ClassifierFreeGuidance<'a> {
    model: &'a Model,
    /// The condition with the class and the one without it.
    conditions: [Condition; 2],
    how: Extrapolation,
    first: usize,
}

impl Denoiser<Tensor> for ClassifierFreeGuidance<'_> {
    fn denoise(&self, x: &Tensor, at: Levels<'_>) -> Result<Estimate<Tensor>, tweedie_samplers::Error> {
        let [with, without] = &self.conditions;
        if !self.how.guides_any(at) {
            let rows: Vec<i64> = (0..x.size()[0]).collect();
            return self.model.given(with.rows(&rows)?).from_example(self.first).denoise(x, at);
        }
        let [better, worse] = self.model.denoise_pair(x, at, [with, without], self.first)?;
        self.how.apply(x, at, better, worse)
    }
}

impl Away {
    fn open(options: &GuidanceOptions, weight: f64, model: &Model, class: Class) -> Result<Self, Error> {
        let wrong = |option, found: f64, allowed: &str| {
            Err(Error::Option { option, found: Short(found).to_string(), allowed: allowed.into() })
        };
        if !is_finite(weight) {
            return wrong("the guidance weight", weight, &format!("{FINITE}; 1 is no guidance"));
        }
        let rescale = options.rescale.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&rescale) {
            return wrong("the guidance rescaling", rescale, "between 0 and 1");
        }
        let from = match (&options.weak, model.about().null_class) {
            (Some(path), _) => Worse::Weak(Box::new(open_weak(path, model, class)?)),
            (None, Some(null)) if class != Class::Row(null) => Worse::Unconditional(null),
            (None, Some(_)) => return Err(Error::GuidanceWithoutClass),
            (None, None) => return Err(Error::NotGuidable),
        };
        let interval = options.interval.map(|[low, high]| (low, high));
        Ok(Self { from, how: Extrapolation { weight, rescale, interval } })
    }
}

/// Loads the weaker model, whose data and classes must be those of the model.
fn open_weak(path: &std::path::Path, model: &Model, class: Class) -> Result<Model, Error> {
    let mut weak = Model::load(path, model.device())?;
    let unfit = |reason: String| Error::Unfit { what: "the weaker model", path: path.to_path_buf(), reason };
    let (ours, theirs) = (model.about(), weak.about());
    check_same_data(model, &weak).map_err(unfit)?;
    let rows = weak.class_rows();
    if class != Class::Unconditional && (rows != model.class_rows() || ours.class_names != theirs.class_names)
    {
        return Err(unfit("it does not have the model's classes".into()));
    }
    if class == Class::Unconditional && rows.is_some() {
        return Err(unfit("it is conditioned on a class, but the model is not".into()));
    }
    weak.set_pass(model.pass());
    weak.set_micro_batch(model.micro_batch());
    Ok(weak)
}

/// Returns a description of the difference if two models have different data.
fn check_same_data(model: &tweedie_models::Backbone, other: &tweedie_models::Backbone) -> Result<(), String> {
    let (ours, theirs) = (model.about(), other.about());
    if ours.data.channels() != theirs.data.channels()
        || ours.data.sides().len() != theirs.data.sides().len()
        || ours.range != theirs.range
    {
        return Err(format!(
            "its data have the shape {} with range {}; those of the model have the shape {} with range {}",
            theirs.data, theirs.range, ours.data, ours.range
        ));
    }
    if ours.standardization != theirs.standardization {
        return Err("its data are standardised differently from those of the model".into());
    }
    Ok(())
}

impl Towards {
    /// Loads the classifier, whose data must be those of the model.
    fn open(options: &ClassifierOptions, model: &Model, requested: Option<&str>) -> Result<Self, Error> {
        let scale = options.scale;
        if !is_finite(scale) {
            return Err(Error::Option {
                option: "the classifier's scale",
                found: Short(scale).to_string(),
                allowed: FINITE.into(),
            });
        }
        let mut classifier = Classifier::load(&options.folder, model.device())?;
        let unfit =
            |reason: String| Error::Unfit { what: "the classifier", path: options.folder.clone(), reason };
        check_same_data(model, &classifier).map_err(unfit)?;
        let (ours, theirs) = (&model.about().data, &classifier.about().data);
        if ours != theirs {
            return Err(unfit(format!(
                "its images have the shape {theirs}; those of the model have the shape {ours}"
            )));
        }
        let requested = options.class.as_deref().or(requested);
        let class = Class::among(&classifier.about().class_names, classifier.n_classes(), requested)?;
        classifier.set_pass(model.pass());
        classifier.set_micro_batch(model.micro_batch());
        Ok(Self { classifier: Box::new(classifier), class, scale })
    }
}
