//! Guidance as the command line says it.

use super::towards::Towards;
use crate::arguments::GuidanceFlags;
use crate::commands::class::Class;
use anyhow::bail;
use tch::Tensor;
use tweedie_models::Model;
use tweedie_samplers::{Denoiser, Extrapolated};

/// What leads the model: away from a worse denoiser, towards a classifier's class, both, or nothing.
pub(super) struct Guidance {
    away: Option<Away>,
    pub(super) towards: Option<Towards>,
}

/// Away from a worse denoiser.
struct Away {
    from: Worse,
    weight: f64,
    rescale: f64,
    interval: Option<(f64, f64)>,
}

/// What is led away from.
enum Worse {
    /// The same model without its class: the row that stands for none.
    Unconditional(i64),
    /// Another model.
    Weak(Box<Model>),
}

impl Guidance {
    /// Checks the flags against the model, and opens what leads it.
    pub(super) fn of(
        flags: &GuidanceFlags,
        model: &Model,
        (class, asked): (Class, Option<&str>),
        micro_batch: Option<usize>,
    ) -> anyhow::Result<Self> {
        let away =
            flags.guidance.map(|weight| Away::of(flags, weight, model, class, micro_batch)).transpose()?;
        let towards = flags.classifier.as_deref();
        let towards = towards.map(|path| Towards::of(path, flags, model, asked, micro_batch)).transpose()?;
        Ok(Self { away, towards })
    }

    pub(super) fn is_any(&self) -> bool {
        self.away.is_some() || self.towards.is_some()
    }

    /// The model led, for `n` pictures from the `first`-th on.
    pub(super) fn denoiser<'a>(
        &'a self,
        model: &'a Model,
        class: Class,
        first: usize,
        n: usize,
    ) -> anyhow::Result<Box<dyn Denoiser<Tensor> + 'a>> {
        let condition = |class: Class| class.condition(first, n, model.device());
        let better = model.given(condition(class)).from_picture(first);
        let led: Box<dyn Denoiser<Tensor> + 'a> = match &self.away {
            None => Box::new(better),
            Some(Away { from, weight, rescale, interval }) => {
                let worse = match from {
                    Worse::Unconditional(null) => model.given(condition(Class::Row(*null))),
                    Worse::Weak(weak) => weak.given(condition(class)),
                };
                let (weight, rescale, interval) = (*weight, *rescale, *interval);
                Box::new(Extrapolated { better, worse: worse.from_picture(first), weight, rescale, interval })
            }
        };
        match &self.towards {
            None => Ok(led),
            Some(towards) => towards.lead(led, first, n),
        }
    }
}

impl Away {
    fn of(
        flags: &GuidanceFlags,
        weight: f64,
        model: &Model,
        class: Class,
        micro_batch: Option<usize>,
    ) -> anyhow::Result<Self> {
        if !weight.is_finite() {
            bail!("--guidance is {weight}; it must be a finite number, 1 being none");
        }
        let rescale = flags.guidance_rescale.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&rescale) {
            bail!("--guidance-rescale is {rescale}; it must be between 0 and 1");
        }
        let from = match (&flags.weak, model.description().null_class) {
            (Some(path), _) => Worse::Weak(Box::new(weak(path, model, class, micro_batch)?)),
            (None, Some(null)) if class != Class::Row(null) => Worse::Unconditional(null),
            (None, Some(_)) => {
                bail!("classifier-free guidance leads towards a class: say which with --class, or all")
            }
            (None, None) => bail!(
                "classifier-free guidance needs a model that draws with a class and without (model.conditional and training.label_dropout); this one does not. A worse model can lead it, too: --weak MODEL"
            ),
        };
        let interval = flags.guidance_interval.map(|[low, high]| (low, high));
        Ok(Self { from, weight, rescale, interval })
    }
}

/// The weaker model, which has to know the same pictures and classes.
fn weak(
    path: &std::path::Path,
    model: &Model,
    class: Class,
    micro_batch: Option<usize>,
) -> anyhow::Result<Model> {
    let mut weak = Model::load(path, model.device())?;
    let (own, other) = (model.network().config(), weak.network().config());
    if own.in_channels != other.in_channels || model.description().range != weak.description().range {
        bail!(
            "--weak {}: it knows pictures of {} channels in {}, and the model those of {} in {}",
            path.display(),
            other.in_channels,
            weak.description().range,
            own.in_channels,
            model.description().range
        );
    }
    let (ours, theirs) = (model.description(), weak.description());
    if ours.standardization != theirs.standardization {
        bail!("--weak {}: its arrays are standardised otherwise than the model's", path.display());
    }
    let rows = other.num_class_embeds;
    if class != Class::Unconditional
        && (rows != own.num_class_embeds || ours.class_names != theirs.class_names)
    {
        bail!("--weak {}: it does not know the model's classes", path.display());
    }
    if class == Class::Unconditional && rows.is_some() {
        bail!("--weak {}: it is told a class, and the model is not", path.display());
    }
    weak.set_pass(model.pass());
    weak.set_micro_batch(micro_batch);
    Ok(weak)
}
