//! The stream of numbers of one key.

use super::Key;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The numbers of one key, read in order from any element on.
///
/// Element e has the same value whether the stream starts there or reaches it by reading. Normal and uniform numbers come from
/// the same bits, so that a stream is read either for normal numbers or for uniform ones.
#[derive(Debug, Clone)]
pub struct Stream {
    bits: ChaCha8Rng,
    /// The second normal number of a pair, after the first one was read.
    spare: Option<f64>,
    /// Whether the stream begins with the second number of a pair.
    begins_odd: bool,
}

/// The number of 32-bit words of the generator for a pair of normal numbers, which needs two 64-bit numbers.
const WORDS_PER_PAIR: u128 = 4;

impl Stream {
    /// The stream of a key from element 0 on.
    pub fn new(key: Key) -> Self {
        Self::at(key, 0)
    }

    /// The stream of a key from the given element on.
    pub fn at(key: Key, element: u64) -> Self {
        let mut seed = [0; 32];
        for (bytes, number) in seed.chunks_exact_mut(8).zip([key.seed, key.image, key.purpose.0, key.visit]) {
            bytes.copy_from_slice(&number.to_le_bytes());
        }
        let mut bits = ChaCha8Rng::from_seed(seed);
        bits.set_stream(key.draw);
        bits.set_word_pos(u128::from(element / 2) * WORDS_PER_PAIR);
        Self { bits, spare: None, begins_odd: element % 2 == 1 }
    }

    /// The next standard normal number.
    pub fn normal(&mut self) -> f64 {
        if let Some(second) = self.spare.take() {
            return second;
        }
        let skips_first = std::mem::take(&mut self.begins_odd);
        // Box–Muller with 1 − u in (0, 1] for the first uniform number u, so that the logarithm is finite.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let angle = core::f64::consts::TAU * self.uniform();
        let (sine, cosine) = libm::sincos(angle);
        if skips_first {
            return radius * sine;
        }
        self.spare = Some(radius * sine);
        radius * cosine
    }

    /// The next uniform number in [0, 1), with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        if std::mem::take(&mut self.begins_odd) {
            let _first = self.bits.next_u64();
        }
        (self.bits.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// The next uniform integer in 0..`bound`, without bias; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Lemire's multiplication method, which rejects the few values that would cause a bias.
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.bits.next_u64()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// Fills a slice with standard normal numbers.
    pub fn fill_normal(&mut self, values: &mut [f64]) {
        for value in values {
            *value = self.normal();
        }
    }
}
