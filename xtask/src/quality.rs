//! `cargo xtask quality`: trains a small model, evaluates its samples, and fails if a measure is outside its recorded bound.
//!
//! It is not part of `test`, because it takes some minutes and the measures are statistics of one short training.

use crate::arguments::Quality;
use crate::cargo;
use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Images of the training, and samples that are evaluated.
const IMAGES: &str = "40000";
const SAMPLES: &str = "512";

/// The place of a figure in the report, its name, the recorded value, the margin, and whether larger is better.
///
/// Recorded once with the preset `shapes`, seed 0, 40,000 images, bf16 on one thread, 512 samples. The margins are chosen,
/// not measured: wide enough for another seed or kernel by judgement, narrow enough that a wrong objective or sampler breaks
/// one (each of the other objectives in `docs/presets.md` breaks at least one).
type Bound = (&'static str, &'static str, f64, f64, bool);
const BOUNDS: [Bound; 5] = [
    ("/shapes/recognised", "share recognised by the analyser", 0.561, 0.15, true),
    ("/shapes/histogram_distance", "distance of the attributes' histograms", 0.204, 0.12, false),
    ("/report/samples/frechet", "Fréchet distance of pixels", 1.010, 1.2, false),
    ("/report/samples/manifold/precision", "precision", 0.844, 0.15, true),
    ("/report/samples/manifold/recall", "recall", 0.865, 0.15, true),
];

/// Trains, samples and evaluates; the changes of the options apply to the training.
pub fn command(options: &Quality) -> Result<()> {
    let binary = cargo::tweedie(None)?;
    let folder =
        cargo::release_folder()?.parent().context("the target folder has no parent")?.join("quality");
    let _ = std::fs::remove_dir_all(&folder);
    let runs = folder.join("runs");
    let mut train = cargo::pinned(&binary);
    train.args(["train", "--preset", "shapes", "--set", &format!("training.images={IMAGES}"), "--runs"]);
    train.arg(&runs).args(options.set.iter().flat_map(|change| ["--set", change]));
    cargo::check(train, "tweedie train")?;
    let mut evaluate = cargo::pinned(&binary);
    evaluate.args(["evaluate", "samples"]).arg(runs.join("00000-shapes"));
    evaluate.args(["-n", SAMPLES, "--reference", "4000", "--precision", "auto", "--out"]).arg(&folder);
    cargo::check(evaluate, "tweedie evaluate")?;

    let path = folder.join("samples.json");
    let text = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let report: Value = serde_json::from_slice(&text)?;
    let mut broken = Vec::new();
    println!("\n{:<40} {:>9} {:>9} {:>9}", "figure", "found", "recorded", "bound");
    for (place, name, recorded, margin, more_is_better) in BOUNDS {
        let found = report.pointer(place).and_then(Value::as_f64);
        let found = found.with_context(|| format!("{} holds no {place}", path.display()))?;
        let bound = if more_is_better { recorded - margin } else { recorded + margin };
        let holds = if more_is_better { found >= bound } else { found <= bound };
        println!(
            "{name:<40} {found:>9.3} {recorded:>9.3} {bound:>9.3}{}",
            if holds { "" } else { "  outside" }
        );
        if !holds {
            broken.push(name);
        }
    }
    if !broken.is_empty() {
        bail!("these figures are outside their bounds: {}", broken.join(", "));
    }
    println!("\nevery figure is within its bound");
    Ok(())
}
