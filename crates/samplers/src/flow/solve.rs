//! Dormand & Prince's method with separate step sizes for each sample. No sample depends on the others of the batch.

use super::dormand_prince::{ERROR, NODES, STAGES, step_factor};
use crate::state::coefficient;
use crate::{Coefficient, Error, State};

/// The slope dx/dφ and, for likelihoods, +div v̂ by each probe, from which ln q follows. A sampler has no probes.
pub(crate) struct Slope<X> {
    pub(crate) velocity: X,
    pub(crate) divergence: Vec<Vec<f64>>,
}

impl<X: State> Slope<X> {
    /// This slope for the chosen samples, and the other slope for the rest.
    fn chosen(self, other: &Self, chosen: &[bool]) -> Result<Self, Error> {
        let divergence = (0..chosen.len())
            .map(|i| if chosen[i] { self.divergence[i].clone() } else { other.divergence[i].clone() })
            .collect();
        Ok(Self { velocity: self.velocity.select_per_sample(&other.velocity, chosen)?, divergence })
    }
}

/// An interval of the angle with a direction, up or down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    pub(crate) begin: f64,
    pub(crate) end: f64,
}

impl Way {
    /// The share of the interval before an angle.
    fn share(self, at: f64) -> f64 {
        (at - self.begin) / (self.end - self.begin)
    }

    /// The length of the interval after an angle, which is not negative.
    fn left(self, at: f64) -> f64 {
        (self.end - at).abs()
    }

    /// The angle moved forward by a positive length, but not beyond the end.
    fn on(self, at: f64, by: f64) -> f64 {
        if by >= self.left(at) { self.end } else { at + self.direction() * by }
    }

    fn direction(self) -> f64 {
        (self.end - self.begin).signum()
    }
}

/// The settings and the results of a solution of the flow.
pub(crate) struct Solver {
    /// The greatest local error of a step.
    pub(crate) tolerance: f64,
    /// The greatest number of steps, including rejected ones. Exceeding it is an error.
    pub(crate) most_steps: usize,
    /// The next step size of each sample, in radians; empty before the first step.
    pub(crate) steps: Vec<f64>,
    /// The number of evaluations of the slope.
    pub(crate) evaluations: usize,
    /// ∫ div v̂ dφ of each sample by each probe, with the sign of the direction.
    pub(crate) growth: Vec<Vec<f64>>,
    /// The sum of the estimated local errors of the divergence of each sample, in nats.
    pub(crate) growth_error: Vec<f64>,
    /// The sum of the norms of the estimated local errors of x of each sample.
    pub(crate) moved_by: Vec<f64>,
}

impl Solver {
    /// Creates a solver for n samples.
    pub(crate) fn new(tolerance: f64, most_steps: usize, n: usize, n_probes: usize) -> Result<Self, Error> {
        if !(tolerance > 0.0 && tolerance.is_finite()) {
            return Err(Error::Parameter { name: "tolerance", found: tolerance, allowed: "positive" });
        }
        Ok(Self {
            tolerance,
            most_steps,
            steps: Vec::new(),
            evaluations: 0,
            growth: vec![vec![0.0; n_probes]; n],
            growth_error: vec![0.0; n],
            moved_by: vec![0.0; n],
        })
    }

