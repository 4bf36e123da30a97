//! Decoding a whole set before it is used, so that a damaged file is found at once.

use super::{BadFiles, ImageFiles};
use crate::{Dataset, Error, Values};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;

impl ImageFiles {
    /// Whether all decoded images together take at most so many bytes.
    pub fn fits(&self, most_bytes: u64) -> bool {
        let each = self.shape().n_values() as u64;
        (self.images().len() as u64).saturating_mul(each) <= most_bytes
    }

    /// Decodes every image, on all cores. Files that cannot be decoded are left out with [`BadFiles::Skip`]: they are part of no class and
    /// no longer counted. `progress` is called with the number of decoded images, and can stop the work.
    ///
    /// # Errors
    /// With [`BadFiles::Error`] the error of the first bad file by name, and how many there are; [`Error::NoData`] where no image is left;
    /// [`Error::Stopped`].
    pub fn decode_all(
        &mut self,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Vec<Values>, Error> {
        let n = self.images().len();
        let mut decoded: Vec<Option<Result<Vec<u8>, Error>>> = (0..n).map(|_| None).collect();
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(n.max(1));
        std::thread::scope(|scope| {
            let (sender, results) = channel();
            for _ in 0..threads {
                let (sender, next, stop, files) = (sender.clone(), &next, &stop, &*self);
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        let Some(&at) = files.images().get(i) else { break };
                        if sender.send((i, files.read(at))).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            for (done, (i, result)) in (1..).zip(results) {
                decoded[i] = Some(result);
                if progress(done).is_break() {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        });
        if stop.into_inner() {
            return Err(Error::Stopped);
        }
        self.take_decoded(decoded.into_iter().flatten().collect())
    }

    /// The decoded images in order, after bad ones were left out.
    fn take_decoded(&mut self, decoded: Vec<Result<Vec<u8>, Error>>) -> Result<Vec<Values>, Error> {
        let bad = decoded.iter().filter(|result| result.is_err()).count();
        let mut good = HashMap::with_capacity(decoded.len() - bad);
        for (at, result) in self.images().to_vec().into_iter().zip(decoded) {
            match result {
                Ok(bytes) => drop(good.insert(at, bytes)),
                Err(_) if self.options.bad_files == BadFiles::Skip => self.leave_out(at),
                Err(Error::Image { name, reason }) if bad > 1 => {
                    let others = if bad == 2 {
                        "1 other file is".into()
                    } else {
                        format!("{} other files are", bad - 1)
                    };
                    return Err(Error::Image { name, reason: format!("{reason}; {others} bad, too") });
                }
                Err(error) => return Err(error),
            }
        }
        if bad > 0 {
            let left: Vec<usize> =
                self.contents.images.iter().copied().filter(|at| !self.is_left_out(*at)).collect();
            self.arrange(&left)?;
        }
        let decoded = |at: &usize| match good.remove(at) {
            Some(bytes) => Ok(bytes),
            // One that has become part of the set because another one was left out.
            None => self.read(*at),
        };
        let images = self.images().to_vec();
        images.iter().map(decoded).map(|bytes| bytes.map(Values::Bytes)).collect()
    }
}
