//! The order of the examples. It depends only on the seed and the number of examples shown, so that a run can resume at any point.

use tweedie_math::random::{Key, Purpose, Stream};

/// The order in which the examples of a set are shown: by index for an endless set, shuffled anew in every pass for a finite set.
#[derive(Debug, Clone)]
pub struct Order {
    seed: u64,
    len: Option<u64>,
    /// The pass of `shuffled`.
    pass: Option<u64>,
    shuffled: Vec<u64>,
}

impl Order {
    /// The order of a set of `len` examples; `None` for an endless set.
    pub fn new(seed: u64, len: Option<u64>) -> Self {
        Self { seed, len, pass: None, shuffled: Vec::new() }
    }

    /// The index of the n-th example shown.
    pub fn index(&mut self, n: u64) -> u64 {
        let Some(len) = self.len.filter(|len| *len > 0) else { return n };
        let pass = n / len;
        if self.pass != Some(pass) {
            self.shuffle(pass, len);
        }
        self.shuffled[(n % len) as usize]
    }

    /// Whether the n-th image shown is mirrored.
    pub fn flips(&self, n: u64) -> bool {
        self.stream(n, Purpose::AUGMENT).uniform() < 0.5
    }

    /// Shuffles the indices (Fisher–Yates) with random numbers of the pass.
    fn shuffle(&mut self, pass: u64, len: u64) {
        let mut stream = self.stream(pass, Purpose::TRAIN_ORDER);
        self.shuffled = (0..len).collect();
        for i in (1..len).rev() {
            let j = stream.below(i + 1);
            self.shuffled.swap(i as usize, j as usize);
        }
        self.pass = Some(pass);
    }

    fn stream(&self, image: u64, purpose: Purpose) -> Stream {
        Stream::new(Key { seed: self.seed, image, purpose, visit: 0, draw: 0 })
    }
}