    /// Solves dx/dφ = slope(x, φ of each sample) over an interval. After each step `watch` is called with the share of the interval that
    /// the slowest sample has completed. If it returns false, the solution stops and the result is `None`.
    pub(crate) fn run<X: State>(
        &mut self,
        mut x: X,
        way: Way,
        slope: &mut impl FnMut(&X, &[f64]) -> Result<Slope<X>, Error>,
        watch: &mut dyn FnMut(f64) -> bool,
    ) -> Result<Option<X>, Error> {
        let n = x.n_samples();
        let dimensions = x.n_elements() as f64 / n.max(1) as f64;
        let mut at = vec![way.begin; n];
        if self.steps.len() != n {
            self.steps = vec![0.01 * way.left(way.begin); n];
        }
        let mut first = slope(&x, &at)?;
        self.evaluations += 1;
        let mut taken = 0;
        while at.iter().any(|&at| way.left(at) > 0.0) {
            taken += 1;
            if taken > self.most_steps {
                let allowed = "large enough to solve the flow; a larger tolerance needs fewer steps";
                let found = self.most_steps as f64;
                return Err(Error::Parameter { name: "the number of steps", found, allowed });
            }
            // A sample at the end has a step of 0 and stays there.
            let h: Vec<f64> = at.iter().zip(&self.steps).map(|(&at, &step)| step.min(way.left(at))).collect();
            let signed: Vec<f64> = h.iter().map(|h| way.direction() * h).collect();
            let mut slopes = vec![first];
            let mut next = x.share();
            for stage in 1..7 {
                let places: Vec<f64> =
                    at.iter().zip(&h).map(|(&at, h)| way.on(at, NODES[stage] * h)).collect();
                next = moved(Some(&x), &slopes, STAGES[stage], &signed)?;
                slopes.push(slope(&next, &places)?);
                self.evaluations += 1;
            }
            let error = moved(None, &slopes, &ERROR, &signed)?;
            let (squares, size) = (error.dot_per_sample(&error)?, next.dot_per_sample(&next)?);
            let mut accepted = vec![false; n];
            for i in (0..n).filter(|&i| h[i] > 0.0) {
                let n_probes = self.growth[i].len();
                let sum = |weights: &[f64], probe: usize| -> f64 {
                    let of = |(weight, slope): (&f64, &Slope<X>)| weight * slope.divergence[i][probe];
                    signed[i] * weights.iter().zip(&slopes).map(of).sum::<f64>()
                };
                let of_x = (squares[i] / dimensions).sqrt() / (1.0 + (size[i] / dimensions).sqrt());
                let of_log =
                    (0..n_probes).map(|probe| sum(&ERROR, probe).abs()).sum::<f64>() / n_probes.max(1) as f64;
                let error = of_x.max(of_log / dimensions) / self.tolerance;
                if error <= 1.0 {
                    accepted[i] = true;
                    at[i] = way.on(at[i], h[i]);
                    self.growth_error[i] += of_log;
                    self.moved_by[i] += squares[i].sqrt();
                    for (probe, growth) in self.growth[i].iter_mut().enumerate() {
                        *growth += sum(STAGES[6], probe);
                    }
                }
                // The error of a step that was shortened by the end of the interval does not limit the next step.
                let next = h[i] * step_factor(error);
                let cut = accepted[i] && h[i] < self.steps[i];
                self.steps[i] = if cut { self.steps[i].max(next) } else { next };
            }
            // The last stage is the first stage of the next step. Rejected samples repeat the step from the same place.
            let last = slopes.pop();
            first = match (last, slopes.into_iter().next()) {
                (Some(last), Some(before)) => last.chosen(&before, &accepted)?,
                _ => return Err(Error::Path("a step of the solver has no stages".into())),
            };
            x = next.select_per_sample(&x, &accepted)?;
            let slowest = at.iter().map(|&at| way.share(at)).fold(1.0, f64::min);
            if !watch(slowest) {
                return Ok(None);
            }
        }
        Ok(Some(x))
    }
}

/// x + h·Σ weight·slope, with a separate h for each sample.
fn moved<X: State>(x: Option<&X>, slopes: &[Slope<X>], weights: &[f64], h: &[f64]) -> Result<X, Error> {
    let factors: Vec<Vec<f64>> =
        weights.iter().map(|weight| h.iter().map(|h| h * weight).collect()).collect();
    let of_slopes =
        slopes.iter().zip(&factors).map(|(slope, factors)| (coefficient(factors), &slope.velocity));
    let terms: Vec<_> = x.map(|x| (Coefficient::Same(1.0), x)).into_iter().chain(of_slopes).collect();
    X::combine(&terms)
}
