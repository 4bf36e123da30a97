//! Samplers on the matrices of another library, `nalgebra`, by a newtype with one sample per row.
//! `cargo run -p tweedie-samplers --example nalgebra`
#![expect(clippy::print_stdout, reason = "a program that prints its samples' moments")]

use nalgebra::DMatrix;
use tweedie_math::{DiscreteVp, GaussianDenoiser, Spacing};
use tweedie_samplers::{Coefficient, Error, Path, State, StreamNoise, ddim, start};

/// A batch of samples. It is a newtype because of the orphan rule.
#[derive(Debug, Clone, PartialEq)]
struct Rows(DMatrix<f64>);

/// Returns [`Error::Mismatch`] for different shapes.
fn same_shape(a: &Rows, b: &Rows) -> Result<(), Error> {
    if a.0.shape() == b.0.shape() {
        return Ok(());
    }
    let (found, expected) = (format!("{:?}", b.0.shape()), format!("{:?}", a.0.shape()));
    Err(Error::Mismatch { what: "shapes", found, expected })
}

impl State for Rows {
    fn share(&self) -> Self {
        self.clone()
    }

    fn n_samples(&self) -> usize {
        self.0.nrows()
    }

    fn n_elements(&self) -> usize {
        self.0.len()
    }

    fn like(&self, fill: &mut dyn FnMut(usize, &mut [f64])) -> Result<Self, Error> {
        let mut made = DMatrix::zeros(self.0.nrows(), self.0.ncols());
        let mut values = vec![0.0; self.0.ncols()];
        for (i, mut row) in made.row_iter_mut().enumerate() {
            values.fill(0.0);
            fill(i, &mut values);
            row.copy_from_slice(&values);
        }
        Ok(Self(made))
    }

    fn combine(terms: &[(Coefficient, &Self)]) -> Result<Self, Error> {
        let Some((_, first)) = terms.first() else {
            return Err(Error::Mismatch { what: "terms", found: "0".into(), expected: "1".into() });
        };
        let mut sum = DMatrix::zeros(first.0.nrows(), first.0.ncols());
        for (coefficient, state) in terms {
            same_shape(first, state)?;
            match coefficient {
                Coefficient::Same(factor) => sum += *factor * &state.0,
                Coefficient::PerSample(factors) if factors.len() == sum.nrows() => {
                    for (i, factor) in factors.iter().enumerate() {
                        let mut row = sum.row_mut(i);
                        row += *factor * state.0.row(i);
                    }
                }
                Coefficient::PerSample(factors) => {
                    let (found, expected) = (factors.len().to_string(), sum.nrows().to_string());
                    return Err(Error::Mismatch { what: "coefficients of a batch", found, expected });
                }
            }
        }
        Ok(Self(sum))
    }

    fn mul(&self, other: &Self) -> Result<Self, Error> {
        same_shape(self, other)?;
        Ok(Self(self.0.component_mul(&other.0)))
    }

    fn exp(&self) -> Result<Self, Error> {
        Ok(Self(self.0.map(f64::exp)))
    }

    fn clamp(&self, low: f64, high: f64) -> Result<Self, Error> {
        Ok(Self(self.0.map(|value| value.clamp(low, high))))
    }

    fn dot_per_sample(&self, other: &Self) -> Result<Vec<f64>, Error> {
        same_shape(self, other)?;
        Ok(self.0.row_iter().zip(other.0.row_iter()).map(|(a, b)| a.dot(&b)).collect())
    }

    fn quantile_abs_per_sample(&self, q: f64) -> Result<Vec<f64>, Error> {
        if !(q > 0.0 && q <= 1.0) {
            return Err(Error::Parameter {
                name: "the quantile",
                found: q,
                allowed: "above 0 and at most 1",
            });
        }
        let of = |row: Vec<f64>| {
            let mut sorted = row;
            sorted.sort_by(f64::total_cmp);
            let place = q * (sorted.len() - 1) as f64;
            let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
            low + (high - low) * place.fract()
        };
        Ok(self.0.row_iter().map(|row| of(row.iter().map(|x| x.abs()).collect())).collect())
    }

    fn select_per_sample(&self, other: &Self, own: &[bool]) -> Result<Self, Error> {
        same_shape(self, other)?;
        let chosen = |i: usize, j: usize| if own[i] { self.0[(i, j)] } else { other.0[(i, j)] };
        Ok(Self(DMatrix::from_fn(self.0.nrows(), self.0.ncols(), chosen)))
    }
}

fn main() -> Result<(), Error> {
    // The exact denoiser of data N(2, 0.25) in three dimensions, in place of a network.
    let denoiser = GaussianDenoiser { mean: 2.0, variance: 0.25 };
    let process = DiscreteVp::linear(1000, 1e-4, 0.02)?;
    let path = Path::of_times(&process, &Spacing::Trailing.times(1000, 100, 0)?)?;
    let noise = StreamNoise::new(0, 0);
    let x = start(&Rows(DMatrix::zeros(2000, 3)), &process, &path, &noise)?;
    let Rows(samples) = ddim(&denoiser, x, &path, 0.0, &noise, &mut ())?;
    println!("6,000 numbers of N(2, 0.25): mean {:.3}, variance {:.3}", samples.mean(), samples.variance());
    Ok(())
}
