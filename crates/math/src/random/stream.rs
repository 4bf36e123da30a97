//! The numbers of one key, at any element.

use super::Key;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The numbers of one key, read forwards from any element.
///
/// Number e has the same value whether it is reached by reading or by starting there. Read a
/// stream for normals or for uniforms, not for both: they come from the same bits.
#[derive(Debug, Clone)]
pub struct Stream {
    bits: ChaCha8Rng,
    /// The second normal of a pair whose first was just read.
    spare: Option<f64>,
    /// The stream begins with the second half of a pair.
    begins_odd: bool,
}

/// 32-bit words of the generator behind each pair of normals: two 64-bit numbers.
const WORDS_PER_PAIR: u128 = 4;

impl Stream {
    /// The stream of a key, at element 0.
    pub fn new(key: Key) -> Self {
        Self::at(key, 0)
    }

    /// The stream of a key, at an element.
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
        // Box–Muller: the first uniform is taken from 1, in (0, 1], so that its logarithm is finite.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.uniform()));
        let angle = core::f64::consts::TAU * self.uniform();
        let (sine, cosine) = libm::sincos(angle);
        if skips_first {
            return radius * sine;
        }
        self.spare = Some(radius * sine);
        radius * cosine
    }

    /// The next number uniform in [0, 1), with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        if std::mem::take(&mut self.begins_odd) {
            let _first = self.bits.next_u64();
        }
        (self.bits.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// The next whole number in 0..`bound`, without bias; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        // Lemire's multiplication, with rejection of the few values that would make some results likelier.
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
