//! Samples against data: every distance beside what real images score at the same number.

use crate::{
    Error, Estimate, Extractor, Features, Moments, PrecisionRecall, frechet_distance, kernel_distance,
    nearest, precision_recall,
};
use serde::Serialize;
use std::fmt;
use tch::Kind;
use tweedie_data::Shape;

/// Neighbours that make a manifold.
const NEIGHBOURS: i64 = 3;

/// Images on each side of precision and recall, at most: every pair is compared.
const MOST_NEIGHBOURS: i64 = 5000;

/// How far one set of images is from the reference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Distances {
    /// Fréchet distance of the features.
    pub frechet: f64,
    /// Kernel distance with its standard error.
    pub kernel: Estimate,
    /// Precision and recall.
    pub manifold: PrecisionRecall,
    /// Median over the images of the distance to the nearest reference image, in features.
    pub nearest: f64,
}

/// What a classifier makes of images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Confidence {
    /// Mean of the greatest probability.
    pub mean: f64,
    /// Share of images of which it is above 0.9.
    pub above_09: f64,
    /// Share of images that show the class that was asked for, where one was.
    pub agreement: Option<f64>,
}

/// The verdict on samples.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SamplesReport {
    /// What made the features.
    pub extractor: String,
    /// How many samples, and as many real images beside them.
    pub n: usize,
    /// Images that both are compared with.
    pub reference: usize,
    /// Of the samples.
    pub samples: Distances,
    /// Of as many real images that are not among the reference: what no model can be expected to beat.
    pub floor: Distances,
    /// What a classifier makes of the samples.
    pub confidence: Option<Confidence>,
    /// What it makes of the real images.
    pub real_confidence: Option<Confidence>,
    /// Of each sample the nearest reference image, the most similar pairs first: (sample, reference, distance).
    #[serde(skip)]
    pub pairs: Vec<(usize, usize, f64)>,
}

/// Images to be compared, each channels × height × width bytes.
#[derive(Debug, Clone, Copy)]
pub struct Images<'a> {
    /// Drawn by a model.
    pub samples: &'a [Vec<u8>],
    /// As many real ones.
    pub real: &'a [Vec<u8>],
    /// The reference, in which those are not.
    pub reference: &'a [Vec<u8>],
    /// The class that each sample was to show, where it was to.
    pub asked: Option<&'a [i64]>,
    /// The class of each real image, where it is known.
    pub labels: Option<&'a [i64]>,
    /// The shape of all of them.
    pub shape: Shape,
}

/// Compares samples with data.
///
/// # Errors
/// [`Error::TooFew`]; images that the extractor does not take.
pub fn judge_samples(images: &Images, extractor: &Extractor) -> Result<SamplesReport, Error> {
    if images.real.len() < images.samples.len() {
        return Err(Error::TooFew {
            what: "real images beside the samples",
            found: images.real.len() as i64,
            needed: images.samples.len() as i64,
        });
    }
    let read = |list: &[Vec<u8>]| extractor.read(list, images.shape);
    let (samples, real, reference) = (read(images.samples)?, read(images.real)?, read(images.reference)?);
    let moments = Moments::of(&reference.values)?;
    let (of_samples, mut pairs) = distances(&samples, &reference, &moments)?;
    let (floor, _) = distances(&real, &reference, &moments)?;
    pairs.sort_by(|a, b| a.2.total_cmp(&b.2));
    Ok(SamplesReport {
        extractor: extractor.name(),
        n: images.samples.len(),
        reference: images.reference.len(),
        samples: of_samples,
        floor,
        confidence: confidence(&samples, images.asked)?,
        real_confidence: confidence(&real, images.labels)?,
        pairs,
    })
}

type Pairs = Vec<(usize, usize, f64)>;

fn distances(of: &Features, reference: &Features, moments: &Moments) -> Result<(Distances, Pairs), Error> {
    let first = |x: &tch::Tensor| x.f_narrow(0, 0, x.size()[0].min(MOST_NEIGHBOURS));
    let found = nearest(&of.values, &reference.values)?;
    let mut sorted: Vec<f64> = found.iter().map(|(_, distance)| *distance).collect();
    sorted.sort_by(f64::total_cmp);
    let distances = Distances {
        frechet: frechet_distance(&Moments::of(&of.values)?, moments)?,
        kernel: kernel_distance(&of.values, &reference.values)?,
        manifold: precision_recall(&first(&reference.values)?, &first(&of.values)?, NEIGHBOURS)?,
        nearest: sorted[sorted.len() / 2],
    };
    let pairs = found.into_iter().enumerate().map(|(i, (place, distance))| (i, place, distance)).collect();
    Ok((distances, pairs))
}

fn confidence(features: &Features, asked: Option<&[i64]>) -> Result<Option<Confidence>, Error> {
    let Some(logits) = &features.logits else { return Ok(None) };
    let (greatest, class) = logits.f_softmax(-1, Kind::Double)?.f_max_dim(1, false)?;
    let (greatest, class) = (Vec::<f64>::try_from(greatest)?, Vec::<i64>::try_from(class)?);
    let n = greatest.len().max(1) as f64;
    let agreement = asked
        .map(|asked| asked.iter().zip(&class).filter(|(asked, found)| asked == found).count() as f64 / n);
    Ok(Some(Confidence {
        mean: greatest.iter().sum::<f64>() / n,
        above_09: greatest.iter().filter(|value| **value > 0.9).count() as f64 / n,
        agreement,
    }))
}

impl fmt::Display for SamplesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} samples against {} images of the data, by {}; beside them {} real images that are not among those",
            self.n, self.reference, self.extractor, self.n
        )?;
        let (a, b) = (&self.samples, &self.floor);
        writeln!(f, "{:<34} {:>20} {:>20}", "", "samples", "real (the floor)")?;
        let mut row = |name: &str, a: String, b: String| writeln!(f, "{name:<34} {a:>20} {b:>20}");
        row("Fréchet distance", format!("{:.3}", a.frechet), format!("{:.3}", b.frechet))?;
        let estimate = |it: Estimate| format!("{:.5} ± {:.5}", it.value, it.error);
        row("kernel distance", estimate(a.kernel), estimate(b.kernel))?;
        row("precision", format!("{:.3}", a.manifold.precision), format!("{:.3}", b.manifold.precision))?;
        row("recall", format!("{:.3}", a.manifold.recall), format!("{:.3}", b.manifold.recall))?;
        row("nearest neighbour, median", format!("{:.3}", a.nearest), format!("{:.3}", b.nearest))?;
        if let (Some(a), Some(b)) = (self.confidence, self.real_confidence) {
            row("classifier's confidence, mean", format!("{:.4}", a.mean), format!("{:.4}", b.mean))?;
            row("above 0.9", format!("{:.1} %", 100.0 * a.above_09), format!("{:.1} %", 100.0 * b.above_09))?;
            let share = |it: Option<f64>| it.map_or("–".into(), |share| format!("{:.1} %", 100.0 * share));
            row("shows the class asked for", share(a.agreement), share(b.agreement))?;
        }
        Ok(())
    }
}
