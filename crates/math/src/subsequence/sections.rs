//! The sub-sequences of OpenAI's diffusion code: sections with a count each, and strides.

use crate::Error;

/// Cuts T times into one section per count, of nearly equal lengths, and spreads each section's count of times evenly over it, both
/// ends included. The times are descending. A single count spreads its times over all T.
///
/// # Errors
/// [`Error::Parameter`] for a section that is shorter than its count, for no sections, and if all counts are 0.
pub(super) fn sections(last: usize, counts: &[usize]) -> Result<Vec<usize>, Error> {
    if counts.is_empty() {
        let allowed = "at least 1";
        return Err(Error::Parameter { name: "the number of sections", found: 0.0, allowed });
    }
    let (size, longer) = (last / counts.len(), last % counts.len());
    let (mut start, mut times) = (0, Vec::new());
    for (section, &count) in counts.iter().enumerate() {
        let size = size + usize::from(section < longer);
        if count > size {
            let allowed = "at most the length of the section, which is T divided by the number of sections";
            return Err(Error::Parameter { name: "a section's count", found: count as f64, allowed });
        }
        let stride = if count <= 1 { 1.0 } else { (size - 1) as f64 / (count - 1) as f64 };
        // The places are accumulated as in OpenAI's code. A product would round ties differently.
        let mut place = 0.0f64;
        for _ in 0..count {
            times.push(1 + start + place.round_ties_even() as usize);
            place += stride;
        }
        start += size;
    }
    if times.is_empty() {
        let allowed = "at least 1 in some section";
        return Err(Error::Parameter { name: "a section's count", found: 0.0, allowed });
    }
    times.reverse();
    times.dedup();
    Ok(times)
}

/// The times 1, 1 + k, 1 + 2k, … in descending order, with the least integer stride k that gives exactly n times ("ddimN" in
/// OpenAI's code).
///
/// # Errors
/// [`Error::Parameter`] if no stride gives n times.
pub(super) fn strided(last: usize, n: usize) -> Result<Vec<usize>, Error> {
    match (1..last.max(2)).find(|stride| last.div_ceil(*stride) == n) {
        Some(stride) => Ok((0..n).rev().map(|i| 1 + i * stride).collect()),
        None => {
            let allowed = "a number that an integer stride through the trained levels gives";
            Err(Error::Parameter { name: "the number of strided steps", found: n as f64, allowed })
        }
    }
}
