//! What a data set holds, as lines.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use tweedie_applications::recipes::{DataConfig, RunConfig};
use tweedie_data::{Dataset, Shape, Values, shapes};
use tweedie_training::TrainingData;

/// Images that are looked at, at most.
const COUNTED: u64 = 10_000;

/// The lines.
pub fn statistics(config: &RunConfig, data: &TrainingData) -> anyhow::Result<Vec<String>> {
    let shown = data.shown.as_ref();
    let shape = shown.shape();
    let (what, of_each) =
        if shape.as_image().is_some() { ("image", "channel") } else { ("point", "coordinate") };
    let held = data.held_out.as_ref().and_then(|part| part.len()).unwrap_or(0);
    let count = match shown.len() {
        Some(len) => format!("{len} {what}s to train on, {held} held out"),
        None => "without end".into(),
    };
    let size = match shape.as_image() {
        Some([channels, height, width]) => format!("{channels} channels, {height}x{width}"),
        None => format!("{} coordinates", shape.n_values()),
    };
    let mut lines = vec![format!("{}: {count}, {size}", shown.name())];
    lines.extend(sizes(config)?);
    let seen = look(config, shown)?;
    lines.push(format!(
        "mean and deviation per {of_each}{}, of {}: {}",
        seen.unit,
        seen.n,
        seen.moments.join(", ")
    ));
    lines.extend(classes(shown, &seen));
    lines.push(match seen.duplicates.first() {
        None => format!("no {what} of the first {} is there twice", seen.n),
        Some((again, first)) => format!(
            "{} {what}s of the first {} are there before, such as {again}, which is {first}",
            seen.duplicates.len(),
            seen.n
        ),
    });
    if seen.captions > 0 {
        lines.push(format!("{} of {} have captions", seen.captions, seen.n));
    }
    if seen.accepted.1 > 0 {
        lines.push(format!("the analyser recognises {} of the first {}", seen.accepted.0, seen.accepted.1));
    }
    let left_out = shown.left_out();
    if let Some(first) = left_out.first() {
        lines.push(format!("{} files were left out, such as {first}", left_out.len()));
    }
    Ok(lines)
}

/// The sizes of image files before they are scaled.
fn sizes(config: &RunConfig) -> anyhow::Result<Vec<String>> {
    let DataConfig::Folder(folder) = &config.data else { return Ok(Vec::new()) };
    let (sizes, bad) = folder.files()?.sizes();
    let mut common: Vec<_> = sizes.iter().map(|(size, n)| (*n, *size)).collect();
    common.sort_by(|a, b| b.cmp(a));
    let row = |(n, [height, width]): &(u64, [usize; 2])| format!("{n} of {height}x{width}");
    let mut listed: Vec<String> = common.iter().take(6).map(row).collect();
    if common.len() > 6 {
        listed.push(format!("{} other sizes", common.len() - 6));
    }
    let mut lines = vec![format!("files: {} (fitted by {:?})", listed.join(", "), folder.fit).to_lowercase()];
    if let Some(first) = bad.first() {
        lines.push(format!("{} files are no images that can be read, such as {first}", bad.len()));
    }
    Ok(lines)
}

/// What was counted.
struct Seen {
    n: u64,
    unit: &'static str,
    moments: Vec<String>,
    classes: BTreeMap<u32, u64>,
    /// An image's key and that of an equal one before it.
    duplicates: Vec<(String, String)>,
    captions: u64,
    accepted: (u64, u64),
}

fn look(config: &RunConfig, data: &dyn Dataset) -> anyhow::Result<Seen> {
    let shape = data.shape();
    let plane = (shape.n_values() / shape.channels()).max(1);
    let n = data.len().unwrap_or(1000).min(COUNTED);
    let mut sums = vec![(0.0, 0.0); shape.channels()];
    let mut first_of = HashMap::<u64, u64>::new();
    let analysed = Shape::of(&shape).filter(|_| matches!(config.data, DataConfig::Shapes { .. }));
    let mut seen = Seen {
        n,
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
            // Equal hashes: the images themselves decide.
            std::collections::hash_map::Entry::Occupied(first) => {
                if data.values(*first.get())? == example.values {
                    seen.duplicates.push((data.key(index), data.key(*first.get())));
                }
            }
        }
        if let Some(label) = example.label {
            *seen.classes.entry(label).or_default() += 1;
        }
        // An image without a caption is called by its class.
        let class = example.label.and_then(|label| class_names.get(label as usize));
        seen.captions += u64::from(!example.caption.is_empty() && class != Some(&example.caption));
        if let Some(shape) = analysed {
            seen.accepted.0 += u64::from(shapes::analyse(example.image(), shape).accepted());
            seen.accepted.1 += 1;
        }
    }
    let total = (n * plane as u64) as f64;
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
        // Sets lie class by class: the first images say nothing of the shares.
        return Some(format!("{} classes: {}", names.len(), short(names.into_iter())));
    }
    let shares = seen.classes.iter().map(|(label, count)| {
        let name = names.get(*label as usize).cloned().unwrap_or_else(|| label.to_string());
        format!("{name} {:.1}%", 100.0 * *count as f64 / seen.n as f64)
    });
    Some(format!("{} classes: {}", names.len(), short(shares)))
}

/// The first of a list, and how many more there are.
fn short(list: impl ExactSizeIterator<Item = String>) -> String {
    let more = list.len().saturating_sub(12);
    let mut said: Vec<String> = list.take(12).collect();
    if more > 0 {
        said.push(format!("and {more} more"));
    }
    said.join(", ")
}
