//! The mean and the standard deviation of arrays and points.

use tweedie_math::DataShape;

/// The mean and the standard deviation of each channel (for points, of each dimension), over all examples and all positions. `values` are
/// the concatenated values of whole examples.
pub(crate) fn moments_of(values: &[f32], shape: &DataShape) -> (Vec<f64>, Vec<f64>) {
    let (channels, n_values) = (shape.channels(), shape.n_values().max(1));
    let plane = n_values / channels.max(1);
    let channel = |c: usize| {
        let own =
            || values.chunks_exact(n_values).flat_map(move |example| &example[c * plane..(c + 1) * plane]);
        let n = (values.len() / channels) as f64;
        let mean = own().map(|&value| f64::from(value)).sum::<f64>() / n;
        let variance = own().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / n;
        (mean, variance.sqrt())
    };
    (0..channels).map(channel).unzip()
}
