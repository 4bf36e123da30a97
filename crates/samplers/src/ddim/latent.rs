//! Uses of latent codes: interpolation between two images, and reconstruction.

use super::{Inversion, ddim, ddim_invert};
use crate::{Coefficient, Denoiser, Error, NoNoise, Path, State};

/// The spherical interpolation between two latent codes at the share u, sample by sample (Shoemake 1985; Song, Meng & Ermon 2021, sec.
/// 5.3): sin((1 − u)·θ)/sin θ·a + sin(u·θ)/sin θ·b, with the angle θ between a and b. Codes in the same or in opposite directions do
/// not determine a great circle and are interpolated linearly.
///
/// # Errors
/// [`Error::Mismatch`] for states of different shapes.
pub fn slerp<X: State>(a: &X, b: &X, share: f64) -> Result<X, Error> {
    let (aa, bb, ab) = (a.dot_per_sample(a)?, b.dot_per_sample(b)?, a.dot_per_sample(b)?);
    let factors = |i: usize| -> (f64, f64) {
        let cosine = ab[i] / (aa[i] * bb[i]).sqrt();
        let angle = cosine.clamp(-1.0, 1.0).acos();
        // A code of zeros gives NaN, for which the comparison is false.
        if angle.sin() > 1e-6 {
            (((1.0 - share) * angle).sin() / angle.sin(), (share * angle).sin() / angle.sin())
        } else {
            (1.0 - share, share)
        }
    };
    let (of_a, of_b): (Vec<f64>, Vec<f64>) = (0..aa.len()).map(factors).unzip();
    X::combine(&[(Coefficient::PerSample(&of_a), a), (Coefficient::PerSample(&of_b), b)])
}

/// Reconstructs x by [`ddim_invert`] up the path and [`ddim`] with η = 0 down the path.
///
/// # Errors
/// Errors returned by [`ddim_invert`].
pub fn reconstruct<X: State>(
    denoiser: &(impl Denoiser<X> + ?Sized),
    x: X,
    path: &Path,
    inversion: Inversion,
) -> Result<X, Error> {
    let latent = ddim_invert(denoiser, x, path, inversion, &mut ())?;
    ddim(denoiser, latent, path, 0.0, &NoNoise, &mut ())
}
