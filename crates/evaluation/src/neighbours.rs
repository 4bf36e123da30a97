//! Nearest neighbours in feature space, for precision and recall (Kynkäänniemi et al. 2019) and for the detection of memorised images.

use crate::Error;
use tch::{Kind, Tensor};

/// Number of rows whose distances are computed at once.
const ROWS: i64 = 512;

/// The mode of `cdist` that computes distances from differences. In LibTorch's default mode, which uses products, the distance of a copy
/// would not be exactly 0.
const BY_DIFFERENCES: Option<i64> = Some(2);

/// Precision and recall of samples.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct PrecisionRecall {
    /// The share of samples inside the data's manifold.
    pub precision: f64,
    /// The share of the data inside the samples' manifold.
    pub recall: f64,
}

/// Computes precision and recall. The manifold of a set is the union of the balls around its points, each with the distance to the point's
/// k-th nearest neighbour in the set as radius.
///
/// # Errors
/// [`Error::TooFew`] if a set has k or fewer points.
pub fn precision_recall(data: &Tensor, samples: &Tensor, k: i64) -> Result<PrecisionRecall, Error> {
    let share = |points: &Tensor, balls: &Tensor| -> Result<f64, Error> {
        let n = balls.size()[0];
        if n <= k {
            return Err(Error::TooFew { what: "features for precision and recall", found: n, needed: k + 1 });
        }
        let radii = chunks(balls, |rows| {
            // The nearest point of the set is the point itself, so the k-th neighbour is the (k + 1)-th smallest distance.
            let (values, _) = distances(rows, balls)?.f_kthvalue(k + 1, 1, false)?;
            Ok(values)
        })?;
        let inside = chunks(points, |rows| {
            let within = distances(rows, balls)?.f_le_tensor(&radii.f_unsqueeze(0)?)?;
            Ok(within.f_any_dim(1, false)?.f_to_kind(Kind::Double)?)
        })?;
        Ok(f64::try_from(inside.f_mean(Kind::Double)?)?)
    };
    let (data, samples) = (data.f_to_kind(Kind::Double)?, samples.f_to_kind(Kind::Double)?);
    Ok(PrecisionRecall { precision: share(&samples, &data)?, recall: share(&data, &samples)? })
}

/// For each row of `points`, the index of the nearest row of `among` and its distance.
///
/// # Errors
/// Errors returned by LibTorch.
pub fn nearest(points: &Tensor, among: &Tensor) -> Result<Vec<(usize, f64)>, Error> {
    let (points, among) = (points.f_to_kind(Kind::Double)?, among.f_to_kind(Kind::Double)?);
    let mut found = Vec::new();
    for from in (0..points.size()[0]).step_by(ROWS as usize) {
        let rows = points.f_narrow(0, from, ROWS.min(points.size()[0] - from))?;
        let (values, places) = distances(&rows, &among)?.f_min_dim(1, false)?;
        let (values, places) = (Vec::<f64>::try_from(values)?, Vec::<i64>::try_from(places)?);
        found.extend(places.into_iter().zip(values).map(|(place, value)| (place as usize, value)));
    }
    Ok(found)
}

fn distances(rows: &Tensor, all: &Tensor) -> Result<Tensor, Error> {
    Ok(Tensor::f_cdist(rows, all, 2.0, BY_DIFFERENCES)?)
}

fn chunks(x: &Tensor, each: impl Fn(&Tensor) -> Result<Tensor, Error>) -> Result<Tensor, Error> {
    let _no_gradient = tch::no_grad_guard();
    let n = x.size()[0];
    let parts = (0..n).step_by(ROWS as usize).map(|from| each(&x.narrow(0, from, ROWS.min(n - from))));
    Ok(Tensor::f_cat(&parts.collect::<Result<Vec<_>, _>>()?, 0)?)
}
