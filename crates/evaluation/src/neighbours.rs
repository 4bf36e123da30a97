//! Nearest neighbours among features: precision and recall (Kynkäänniemi et al. 2019), and the question of memory.

use crate::Error;
use tch::{Kind, Tensor};

/// Rows compared at once.
const ROWS: i64 = 512;

/// Distances by differences: by products, as LibTorch would choose, a copy would not be at distance 0.
const BY_DIFFERENCES: Option<i64> = Some(2);

/// How much of the samples lies where the data is, and how much of the data the samples reach.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct PrecisionRecall {
    /// Share of samples inside the data's manifold.
    pub precision: f64,
    /// Share of the data inside the samples' manifold.
    pub recall: f64,
}

/// With balls that reach each point's k-th neighbour of its own set as a manifold.
///
/// # Errors
/// [`Error::TooFew`] for k or fewer points.
pub fn precision_recall(data: &Tensor, samples: &Tensor, k: i64) -> Result<PrecisionRecall, Error> {
    let share = |points: &Tensor, balls: &Tensor| -> Result<f64, Error> {
        let n = balls.size()[0];
        if n <= k {
            return Err(Error::TooFew { what: "features for precision and recall", found: n, needed: k + 1 });
        }
        let radii = chunks(balls, |rows| {
            // The nearest of all is the point itself.
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

/// Of each row of `points` the nearest row of `among`, and how far it is.
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
