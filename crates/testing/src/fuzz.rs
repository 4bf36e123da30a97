//! Fuzz tests with damaged files. Their duration is an option: `TWEEDIE_FUZZ_SECONDS=300 cargo xtask test -- fuzz`.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Numbers at which unchecked arithmetic fails.
const NUMBERS: [u64; 8] = [0, 1, 0x7f, 0xff, 0xffff, 0xffff_ffff, i64::MAX as u64, u64::MAX];

/// The duration of a fuzz test: `TWEEDIE_FUZZ_SECONDS` if it is set, else one second.
///
/// # Panics
/// If the variable is not a number, which fails the test.
pub fn fuzz_time() -> Duration {
    let seconds = std::env::var("TWEEDIE_FUZZ_SECONDS");
    Duration::from_secs_f64(seconds.map_or(1.0, |text| text.parse().expect("a number of seconds")))
}

/// The random choices for one input, which are determined by the input's number.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// The choices for the input with the given number.
    pub fn of(number: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(number))
    }

    /// A number below `n`, or 0 if `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n.max(1) as u64) as usize
    }

    /// One element of a list.
    pub fn one<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    /// Damages bytes in one to four places. It changes bits, bytes and numbers, inserts pieces or overwrites bytes with them, removes
    /// or repeats parts, and truncates the end. Half of the places are within the first `head` bytes, where most errors occur.
    pub fn damage(&mut self, bytes: &mut Vec<u8>, head: usize, pieces: &[&[u8]]) {
        for _ in 0..=self.below(4) {
            let within = if self.below(2) == 0 { head.min(bytes.len()) } else { bytes.len() };
            let at = self.below(within);
            let end = (at + 1 + self.below(16)).min(bytes.len());
            match self.below(8) {
                0 if at < end => bytes[at] ^= 1 << self.below(8),
                1 if at < end => bytes[at] = self.0.next_u64() as u8,
                2 => {
                    let number = NUMBERS[self.below(NUMBERS.len())];
                    let digits = if self.below(2) == 0 { number.to_le_bytes() } else { number.to_be_bytes() };
                    let upto = end.min(at + (1 << self.below(4)));
                    bytes[at..upto].iter_mut().zip(digits).for_each(|(byte, new)| *byte = new);
                }
                3 if !pieces.is_empty() => drop(bytes.splice(at..at, self.one(pieces).iter().copied())),
                4 if !pieces.is_empty() => drop(bytes.splice(at..end, self.one(pieces).iter().copied())),
                5 => drop(bytes.drain(at..end)),
                6 => {
                    let part = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    drop(bytes.splice(to..to, part));
                }
                7 if self.below(4) == 0 => bytes.truncate(at),
                _ => {}
            }
        }
    }
}

/// Makes inputs of several kinds and reads them until [`fuzz_time`] is over. `make` returns the index of a kind and the bytes. `reads`
/// returns whether the input was accepted, and panics on a wrong result. An input depends only on its number, so that a failing one can
/// be made again.
///
/// # Panics
/// With the number and the bytes of an input whose reading panicked. Also if all or none of at least a thousand inputs of a kind were
/// accepted.
pub fn fuzz(
    kinds: &[&str],
    make: impl Fn(&mut Dice) -> (usize, Vec<u8>),
    reads: impl Fn(usize, &[u8]) -> bool,
) {
    let end = Instant::now() + fuzz_time();
    let mut counts = vec![(0u64, 0u64); kinds.len()];
    let mut slowest = (Duration::ZERO, 0);
    for number in 0.. {
        let started = Instant::now();
        if started >= end {
            break;
        }
        let (kind, bytes) = make(&mut Dice::of(number));
        match catch_unwind(AssertUnwindSafe(|| reads(kind, &bytes))) {
            Ok(accepted) => counts[kind].1 += u64::from(accepted),
            Err(_) => panic!("input {number}, a {}: {}", kinds[kind], bytes.escape_ascii()),
        }
        counts[kind].0 += 1;
        slowest = slowest.max((started.elapsed(), number));
    }
    let mut summary = String::new();
    for (kind, (n, accepted)) in kinds.iter().zip(counts) {
        summary += &format!("{kind}: {n} damaged inputs, {accepted} of them accepted\n");
        // The inputs must reach both results of the reader.
        assert!(n < 1000 || (accepted > 0 && accepted < n), "{kind}: {accepted} of {n} were accepted");
    }
    summary += &format!("the slowest, input {}, took {:?}\n", slowest.1, slowest.0);
    let _ = std::io::stderr().write_all(summary.as_bytes());
}
