//! Parity with OpenAI's `GaussianDiffusion` (guided-diffusion 22e0df8), recorded on a toy model: its tables in f64, and in f32 each
//! term of its bound, its means and log-variances, and its training losses.

mod parity;
mod times;

use safetensors::{Dtype, SafeTensors};
use tweedie_math::bound::{bits_per_dimension, step_term};
use tweedie_math::decoder::{Grid, NormalCdf, discretised_log_likelihood};
use tweedie_math::{DiscreteVp, FirstVariance, FixedVariance, Parameterization, ReverseStep, reverse_steps};

/// Pixels of one image, 3 × 8 × 8.
const PIXELS: usize = 192;

/// The variance that a recording was made with.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Variance {
    Fixed(FixedVariance),
    LearnedRange,
}

const ALL: [Variance; 3] = [
    Variance::Fixed(FixedVariance::FixedSmall),
    Variance::Fixed(FixedVariance::FixedLarge),
    Variance::LearnedRange,
];

/// One recording: x_0 of two images, and for each of ten times the noise and what came out.
struct Recording {
    variance: Variance,
    bytes: Vec<u8>,
    /// 0-based.
    times: Vec<usize>,
    steps: Vec<ReverseStep>,
}

/// What was recorded of one time and image.
struct Case<'a> {
    t: usize,
    step: &'a ReverseStep,
    variance: Variance,
    x0: &'a [f64],
    noise: &'a [f64],
    mean: &'a [f64],
    log_variance: &'a [f64],
    bits: f64,
    loss: f64,
}

impl Recording {
    /// Reads a recording, or skips where the shared files are not here.
    fn read(variance: Variance) -> Option<Self> {
        let name = match variance {
            Variance::Fixed(FixedVariance::FixedSmall) => "FIXED_SMALL",
            Variance::Fixed(FixedVariance::FixedLarge) => "FIXED_LARGE",
            Variance::LearnedRange => "LEARNED_RANGE",
        };
        let path =
            tweedie_testing::shared(&format!("reference/openai/openai_linear1000_{name}.safetensors"))?;
        let bytes = std::fs::read(path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let times = file.tensor("t").unwrap();
        let times = times.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as usize);
        let (times, levels) = (times.collect(), DiscreteVp::linear(1000, 1e-4, 0.02).unwrap().levels());
        let steps = reverse_steps(&levels, FirstVariance::SecondPosterior).unwrap();
        Some(Self { variance, times, steps, bytes })
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let tensor = file.tensor(name).unwrap();
        let data = tensor.data();
        match tensor.dtype() {
            Dtype::F64 => data.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
            _ => data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()).into()).collect(),
        }
    }

    /// Judges every time and image; there are twenty.
    fn for_each(&self, mut judge: impl FnMut(Case<'_>)) {
        let [x0, noise, mean, log_variance, bits, loss] =
            ["x0", "noise", "mean", "logvar", "vb", "train_loss"].map(|name| self.numbers(name));
        assert_eq!((self.times.len(), x0.len(), noise.len()), (10, 2 * PIXELS, 20 * PIXELS));
        for case in 0..20 {
            let (t, image) = (self.times[case / 2], case % 2);
            let own = case * PIXELS..(case + 1) * PIXELS;
            judge(Case {
                t,
                step: &self.steps[t],
                variance: self.variance,
                x0: &x0[image * PIXELS..(image + 1) * PIXELS],
                noise: &noise[own.clone()],
                mean: &mean[own.clone()],
                log_variance: &log_variance[own],
                bits: bits[case],
                loss: loss[case],
            });
        }
    }
}

/// One pixel as the toy model sees it.
struct Pixel {
    x0: f64,
    xt: f64,
    noise: f64,
    predicted: f64,
    log_variance: f64,
}

impl Case<'_> {
    /// The pixels: x_t from x_0 and noise, ε̂ = .9·x_t + .1·sin(t/100), and ln σ² with v = tanh x_t where it is learned.
    fn pixels(&self) -> impl Iterator<Item = Pixel> + '_ {
        let level = self.step.transition.to();
        self.x0.iter().zip(self.noise).map(move |(&x0, &noise)| {
            let xt = level.signal_rate() * x0 + level.noise_rate() * noise;
            let predicted = 0.9 * xt + 0.1 * (self.t as f64 / 100.0).sin();
            let log_variance = match self.variance {
                Variance::Fixed(fixed) => self.step.log_variance(fixed),
                Variance::LearnedRange => self.step.range_log_variance(xt.tanh()),
            };
            Pixel { x0, xt, noise, predicted, log_variance }
        })
    }

    /// x̂_0 of a pixel, clamped to the range of the data or not.
    fn x0_hat(&self, pixel: &Pixel, clipped: bool) -> f64 {
        let reading = Parameterization::Epsilon.reading(self.step.transition.to(), None).unwrap();
        let x0 = reading.x0_from_x * pixel.xt + reading.x0_from_out * pixel.predicted;
        if clipped { x0.clamp(-1.0, 1.0) } else { x0 }
    }

    fn learns_variance(&self) -> bool {
        self.variance == Variance::LearnedRange
    }

    /// The term of the bound at this time in bits per dimension, and by how much f32 may be off in it where it is a decoder's.
    fn term(&self, clipped: bool) -> (f64, f64) {
        let (mut nats, mut doubt) = (0.0, 0.0);
        for pixel in self.pixels() {
            let x0 = self.x0_hat(&pixel, clipped);
            nats += if self.step.ends_clean() {
                let mean = self.step.posterior.mean(x0, pixel.xt);
                let log = discretised_log_likelihood(
                    pixel.x0,
                    mean,
                    pixel.log_variance,
                    Grid::BYTES,
                    NormalCdf::Tanh,
                );
                doubt += 1.2e-7 / log.exp();
                -log
            } else {
                step_term(pixel.x0 - x0, self.step, pixel.log_variance)
            };
        }
        (bits_per_dimension(nats, PIXELS), bits_per_dimension(doubt, PIXELS))
    }
}
