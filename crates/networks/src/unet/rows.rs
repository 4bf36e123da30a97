//! Row numbers of an embedding table.

use crate::Error;
use tch::{Kind, Tensor};

/// Converts values to row numbers, with an error if a value is not a row of the table.
pub(crate) fn rows_of(values: &Tensor, rows: i64, what: &str) -> Result<Tensor, Error> {
    // The range is checked before the conversion to integers, in which the value of NaN depends on the device.
    let values = values.to_kind(Kind::Double);
    let nearest = values.round();
    let inside = nearest.ge(0).logical_and(&nearest.lt(rows)).all();
    if !bool::try_from(inside).unwrap_or(false) {
        return Err(Error::Input(format!(
            "a {what} number is outside the network's table, which has rows 0 … {}",
            rows - 1
        )));
    }
    let off = (values - &nearest).abs().max();
    if f64::try_from(off).unwrap_or(1.0) > 1e-3 {
        return Err(Error::Input(format!(
            "the network has a learned {what} table and is undefined between its rows"
        )));
    }
    Ok(nearest.to_kind(Kind::Int64))
}
