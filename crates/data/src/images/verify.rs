//! Decoding of a whole set in advance, which finds damaged files.

use super::{BadFiles, ImageFiles};
use crate::{Dataset, Error, Values};
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;

impl ImageFiles {
    /// Whether all decoded images together take at most `most_bytes`.
    pub fn fits(&self, most_bytes: u64) -> bool {
        let each = self.shape().n_values() as u64;
        (self.images().len() as u64).saturating_mul(each) <= most_bytes
    }

    /// Decodes every image on all cores and returns them in order. With [`BadFiles::Skip`], files that cannot be decoded are removed from the
    /// set. `progress` is called with the number of decoded images, and can stop the work.
    ///
    /// # Errors
    /// With [`BadFiles::Error`], the error of the first bad file in the order of names, with the number of other bad files; [`Error::NoData`]
    /// if no image of the set or of a class is left; [`Error::Stopped`].
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

    /// Removes the bad files and returns the decoded images in order.
    fn take_decoded(&mut self, decoded: Vec<Result<Vec<u8>, Error>>) -> Result<Vec<Values>, Error> {
        let bad = decoded.iter().filter(|result| result.is_err()).count();
        let mut good = HashMap::with_capacity(decoded.len() - bad);
        for (at, result) in self.images().to_vec().into_iter().zip(decoded) {
            match result {
                Ok(bytes) => drop(good.insert(at, bytes)),
                Err(_) if self.options.bad_files == BadFiles::Skip => self.leave_out(at),
                Err(Error::Image { name, reason }) if bad > 1 => {
                    let others =
                        if bad == 2 { "1 other file".into() } else { format!("{} other files", bad - 1) };
                    return Err(Error::Image {
                        name,
                        reason: format!("{reason}; {others} cannot be decoded, either"),
                    });
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
            // An image that is selected only now, because others were removed.
            None => self.read(*at),
        };
        let images = self.images().to_vec();
        images.iter().map(decoded).map(|bytes| bytes.map(Values::Bytes)).collect()
    }
}
