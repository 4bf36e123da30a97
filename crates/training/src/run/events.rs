//! The TensorBoard event file of a run.

use super::find::set_aside;
use super::{Tick, failed};
use crate::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tweedie_files::MOST_LOG;
use tweedie_report::{damaged_at, event_file_head, events_until, image_record, scalar_record};

/// The open event file. Its steps are numbers of images seen.
#[derive(Debug)]
pub(super) struct Events {
    path: PathBuf,
    file: File,
    /// A sentence about damage that was found when the log was opened.
    pub(super) damage: Option<String>,
}

impl Events {
    pub(super) fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("events.out.tfevents.0.tweedie");
        let mut damage = None;
        if tweedie_files::is_there(&path)
            && let Err(reason) = tweedie_files::open_regular(&path)
        {
            let aside = set_aside(&path)?;
            damage = Some(format!("the log {} was renamed to {}: {reason}", path.display(), aside.display()));
        }
        let file =
            File::options().create(true).append(true).open(&path).map_err(failed("cannot open", &path))?;
        let mut events = Self { path, file, damage };
        if events.file.metadata().map_err(failed("cannot read", &events.path))?.len() == 0 {
            events.append(&event_file_head(now()))?;
        }
        Ok(events)
    }

    /// Removes records after an image count and incomplete records. Damaged records and all later ones are removed as well; a copy of the
    /// log is kept, and a sentence is returned.
    pub(super) fn cut_back(&self, images: u64) -> Result<Option<String>, Error> {
        let bytes =
            tweedie_files::read_bytes(&self.path, MOST_LOG).map_err(failed("cannot read", &self.path))?;
        let damage = match damaged_at(&bytes) {
            None => None,
            Some(at) => {
                // TensorBoard reads every file whose name contains "tfevents".
                let copy = self.path.with_file_name("events.set-aside");
                tweedie_files::write_file(&copy, &bytes)?;
                Some(format!(
                    "the log {} was damaged at byte {at} and continues from there; a copy is {}",
                    self.path.display(),
                    copy.display()
                ))
            }
        };
        let kept = events_until(&bytes, images) as u64;
        self.file.set_len(kept).map_err(failed("cannot shorten", &self.path))?;
        if kept == 0 {
            let mut file = &self.file;
            file.write_all(&event_file_head(now())).map_err(failed("cannot write", &self.path))?;
        }
        Ok(damage)
    }

    pub(super) fn record(&mut self, tick: &Tick) -> Result<(), Error> {
        let mut scalars = vec![
            ("loss/training".to_string(), tick.loss),
            ("gradient_norm".into(), tick.gradient_norm),
            ("learning_rate".into(), tick.learning_rate),
            ("clock/images_per_second".into(), tick.clock.images_per_second),
        ];
        if let Some(held_out) = &tick.held_out {
            scalars.push(("loss/held_out".into(), held_out.raw));
            scalars.push(("loss/held_out_averaged".into(), held_out.averaged));
            if let Some(accuracy) = &held_out.accuracy {
                scalars.push(("accuracy/held_out".into(), accuracy.raw));
                scalars.push(("accuracy/held_out_averaged".into(), accuracy.averaged));
            }
            for (i, bin) in held_out.bins.iter().enumerate() {
                scalars.push((format!("held_out_by_level/bin_{i}"), bin.averaged));
                if let Some(accuracy) = &bin.accuracy {
                    scalars.push((format!("accuracy_by_level/bin_{i}"), accuracy.averaged));
                }
            }
        }
        self.append(&scalar_record(tick.images, now(), &scalars))
    }

    pub(super) fn sheet(&mut self, images: u64, png: &[u8], size: [usize; 2]) -> Result<(), Error> {
        self.append(&image_record(images, now(), "samples", png, size))
    }

    fn append(&mut self, record: &[u8]) -> Result<(), Error> {
        self.file.write_all(record).map_err(failed("cannot write", &self.path))
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64())
}
