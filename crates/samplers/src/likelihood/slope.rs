//! The flow's right side: v̂ and its divergence.

use super::Divergence;
use crate::state::coefficient;
use crate::{Coefficient, Differentiable, Draw, Error, NoiseSource, State};
use tweedie_math::NoiseLevel;
use tweedie_math::random::Purpose;

/// dx/dφ and d ln q/dφ, the latter as +div v̂ by each probe.
pub(super) struct Slope<X> {
    pub(super) velocity: X,
    pub(super) divergence: Vec<Vec<f64>>,
}

impl<X: State> Slope<X> {
    /// This one where chosen, the other elsewhere.
    pub(super) fn chosen(self, other: &Self, chosen: &[bool]) -> Result<Self, Error> {
        let divergence = (0..chosen.len())
            .map(|i| if chosen[i] { self.divergence[i].clone() } else { other.divergence[i].clone() })
            .collect();
        Ok(Self { velocity: self.velocity.select_per_sample(&other.velocity, chosen)?, divergence })
    }
}

/// The vectors that the Jacobian is multiplied with.
pub(super) fn cotangents<X: State>(
    x: &X,
    how: Divergence,
    noise: &dyn NoiseSource<X>,
) -> Result<Vec<X>, Error> {
    let each = x.n_elements() / x.n_samples().max(1);
    match how {
        Divergence::Exact => (0..each)
            .map(|axis| {
                x.like(&mut |_, values| {
                    (0..values.len()).for_each(|i| values[i] = f64::from(u8::from(i == axis)))
                })
            })
            .collect(),
        Divergence::Probes(0) => Err(Error::Parameter { name: "probes", found: 0.0, allowed: "at least 1" }),
        Divergence::Probes(probes) => (0..probes)
            .map(|probe| {
                let draw = Draw { purpose: Purpose::PROBE, visit: 0, draw: probe as u64 };
                // Signs: no other probe of these moments varies less. A normal number times 10³⁰, clamped, is its sign.
                let normal = noise.normal(x, draw)?;
                X::combine(&[(Coefficient::Same(1e30), &normal)])?.clamp(-1.0, 1.0)
            })
            .collect(),
    }
}

/// v̂ and its divergence at each sample's own φ.
pub(super) fn slope<X: State>(
    denoiser: &(impl Differentiable<X> + ?Sized),
    x: &X,
    at: &[f64],
    cotangents: &[X],
    how: Divergence,
) -> Result<Slope<X>, Error> {
    let levels = at.iter().map(|phi| level(*phi)).collect::<Result<Vec<_>, _>>()?;
    let signal: Vec<f64> = levels.iter().map(NoiseLevel::signal_rate).collect();
    let minus_noise: Vec<f64> = levels.iter().map(|level| -level.noise_rate()).collect();
    let (signal, minus_noise) = (coefficient(&signal), coefficient(&minus_noise));
    // ⟨e, v̂⟩ = ⟨−sin φ·e, x̂_0⟩ + ⟨cos φ·e, ε̂⟩.
    let pairs = cotangents
        .iter()
        .map(|e| Ok((X::combine(&[(minus_noise, e)])?, X::combine(&[(signal, e)])?)))
        .collect::<Result<Vec<_>, Error>>()?;
    let (estimate, products) = denoiser.denoise_vjp(x, &levels, &pairs)?;
    let velocity = X::combine(&[(signal, &estimate.eps), (minus_noise, &estimate.x0)])?;
    // eᵀ·J·e by each probe; along every axis these are the Jacobian's diagonal.
    let quadratic = cotangents
        .iter()
        .zip(&products)
        .map(|(e, product)| e.dot_per_sample(product))
        .collect::<Result<Vec<_>, _>>()?;
    let of_sample = |i: usize| quadratic.iter().map(move |values| values[i]);
    let divergence = (0..at.len())
        .map(|i| match how {
            Divergence::Exact => vec![of_sample(i).sum()],
            Divergence::Probes(_) => of_sample(i).collect(),
        })
        .collect();
    Ok(Slope { velocity, divergence })
}

/// The variance-preserving level of an angle; exactly pure noise at π/2.
fn level(phi: f64) -> Result<NoiseLevel, Error> {
    if phi >= std::f64::consts::FRAC_PI_2 {
        return Ok(NoiseLevel::new(0.0, 1.0)?);
    }
    Ok(NoiseLevel::new(phi.cos(), phi.sin())?)
}

/// x + h·Σ weight·slope, each sample with its h.
pub(super) fn moved<X: State>(
    x: Option<&X>,
    slopes: &[Slope<X>],
    weights: &[f64],
    h: &[f64],
) -> Result<X, Error> {
    let factors: Vec<Vec<f64>> =
        weights.iter().map(|weight| h.iter().map(|h| h * weight).collect()).collect();
    let of_slopes =
        slopes.iter().zip(&factors).map(|(slope, factors)| (coefficient(factors), &slope.velocity));
    let terms: Vec<_> = x.map(|x| (Coefficient::Same(1.0), x)).into_iter().chain(of_slopes).collect();
    X::combine(&terms)
}
