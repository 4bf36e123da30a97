//! What latent codes are good for: ways between two pictures, and pictures back.

use super::{Inversion, ddim, ddim_invert};
use crate::walk::Quiet;
use crate::{Coefficient, Denoiser, Error, Path, State};

/// The point at a share between two latent codes along the sphere, sample by sample (Shoemake 1985; Song, Meng & Ermon 2021, sec.
/// 5.3): sin((1 − u)·θ)/sin θ·a + sin(u·θ)/sin θ·b, θ being the angle between them. Codes in the same or in opposite directions,
/// which no one great circle joins, are joined by the straight line.
///
/// # Errors
/// States of other shapes.
pub fn slerp<X: State>(a: &X, b: &X, share: f64) -> Result<X, Error> {
    let (aa, bb, ab) = (a.dot_per_sample(a)?, b.dot_per_sample(b)?, a.dot_per_sample(b)?);
    let factors = |i: usize| -> (f64, f64) {
        let cosine = ab[i] / (aa[i] * bb[i]).sqrt();
        let angle = cosine.clamp(-1.0, 1.0).acos();
        // NaN, of a code of zeros, counts as no angle.
        if angle.sin() > 1e-6 {
            (((1.0 - share) * angle).sin() / angle.sin(), (share * angle).sin() / angle.sin())
        } else {
            (1.0 - share, share)
        }
    };
    let (of_a, of_b): (Vec<f64>, Vec<f64>) = (0..aa.len()).map(factors).unzip();
    X::combine(&[(Coefficient::PerSample(&of_a), a), (Coefficient::PerSample(&of_b), b)])
}

/// Up the path and down again: x as its latent code gives it back.
///
/// # Errors
/// Those of [`ddim_invert`].
pub fn reconstruct<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    inversion: Inversion,
) -> Result<X, Error> {
    let latent = ddim_invert(denoiser, x, path, inversion, &mut ())?;
    ddim(denoiser, latent, path, 0.0, &Quiet, &mut ())
}
