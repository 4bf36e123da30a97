//! The right-hand side of the flow: v̂ and its divergence.

use super::Divergence;
use crate::flow::{Slope, level, velocity};
use crate::state::coefficient;
use crate::{Coefficient, Differentiable, Draw, Error, Levels, NoiseSource, State};
use tweedie_math::NoiseLevel;
use tweedie_math::random::Purpose;

/// The vectors that multiply the Jacobian.
pub(crate) fn cotangents<X: State>(
    x: &X,
    how: Divergence,
    noise: &dyn NoiseSource<X>,
    visit: u64,
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
                let draw = Draw { purpose: Purpose::PROBE, visit, draw: probe as u64 };
                // Random signs give the least variance of the estimate. A normal number times 10³⁰ and clamped is its sign.
                let normal = noise.normal(x, draw)?;
                X::combine(&[(Coefficient::Same(1e30), &normal)])?.clamp(-1.0, 1.0)
            })
            .collect(),
    }
}

/// v̂ and its divergence at the φ of each sample.
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
    let (estimate, products) = denoiser.denoise_vjp(x, Levels::of(&levels, x.n_samples())?, &pairs)?;
    let velocity = velocity(&estimate, &levels)?;
    // eᵀ·J·e for each probe e. For the axes these are the Jacobian's diagonal.
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
