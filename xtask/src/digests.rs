//! `cargo xtask digests`: fingerprints of what training, sampling and evaluation compute. They show whether a change of the code's
//! structure changed a number.
//!
//! Digests can be compared on one machine with one number of threads. Write them before a change with `--write FILE` and compare after
//! it with `--against FILE`.

use crate::arguments::Digests as Options;
use crate::cargo;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// The models that are trained: a name, and the values that differ from the preset `shapes`.
const MODELS: [(&str, &[&str]); 4] = [
    ("epsilon", &["model.parameterization=epsilon", "training.objective.measured=epsilon"]),
    ("x0-conditional", &["model.conditional=true"]),
    (
        "v-cosine",
        &[
            "model.parameterization=v",
            "training.objective.measured=v",
            "model.schedule={name=\"cosine\",offset=0.008,max_beta=0.999}",
        ],
    ),
    (
        "flow",
        &[
            "model.parameterization=velocity",
            "training.objective.measured=velocity",
            "model.schedule={name=\"rectified_flow\",shift=1.0}",
        ],
    ),
];

const SAMPLERS: [&str; 13] = [
    "ddpm",
    "ddim",
    "euler",
    "euler_ancestral",
    "heun",
    "dpmpp_2m",
    "dpmpp_2m_sde",
    "dpmpp_3m",
    "dpmpp_3m_sde",
    "unipc",
    "ode",
    "pc",
    "langevin",
];

/// Images that each model is trained on.
const IMAGES: &str = "2048";

/// Name and fingerprint of each result.
type Digests = BTreeMap<String, String>;

/// Computes the digests, prints them, and writes or compares them.
pub fn command(options: &Options) -> Result<()> {
    let binary = cargo::tweedie(options.binary.as_deref())?;
    let folder = std::env::temp_dir().join(format!("tweedie-digests-{}", std::process::id()));
    let found = all(&binary, &folder);
    let _ = std::fs::remove_dir_all(&folder);
    let found = found?;
    for (name, digest) in &found {
        println!("{name:<44} {digest}");
    }
    if let Some(path) = &options.write {
        std::fs::write(path, serde_json::to_string_pretty(&found)?)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    options.against.as_ref().map_or(Ok(()), |path| compare(&found, path))
}

fn compare(found: &Digests, path: &Path) -> Result<()> {
    let text = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let before: Digests = serde_json::from_slice(&text)?;
    let differ: Vec<&str> = before
        .iter()
        .filter(|(name, digest)| found.get(*name) != Some(digest))
        .map(|(name, _)| name.as_str())
        .collect();
    if !differ.is_empty() {
        bail!("{} of {} digests differ: {}", differ.len(), before.len(), differ.join(", "));
    }
    println!("all {} digests are equal to the stored ones", before.len());
    Ok(())
}

fn all(binary: &Path, folder: &Path) -> Result<Digests> {
    std::fs::create_dir_all(folder)?;
    let mut digests = Digests::new();
    for (name, changes) in MODELS {
        let runs = folder.join(name);
        let mut train = cargo::pinned(binary);
        train.args([
            "train",
            "--preset",
            "shapes",
            "--device",
            "cpu",
            "--threads",
            "2",
            "--set",
            "training.precision=f32",
        ]);
        for change in [
            &format!("training.images={IMAGES}"),
            "training.report.held_out=1000",
            "training.report.tick=500",
        ] {
            train.args(["--set", change]);
        }
        changes.iter().for_each(|change| {
            train.args(["--set", change]);
        });
        run(train.arg("--runs").arg(&runs))?;
        let model = runs.join("00000-shapes");
        let checkpoint = model.join("checkpoints/0000002048");
        for (what, file) in [
            ("averaged weights", "unet/diffusion_pytorch_model.safetensors"),
            ("training state", "resume/tensors.safetensors"),
        ] {
            digests.insert(format!("{name}: {what}"), of_tensors(&checkpoint.join(file))?);
        }
        digests.insert(format!("{name}: metrics"), of_metrics(&model.join("metrics.jsonl"))?);
        for sampler in SAMPLERS {
            digests
                .insert(format!("{name}: {sampler}"), sampled(binary, &model, folder, sampler, name, &[])?);
        }
        let more: [(&str, &[&str]); 3] = [
            ("micro-batch", &["--micro-batch", "3"]),
            ("threshold", &["--threshold", "0.9"]),
            ("guidance", &["--guidance", "2", "--guidance-rescale", "0.5"]),
        ];
        for (what, flags) in more {
            if what != "guidance" || name.contains("conditional") {
                digests
                    .insert(format!("{name}: {what}"), sampled(binary, &model, folder, "ddim", name, flags)?);
            }
        }
        let mut likelihood = cargo::pinned(binary);
        likelihood.args(["evaluate", "likelihood"]).arg(&model);
        likelihood.args([
            "-n",
            "3",
            "--levels",
            "trailing:20",
            "--flow",
            "--tolerance",
            "1e-2",
            "--device",
            "cpu",
        ]);
        run(likelihood.arg("--out").arg(folder))?;
        digests.insert(format!("{name}: likelihood"), of_report(&folder.join("likelihood.json"))?);
    }
    Ok(digests)
}

/// Samples four images and returns the digest of their values.
fn sampled(
    binary: &Path,
    model: &Path,
    folder: &Path,
    sampler: &str,
    name: &str,
    flags: &[&str],
) -> Result<String> {
    let numbers = folder.join("samples.safetensors");
    let mut sample = cargo::pinned(binary);
    sample.arg("sample").arg(model).args(["-n", "4", "--device", "cpu", "--sampler", sampler]).args(flags);
    if sampler != "ode" {
        sample.args(["--steps", "6"]);
    }
    if name.contains("conditional") {
        sample.args(["--class", "all"]);
    }
    run(sample.arg("--raw").arg(&numbers).arg("--out").arg(folder.join("samples.png")))?;
    of_tensors(&numbers)
}

fn run(command: &mut Command) -> Result<()> {
    command.env("OMP_WAIT_POLICY", "passive").stdout(Stdio::null());
    let output = command.output().context("tweedie could not be started")?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// The digest of a safetensors file without its header, which holds the command line.
fn of_tensors(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let length = bytes.first_chunk().map(|head| u64::from_le_bytes(*head) as usize);
    let data = length.and_then(|length| bytes.get(8 + length..));
    Ok(hex(data.with_context(|| format!("{} is not a safetensors file", path.display()))?))
}

/// The digest of the lines of a metrics file without their `clock`.
fn of_metrics(path: &Path) -> Result<String> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut kept = String::new();
    for line in text.lines() {
        let mut value: Value = serde_json::from_str(line)?;
        if let Some(object) = value.as_object_mut() {
            object.remove("clock");
        }
        kept.push_str(&value.to_string());
    }
    Ok(hex(kept.as_bytes()))
}

/// The digest of the figures of a likelihood report.
fn of_report(path: &Path) -> Result<String> {
    let report: Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let figures =
        ["/models/0/bound", "/models/0/flow"].map(|place| report.pointer(place).cloned().unwrap_or_default());
    Ok(hex(serde_json::to_string(&figures)?.as_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
