//! Damaged files, for as long as is asked: `TWEEDIE_FUZZ_SECONDS=300 cargo xtask test -- fuzz`.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Numbers that break what counts carelessly.
const NUMBERS: [u64; 8] = [0, 1, 0x7f, 0xff, 0xffff, 0xffff_ffff, i64::MAX as u64, u64::MAX];

/// How long to go on: `TWEEDIE_FUZZ_SECONDS`, else one second.
///
/// # Panics
/// When the variable holds no number: the test that asked fails.
pub fn fuzz_time() -> Duration {
    let seconds = std::env::var("TWEEDIE_FUZZ_SECONDS");
    Duration::from_secs_f64(seconds.map_or(1.0, |text| text.parse().expect("a number of seconds")))
}

/// The chance of one input: the same for the same number.
pub struct Dice(ChaCha8Rng);

impl Dice {
    /// Of the input of a number.
    pub fn of(number: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(number))
    }

    /// A number below `n`; 0 where that is 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.0.next_u64() % n.max(1) as u64) as usize
    }

    /// One of a list.
    pub fn one<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }

    /// Damages bytes in one to four places: bits, bytes, great and small numbers, pieces put in or laid over, parts taken
    /// away or repeated, the end cut off. Half of it falls within the first `head` bytes, where most can go wrong.
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

/// Makes inputs of several kinds and reads them until the time is over; `reads` says whether one was accepted and panics
/// where it should not have been. Each input is its number's alone: one that fails can be made again.
///
/// # Panics
/// With the number and the bytes of an input whose reading panicked; where of a thousand or more of a kind all were accepted
/// or none.
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
    let mut said = String::new();
    for (kind, (n, accepted)) in kinds.iter().zip(counts) {
        said += &format!("{kind}: {n} damaged inputs, {accepted} of them accepted\n");
        // Both ends of the reader are reached.
        assert!(n < 1000 || (accepted > 0 && accepted < n), "{kind}: {accepted} of {n} were accepted");
    }
    said += &format!("the slowest, input {}, took {:?}\n", slowest.1, slowest.0);
    let _ = std::io::stderr().write_all(said.as_bytes());
}
