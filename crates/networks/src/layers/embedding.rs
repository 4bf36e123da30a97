//! Tables of learned vectors, and sinusoidal features of numbers.

use crate::{Error, Init, Scope};
use tch::{Kind, Tensor};

/// A table with a learned vector for each whole number.
#[derive(Debug)]
pub struct Embedding {
    weight: Tensor,
}

impl Embedding {
    /// Creates a table of `rows` vectors of `width` numbers, with standard normal initial values.
    ///
    /// # Errors
    /// [`Error::DuplicateName`] if the name is already taken.
    pub fn new(mut scope: Scope, rows: i64, width: i64) -> Result<Self, Error> {
        Ok(Self { weight: scope.trained("weight", &[rows, width], Init::Normal(1.0))? })
    }

    /// Looks up whole numbers, (N) → (N, width).
    pub fn forward(&self, rows: &Tensor) -> Tensor {
        Tensor::embedding(&self.weight, rows, -1, false, false)
    }

    /// The number of vectors.
    pub fn n_rows(&self) -> i64 {
        self.weight.size()[0]
    }
}

/// Sinusoidal features of `time`, (N) → (N, width): sine and cosine of time·10000^(−i/(width/2 − freq_shift)).
///
/// The sines come first, or the cosines with `flip_sin_to_cos`. The features are computed in f32 with the order of operations of
/// `diffusers`, because at time 1000 another order differs by 6e-5.
pub fn sinusoidal(time: &Tensor, width: i64, flip_sin_to_cos: bool, freq_shift: f64) -> Tensor {
    let half = width / 2;
    let exponent =
        Tensor::arange(half, (Kind::Float, time.device())) * -(10_000f64.ln()) / (half as f64 - freq_shift);
    let angle = time.to_kind(Kind::Float).unsqueeze(1) * exponent.exp().unsqueeze(0);
    let halves = if flip_sin_to_cos { [angle.cos(), angle.sin()] } else { [angle.sin(), angle.cos()] };
    let features = Tensor::cat(&halves, 1);
    if width % 2 == 1 { features.constant_pad_nd([0, 1]) } else { features }
}

/// Random Fourier features (Tancik et al. 2020): sin‖cos of 2π·x·B with fixed random frequencies B.
#[derive(Debug)]
pub struct FourierFeatures {
    frequencies: Tensor,
}

impl FourierFeatures {
    /// Draws `width` frequencies, each a normal vector of `inputs` numbers with standard deviation `scale`, in cycles per unit of x.
    ///
    /// # Errors
    /// [`Error::DuplicateName`] if the name is already taken.
    pub fn new(mut scope: Scope, inputs: i64, width: i64, scale: f64) -> Result<Self, Error> {
        Ok(Self { frequencies: scope.fixed("frequencies", &[inputs, width], Init::Normal(scale))? })
    }

    /// (N, inputs) → (N, 2·width), f32.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let angle = x.to_kind(Kind::Float).matmul(&self.frequencies) * std::f64::consts::TAU;
        Tensor::cat(&[angle.sin(), angle.cos()], -1)
    }
}
