//! The file of remembered measurements.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;
use tweedie_files::{MOST_SETTINGS, read_text, write_file};
use tweedie_math::Short;
use tweedie_networks::Network;
use tweedie_torch::{KERNELS, machine};

/// The number of measurements that are kept; the oldest are dropped.
const MOST: usize = 256;

/// Everything on which the speed of a computation depends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// The computation: training or sampling.
    pub(super) work: String,
    /// The class of the network, and the checksum of its configuration.
    pub(super) network: String,
    /// The sides of an example.
    pub(super) shape: Vec<usize>,
    /// The number of examples that are computed at once.
    pub(super) batch: usize,
    /// The names of the modes.
    pub(super) modes: Vec<String>,
    device: String,
    processor: String,
    cpu_capability: String,
    threads: i32,
    libtorch: String,
    kernels: u32,
}

/// A measurement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Measurement {
    pub(super) case: Case,
    /// The number of examples that were measured.
    pub(super) examples: usize,
    /// The median milliseconds for one example in each mode; null for a mode that is too slow to be measured.
    pub(super) milliseconds: Vec<Option<f64>>,
    /// The index of the chosen mode.
    pub(super) chosen: usize,
}

impl Case {
    /// The case of a network on this machine.
    pub(super) fn of(
        work: &str,
        network: &dyn Network,
        shape: &[usize],
        batch: usize,
        modes: Vec<String>,
    ) -> Self {
        let machine = machine();
        let checksum = tweedie_files::checksum_of_bytes(network.config().to_string().as_bytes());
        Self {
            work: work.to_string(),
            network: format!("{} {checksum}", network.class_name()),
            shape: shape.to_vec(),
            batch,
            modes,
            device: format!("{:?}", network.parameters().device()),
            processor: machine.processor,
            cpu_capability: machine.cpu_capability,
            threads: machine.threads,
            libtorch: machine.libtorch,
            kernels: KERNELS,
        }
    }
}

impl fmt::Display for Measurement {
    /// The times of the modes, that of the chosen one first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |mode: usize| self.milliseconds[mode].map(|time| Short(rounded(time)));
        let modes = &self.case.modes;
        f.write_str("measured in ms per example: ")?;
        let others = (0..modes.len()).filter(|mode| *mode != self.chosen);
        for (place, mode) in std::iter::once(self.chosen).chain(others).enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            match time(mode) {
                Some(time) => write!(f, "{comma}{} {time}", modes[mode])?,
                None => write!(f, "{comma}{} much longer", modes[mode])?,
            }
        }
        Ok(())
    }
}

/// A number with three significant digits.
fn rounded(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
}

/// The measurement of a case, if the file holds one that is consistent.
pub(super) fn recall(file: &Path, case: &Case) -> Option<Measurement> {
    let found = all(file).into_iter().rev().find(|measurement| measurement.case == *case)?;
    let n = case.modes.len();
    (found.milliseconds.len() == n && found.chosen < n).then_some(found)
}

/// Adds a measurement to the file. A file that cannot be written is reported to the log, because only time is lost.
pub(super) fn remember(file: &Path, measurement: Measurement) {
    let mut kept = all(file);
    kept.retain(|other| other.case != measurement.case);
    kept.push(measurement);
    let kept = &kept[kept.len().saturating_sub(MOST)..];
    let written = || -> Result<(), String> {
        let text = serde_json::to_string_pretty(kept).map_err(|error| error.to_string())?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
        }
        write_file(file, text.as_bytes()).map_err(|error| error.to_string())
    };
    if let Err(reason) = written() {
        tracing::warn!("the measured speed is not remembered: {reason}");
    }
}

/// The measurements of a file; none if it is missing or damaged, because they can be made again.
fn all(file: &Path) -> Vec<Measurement> {
    if !tweedie_files::is_there(file) {
        return Vec::new();
    }
    let read = read_text(file, MOST_SETTINGS).map_err(|error| error.to_string());
    let parsed = read.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
    parsed.unwrap_or_else(|reason| {
        tracing::warn!("{} is ignored and will be replaced: {reason}", file.display());
        Vec::new()
    })
}

#[cfg(test)]
mod tests {
    use super::{Case, MOST, Measurement, all, recall, remember};
    use serde_json::json;
    use tch::Device;
    use tweedie_networks::Registry;

    fn case(batch: usize) -> Case {
        let config = json!({ "dimensions": 2, "outputs": 2, "width": 8, "blocks": 1 });
        let network = Registry::default().build("PointMlp", &config, Device::Cpu, 0).unwrap();
        Case::of("training", network.as_ref(), &[2], batch, vec!["f32".into(), "bf16".into(), "f8".into()])
    }

    fn measurement(case: &Case, chosen: usize) -> Measurement {
        Measurement {
            case: case.clone(),
            examples: 4,
            milliseconds: vec![Some(0.1), Some(1.0 / 3.0), None],
            chosen,
        }
    }

    #[test]
    fn a_measurement_is_recalled_for_its_own_case() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deep/speed.json");
        assert_eq!(recall(&file, &case(8)), None);
        remember(&file, measurement(&case(8), 1));
        remember(&file, measurement(&case(16), 0));
        assert_eq!(recall(&file, &case(8)), Some(measurement(&case(8), 1)));
        assert_eq!(recall(&file, &case(9)), None);
        remember(&file, measurement(&case(8), 0));
        assert_eq!(recall(&file, &case(8)).unwrap().chosen, 0);
        assert_eq!(all(&file).len(), 2);
        assert_eq!(
            recall(&file, &case(16)).unwrap().to_string(),
            "measured in ms per example: f32 0.1, bf16 0.333, f8 much longer"
        );
    }

    #[test]
    fn the_file_stays_small_and_may_be_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("speed.json");
        for batch in 1..=MOST + 3 {
            remember(&file, measurement(&case(batch), 0));
        }
        assert_eq!(all(&file).len(), MOST);
        assert!(recall(&file, &case(3)).is_none() && recall(&file, &case(4)).is_some());
        std::fs::write(&file, "[{").unwrap();
        assert_eq!(recall(&file, &case(4)), None);
        remember(&file, measurement(&case(4), 7));
        // A mode that does not exist is not used.
        assert_eq!(recall(&file, &case(4)), None);
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        remember(&file, measurement(&case(4), 0));
        assert_eq!(recall(&file, &case(4)), None);
    }
}
