//! Evaluation of a batch in parts of a fixed size. The last bits of a network's output depend on the batch size and on the position of
//! an example in the batch, which are then independent of the size of the original batch.

use tch::{Device, TchError, Tensor};

/// One part of a batch: the examples at its positions, and the range of positions whose results are used.
pub(crate) struct Part {
    /// The indices in the batch of the examples, one for each position.
    pub(crate) taken: Vec<i64>,
    /// The first position whose result is used, and the number of such positions.
    counts: (i64, i64),
}

impl Part {
    /// The parts of a batch of `n` examples, the first of which has the number `first`. Example i is at position (first + i) mod `size`
    /// of its part, independent of the batch. Positions before the first and after the last example are filled with copies of these.
    pub(crate) fn of(n: usize, first: usize, size: usize) -> Vec<Self> {
        let before = first % size;
        let part = |begin: usize| {
            let example = |place: usize| (place.clamp(before, before + n - 1) - before) as i64;
            let (from, to) = (before.max(begin) - begin, (before + n).min(begin + size) - begin);
            Self {
                taken: (begin..begin + size).map(example).collect(),
                counts: (from as i64, (to - from) as i64),
            }
        };
        (0..before + n).step_by(size).map(part).collect()
    }

    /// At most `parts` parts of a batch of `n` examples, whose sizes differ by at most one.
    pub(crate) fn divided(n: usize, parts: usize) -> Vec<Self> {
        let parts = parts.clamp(1, n.max(1));
        let begin = |part: usize| part * n / parts;
        let part = |part: usize| Self {
            taken: (begin(part) as i64..begin(part + 1) as i64).collect(),
            counts: (0, (begin(part + 1) - begin(part)) as i64),
        };
        (0..parts).map(part).collect()
    }

    /// The indices of the examples as a tensor.
    pub(crate) fn rows(&self, device: Device) -> Result<Tensor, TchError> {
        Tensor::f_from_slice(&self.taken)?.f_to_device(device)
    }

    /// The results that are used, out of those of the whole part.
    pub(crate) fn counted(&self, of: &Tensor) -> Result<Tensor, TchError> {
        of.f_narrow(0, self.counts.0, self.counts.1)
    }
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn a_divided_batch_is_whole() {
        for n in 1..9_i64 {
            for parts in 1..6 {
                let divided = Part::divided(n as usize, parts);
                assert_eq!(divided.len(), parts.min(n as usize));
                let taken: Vec<i64> = divided.iter().flat_map(|part| part.taken.clone()).collect();
                assert_eq!(taken, (0..n).collect::<Vec<_>>());
                assert!(divided.iter().all(|part| part.counts == (0, part.taken.len() as i64)));
            }
        }
    }

    #[test]
    fn every_example_counts_once_at_its_own_place() {
        for size in 1..6 {
            for first in 0..9 {
                for n in 1..9 {
                    let mut seen = Vec::new();
                    for part in Part::of(n, first, size) {
                        assert_eq!(part.taken.len(), size);
                        let (from, count) = part.counts;
                        for place in from..from + count {
                            let example = part.taken[place as usize];
                            assert_eq!((first as i64 + example) % size as i64, place);
                            seen.push(example);
                        }
                    }
                    assert_eq!(seen, (0..n as i64).collect::<Vec<_>>());
                }
            }
        }
    }
}
