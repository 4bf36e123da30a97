//! The learning rate as a function of the images seen.

use crate::{OptimizerConfig, RateDecay};

/// The learning rate after `images` of `total` images: a linear warm-up, then a constant rate or half a cosine.
pub fn rate_at(config: &OptimizerConfig, images: u64, total: u64) -> f64 {
    let warmup = if config.warmup > 0 { (images as f64 / config.warmup as f64).min(1.0) } else { 1.0 };
    let after = match config.decay {
        RateDecay::Constant => 1.0,
        RateDecay::Cosine => {
            let span = total.saturating_sub(config.warmup).max(1) as f64;
            let done = (images.saturating_sub(config.warmup) as f64 / span).min(1.0);
            let falling = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
            config.final_share + (1.0 - config.final_share) * falling
        }
    };
    config.learning_rate * warmup * after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_stays_and_falls() {
        let config = OptimizerConfig { learning_rate: 1.0, warmup: 100, ..OptimizerConfig::default() };
        assert!((rate_at(&config, 50, 1000) - 0.5).abs() < 1e-12);
        assert_eq!(rate_at(&config, 1000, 1000), 1.0);
        let falling = OptimizerConfig { decay: RateDecay::Cosine, final_share: 0.1, ..config };
        assert!((rate_at(&falling, 550, 1000) - 0.55).abs() < 1e-12);
        assert!((rate_at(&falling, 1000, 1000) - 0.1).abs() < 1e-12);
        assert!((rate_at(&falling, 5000, 1000) - 0.1).abs() < 1e-12);
    }
}
