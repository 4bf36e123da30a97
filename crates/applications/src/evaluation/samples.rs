//! Evaluation of samples: images by features, points by a kernel. The same figures are computed for real examples.

use super::points::points;
use super::real::Real;
use super::subject::{Subject, label_of, of_set};
use crate::Error;
use crate::generation::MOST_SAMPLES;
use crate::recipes::{DataConfig, RunConfig};
use std::path::PathBuf;
use tweedie_data::{Dataset, Shape, Shapes};
use tweedie_evaluation::{
    Extractor, FEWEST_SAMPLES, Images, PointsReport, SamplesReport, ShapesQuality, judge_samples,
    shapes_quality,
};
use tweedie_report::{Canvas, Progress, Sheet, sheet};

/// The number of pairs on the sheet of nearest neighbours.
const PAIRS: usize = 32;

/// Options of the evaluation of samples.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SamplesOptions {
    /// A file of weights (LeNet, CIFAR ResNet) for the features of images. `None` selects the principal components of the pixels.
    pub extractor: Option<PathBuf>,
    /// The maximum number of examples of the data that images are compared with.
    pub reference: usize,
}

/// The results of an evaluation of samples.
pub enum Judged {
    /// Results for images.
    Images {
        /// The distances between features.
        report: Box<SamplesReport>,
        /// The results of the analyser, for the built-in data set.
        shapes: Option<Box<ShapesQuality>>,
        /// The most similar pairs: rows of samples, each with a row of their nearest images of the data below it.
        nearest: Canvas,
    },
    /// Results for points.
    Points {
        /// The discrepancy.
        report: PointsReport,
        /// Data and samples side by side.
        scatter: Canvas,
    },
}

/// Evaluates a subject against the data of a configuration. All options are checked before samples are generated.
///
/// # Errors
/// [`Error::NotImages`] for data of another kind; [`Error::Option`] and [`Error::TooFew`] for the numbers of samples and examples;
/// errors of an extractor that does not fit the images.
pub fn judge(
    subject: &Subject<'_>,
    config: &RunConfig,
    data: &dyn Dataset,
    options: &SamplesOptions,
    progress: &mut dyn Progress,
) -> Result<Judged, Error> {
    let n = subject.n();
    if !(FEWEST_SAMPLES..=MOST_SAMPLES).contains(&n) {
        let allowed = format!("between {FEWEST_SAMPLES} and {MOST_SAMPLES}");
        return Err(Error::Option { option: "the number of samples", found: n.to_string(), allowed });
    }
    match (Shape::of(&data.shape()), data.moments()) {
        (Some(shape), None) => images(subject, config, data, shape, options, progress),
        (None, Some(_)) => points(subject, data, progress),
        _ => Err(Error::NotImages { what: "the evaluation of samples", found: data.shape() }),
    }
}

fn images(
    subject: &Subject<'_>,
    config: &RunConfig,
    data: &dyn Dataset,
    shape: Shape,
    options: &SamplesOptions,
    progress: &mut dyn Progress,
) -> Result<Judged, Error> {
    let n = subject.n();
    let classifier = options.extractor.as_deref().map(Extractor::classifier).transpose()?;
    if options.reference > MOST_SAMPLES {
        let (found, allowed) = (options.reference.to_string(), format!("between 1 and {MOST_SAMPLES}"));
        return Err(Error::Option { option: "the number of reference images", found, allowed });
    }
    let classes = subject.labels(data);
    let chosen = Real::choose(data, n, options.reference, classes.as_deref())?;
    let labels = |indices: &[u64]| indices.iter().map(|&index| label_of(data, index)).collect();
    let own: Option<Vec<i64>> = labels(&chosen.own);
    let others: Option<Vec<i64>> = if chosen.matched { labels(&chosen.reference) } else { None };
    let (real, reference) = (of_set(data, &chosen.own)?.images, of_set(data, &chosen.reference)?.images);
    let extractor = match classifier {
        Some(classifier) => classifier,
        None => Extractor::pixels(&reference, shape)?,
    };
    extractor.read(&real[..1], shape)?;
    let drawn = subject.draw(progress)?;
    let images = Images {
        samples: &drawn.images,
        real: &real,
        reference: &reference,
        requested: drawn.classes.as_deref(),
        labels: own.as_deref(),
        matched: others.as_deref(),
        shape,
    };
    let report = judge_samples(&images, &extractor)?;
    let shapes = match config.data {
        DataConfig::Shapes { height, width } => {
            Some(Box::new(shapes_quality(&drawn.images, &Shapes::new(height, width, 0)?)?))
        }
        _ => None,
    };
    let nearest = nearest_sheet(&report, &images);
    Ok(Judged::Images { report: Box::new(report), shapes, nearest })
}

/// A sheet of the most similar pairs, with the samples above their nearest neighbours.
fn nearest_sheet(report: &SamplesReport, images: &Images<'_>) -> Canvas {
    let pairs = &report.pairs[..report.pairs.len().min(PAIRS)];
    let (mut shown, mut labels) = (Vec::new(), Vec::new());
    for row in pairs.chunks(8) {
        shown.extend(row.iter().map(|pair| images.samples[pair.0].clone()));
        labels.extend(row.iter().map(|pair| format!("#{}", pair.0)));
        shown.extend(row.iter().map(|pair| images.reference[pair.1].clone()));
        labels.extend(row.iter().map(|pair| format!("{:.2}", pair.2)));
    }
    let layout = Sheet {
        columns: 8,
        zoom: 64usize.div_ceil(images.shape.width).max(1),
        labels,
        title: vec!["rows of samples, each with the nearest images of the data below it".into()],
    };
    sheet(&shown, images.shape.as_array(), &layout)
}
