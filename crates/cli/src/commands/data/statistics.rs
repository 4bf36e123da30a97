//! Statistics of a data set as lines of text.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use tweedie_applications::recipes::{DataConfig, RunConfig};
use tweedie_data::{Dataset, Shape, Values, shapes};
use tweedie_training::TrainingData;

/// The maximum number of examples that are examined.
const COUNTED: u64 = 10_000;

/// The statistics of the training data, one per line.
pub fn statistics(config: &RunConfig, data: &TrainingData) -> anyhow::Result<Vec<String>> {
    let shown = data.shown.as_ref();
    let shape = shown.shape();
    let (what, of_each) =
        if shape.as_image().is_some() { ("image", "channel") } else { ("point", "coordinate") };
    let held = data.held_out.as_ref().and_then(|part| part.len()).unwrap_or(0);
    let count = match shown.len() {
        Some(len) => format!("{len} {what}s to train on, {held} held out"),
        None => "unlimited".into(),
    };
    let size = match shape.as_image() {
        Some([channels, height, width]) => format!("{channels} channels, {height}x{width}"),
        None => format!("{} coordinates", shape.n_values()),
    };
    let mut lines = vec![format!("{}: {count}, {size}", shown.name())];
    lines.extend(shown.notices());
    // First, since it may find damaged files.
    let seen = examine(config, shown)?;
    lines.extend(sizes(config, shown)?);
    lines.push(format!(
        "mean and standard deviation per {of_each}{}, over {} examples: {}",
        seen.unit,
        seen.n,
        seen.moments.join(", ")
    ));
    lines.extend(classes(shown, &seen));
    lines.push(match seen.duplicates.first() {
        None => format!("no duplicates among the first {} {what}s", seen.n),
        Some((again, first)) => format!(
            "{} of the first {} {what}s are duplicates, such as {again}, which equals {first}",
            seen.duplicates.len(),
            seen.n
        ),
    });
    if seen.captions > 0 {
        lines.push(format!("{} of {} have captions", seen.captions, seen.n));
    }
    if seen.accepted.1 > 0 {
        lines.push(format!(
            "the analyser recognises {} of the first {} images",
            seen.accepted.0, seen.accepted.1
        ));
    }
    let left_out = shown.left_out();
    if let Some(first) = left_out.first() {
        lines.push(format!("{} files were skipped, such as {first}", left_out.len()));
    }
    Ok(lines)
}

/// The sizes of the image files before scaling.
fn sizes(config: &RunConfig, shown: &dyn Dataset) -> anyhow::Result<Vec<String>> {
    let DataConfig::Folder(folder) = &config.data else { return Ok(Vec::new()) };
    let files = folder.files()?;
    files.skip(shown.left_out());
    let (sizes, bad) = files.sizes();
    let mut common: Vec<_> = sizes.iter().map(|(size, n)| (*n, *size)).collect();
    common.sort_by(|a, b| b.cmp(a));
    let row = |(n, [height, width]): &(u64, [usize; 2])| format!("{n} of {height}x{width}");
    let mut listed: Vec<String> = common.iter().take(6).map(row).collect();
    if common.len() > 6 {
        listed.push(format!("{} other sizes", common.len() - 6));
    }
    let mut lines = vec![format!("files: {} (fitted by {:?})", listed.join(", "), folder.fit).to_lowercase()];
    if let Some(first) = bad.first() {
        lines.push(format!("{} files are not readable images, such as {first}", bad.len()));
    }
    Ok(lines)
}

/// Statistics of the examined examples.
struct Seen {
    n: u64,
    unit: &'static str,
    moments: Vec<String>,
    classes: BTreeMap<u32, u64>,
    /// The keys of a duplicate and of the first example that it equals.
    duplicates: Vec<(String, String)>,
    captions: u64,
    accepted: (u64, u64),
}

fn examine(config: &RunConfig, data: &dyn Dataset) -> anyhow::Result<Seen> {
    let shape = data.shape();
    let plane = (shape.n_values() / shape.channels()).max(1);
    let n = data.len().unwrap_or(1000).min(COUNTED);
    let mut sums = vec![(0.0, 0.0); shape.channels()];
    let mut first_of = HashMap::<u64, u64>::new();
    let analysed = Shape::of(&shape).filter(|_| matches!(config.data, DataConfig::Shapes { .. }));
    let mut seen = Seen {
        n: 0,
        unit: " (0 to 1)",
        moments: Vec::new(),
        classes: BTreeMap::new(),
        duplicates: Vec::new(),
        captions: 0,
        accepted: (0, 0),
    };
    let class_names = data.class_names();
    for index in 0..n {
        let example = data.get(index)?;
        // In its place another image was returned.
        let left_out = data.left_out();
        if !left_out.is_empty() && left_out.contains(&data.key(index)) {
            continue;
        }
        seen.n += 1;
        let mut hasher = DefaultHasher::new();
        let values: Vec<f64> = match &example.values {
            Values::Bytes(bytes) => {
                bytes.hash(&mut hasher);
                bytes.iter().map(|&byte| f64::from(byte) / 255.0).collect()
            }
            Values::Floats(floats) => {
                seen.unit = "";
                floats.iter().for_each(|value| value.to_bits().hash(&mut hasher));
                floats.iter().map(|&value| f64::from(value)).collect()
            }
        };
        for (at, value) in values.iter().enumerate() {
            let (sum, square) = &mut sums[at / plane];
            (*sum, *square) = (*sum + value, *square + value * value);
        }
        match first_of.entry(hasher.finish()) {
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(index);
            }
            // Equal hashes are confirmed by comparing the values.
            std::collections::hash_map::Entry::Occupied(first) => {
                if data.values(*first.get())? == example.values {
                    seen.duplicates.push((data.key(index), data.key(*first.get())));
                }
            }
        }
        if let Some(label) = example.label {
            *seen.classes.entry(label).or_default() += 1;
        }
        // The caption of an image without one is the name of its class.
        let class = example.label.and_then(|label| class_names.get(label as usize));
        seen.captions += u64::from(!example.caption.is_empty() && class != Some(&example.caption));
        if let Some(shape) = analysed {
            seen.accepted.0 += u64::from(shapes::analyse(example.image(), shape).accepted());
            seen.accepted.1 += 1;
        }
    }
    let total = (seen.n * plane as u64) as f64;
    seen.moments = sums
        .iter()
        .map(|(sum, square)| {
            let mean = sum / total;
            format!("{mean:.3}±{:.3}", (square / total - mean * mean).max(0.0).sqrt())
        })
        .collect();
    Ok(seen)
}

fn classes(data: &dyn Dataset, seen: &Seen) -> Option<String> {
    let names = data.class_names();
    if seen.classes.is_empty() {
        return None;
    }
    if data.len().is_some_and(|len| len > seen.n) {
        // Data sets are often ordered by class, so the first images do not show the shares of the classes.
        return Some(format!("{} classes: {}", names.len(), short(names.into_iter())));
    }
    let shares = seen.classes.iter().map(|(label, count)| {
        let name = names.get(*label as usize).cloned().unwrap_or_else(|| label.to_string());
        format!("{name} {:.1}%", 100.0 * *count as f64 / seen.n as f64)
    });
    Some(format!("{} classes: {}", names.len(), short(shares)))
}

/// The first items of a list and the number of the others.
fn short(list: impl ExactSizeIterator<Item = String>) -> String {
    let more = list.len().saturating_sub(12);
    let mut shown: Vec<String> = list.take(12).collect();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}
