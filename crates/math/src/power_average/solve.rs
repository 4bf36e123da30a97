//! The solution of linear systems with one matrix.

use crate::Error;

/// Solves A·X = B by Gaussian elimination with partial pivoting. `rows` holds the rows of A, each followed by the row of B. The result
/// holds the columns of X.
///
/// # Errors
/// [`Error::Averages`] for a singular A.
pub(super) fn solve(mut rows: Vec<Vec<f64>>) -> Result<Vec<Vec<f64>>, Error> {
    let n = rows.len();
    for column in 0..n {
        let pivot = (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()));
        rows.swap(column, pivot.unwrap_or(column));
        let diagonal = rows[column][column];
        if diagonal.is_nan() || diagonal.abs() < 1e-300 {
            return Err(Error::Averages);
        }
        let top = rows[column].clone();
        for row in rows.iter_mut().skip(column + 1) {
            let factor = row[column] / diagonal;
            for (value, above) in row.iter_mut().zip(&top).skip(column) {
                *value -= factor * above;
            }
        }
    }
    let width = rows.first().map_or(0, Vec::len);
    let column = |at: usize| {
        let mut x = vec![0.0; n];
        for i in (0..n).rev() {
            let known: f64 = (i + 1..n).map(|j| rows[i][j] * x[j]).sum();
            x[i] = (rows[i][at] - known) / rows[i][i];
        }
        x
    };
    Ok((n..width).map(column).collect())
}
