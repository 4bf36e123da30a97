//! Ratios of measurements that were made in turn.

/// The median of a ratio with an interval that covers the true median with a probability of at least 95 %.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(from = "[f64; 3]", into = "[f64; 3]")]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The median.
    pub median: f64,
    /// The upper end.
    pub high: f64,
}

impl From<[f64; 3]> for Interval {
    fn from([low, median, high]: [f64; 3]) -> Self {
        Self { low, median, high }
    }
}

impl From<Interval> for [f64; 3] {
    fn from(interval: Interval) -> Self {
        [interval.low, interval.median, interval.high]
    }
}

/// The ratio of each pair of measurements of one round, a/b.
///
/// The interval is that of the sign test: the k-th smallest to the k-th greatest of n ratios, with the greatest k for which fewer than k
/// of n fair coins show heads with a probability of at most 2.5 %. With five rounds or fewer the whole range covers less than 95 %; it is
/// returned nevertheless.
pub fn ratio(a: &[f64], b: &[f64]) -> Interval {
    let mut ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| a / b).collect();
    ratios.sort_by(f64::total_cmp);
    let n = ratios.len();
    if n == 0 {
        return Interval { low: f64::NAN, median: f64::NAN, high: f64::NAN };
    }
    let k = (1..=n.div_ceil(2)).take_while(|&k| below(n, k) <= 0.025).last().unwrap_or(1);
    let median = (ratios[(n - 1) / 2] + ratios[n / 2]) / 2.0;
    Interval { low: ratios[k - 1], median, high: ratios[n - k] }
}

/// The probability of fewer than k heads of n fair coins.
fn below(n: usize, k: usize) -> f64 {
    let (mut probability, mut sum) = (0.5f64.powi(n as i32), 0.0);
    for heads in 0..k {
        sum += probability;
        probability *= (n - heads) as f64 / (heads + 1) as f64;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{below, ratio};

    #[test]
    fn coins_are_counted() {
        assert!((below(5, 1) - 1.0 / 32.0).abs() < 1e-12);
        assert!((below(9, 2) - 10.0 / 512.0).abs() < 1e-12);
        assert!((below(4, 5) - 1.0).abs() < 1e-12);
    }

    /// With nine rounds one outlier on each side is left out: P(fewer than 2 of 9) is 2 %.
    #[test]
    fn an_outlier_is_left_out_of_nine() {
        let one = [1.0; 9];
        let found = ratio(&[2.0, 2.1, 1.9, 50.0, 2.0, 2.2, 0.01, 1.8, 2.0], &one);
        assert_eq!((found.low, found.median, found.high), (1.8, 2.0, 2.2));
        let few = ratio(&[2.0, 1.0, 3.0], &one[..3]);
        assert_eq!((few.low, few.median, few.high), (1.0, 2.0, 3.0));
        assert!(ratio(&[], &[]).median.is_nan());
    }
}
