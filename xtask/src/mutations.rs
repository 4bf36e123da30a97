//! `cargo xtask mutations`: plants mistakes in a copy of `crates/math` and checks that the tests of its laws, alone, detect them.

use crate::cargo;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A mistake: its name, the file in `crates/math/src`, the original text, and its replacement.
struct Mistake(&'static str, &'static str, &'static str, &'static str);

const MISTAKES: &[Mistake] = &[
    Mistake(
        "an off-by-one in t",
        "process/discrete.rs",
        "log_alpha_bar[t.min(",
        "log_alpha_bar[(t + 1).min(",
    ),
    Mistake(
        "posterior's variance for the step's",
        "transition.rs",
        "variance: to.noise_rate() * to.noise_rate() * fresh",
        "variance: from.noise_rate() * from.noise_rate() * fresh",
    ),
    Mistake(
        "root of alpha-bar for root of alpha in the posterior",
        "transition.rs",
        "xt_coefficient: self.scale * kept",
        "xt_coefficient: self.to.signal_rate() * kept",
    ),
    Mistake(
        "root of alpha-bar for root of alpha in the mean",
        "transition.rs",
        "self.fresh * eps) / self.scale",
        "self.fresh * eps) / self.to.signal_rate()",
    ),
    Mistake(
        "x_0 for x_(t-1) in the kernel's mean",
        "transition.rs",
        "scale: to.signal_rate() / from.signal_rate()",
        "scale: to.signal_rate()",
    ),
    Mistake(
        "the noisier signal in the posterior",
        "transition.rs",
        "x0_coefficient: self.from",
        "x0_coefficient: self.to",
    ),
    Mistake(
        "a missing square in the posterior",
        "transition.rs",
        "* kept_noise * kept_noise",
        "* kept_noise",
    ),
    Mistake(
        "a missing square in KL",
        "gaussian.rs",
        "(mean_difference * mean_difference /",
        "(mean_difference.abs() /",
    ),
    Mistake("a missing square in the weight", "bound.rs", "0.5 * c * c * libm::exp", "0.5 * c * libm::exp"),
    Mistake("a dropped half in KL", "gaussian.rs", "    0.5 * (mean_difference", "    (mean_difference"),
    Mistake("a dropped half in the step's term", "bound.rs", "    0.5 * (squared", "    (squared"),
    Mistake("a dropped half in the weight", "bound.rs", "0.5 * c * c * libm::exp", "c * c * libm::exp"),
    Mistake("a dropped half in a table", "weighting.rs", "0.5 * c1 * c1 / beta", "c1 * c1 / beta"),
    Mistake("the other sign of a logarithm", "gaussian.rs", "libm::expm1(d) - d }", "libm::expm1(d) + d }"),
    Mistake(
        "a dropped 2 in the log-SNR",
        "level.rs",
        "2.0 * (libm::log(self.signal",
        "(libm::log(self.signal",
    ),
    Mistake(
        "a missing square in the optimal variance",
        "reverse.rs",
        "variance + c1 * c1 *",
        "variance + c1 *",
    ),
    Mistake(
        "the other sign in v",
        "parameterization.rs",
        "from_x0: -n, from_eps: s }",
        "from_x0: n, from_eps: s }",
    ),
    Mistake(
        "a missing square in Tweedie's formula",
        "parameterization.rs",
        "x0_from_out: n * n / s",
        "x0_from_out: n / s",
    ),
    Mistake(
        "a step too many in re-spacing",
        "process/discrete.rs",
        "self.log_alpha_bar[time]).collect",
        "self.log_alpha_bar[time.saturating_sub(1)]).collect",
    ),
    Mistake(
        "noise for signal in a score",
        "oracle/gaussian.rs",
        "|data, x| -x / data.marginal",
        "|data, x| x / data.marginal",
    ),
    Mistake(
        "a variance without its noise",
        "gaussian.rs",
        "self.variance * n * n / total",
        "self.variance * n / total",
    ),
    Mistake(
        "the decoder left out of the bound",
        "oracle/expected.rs",
        "0.5 * (LOG_TAU + log_variance + squared)",
        "0.5 * squared",
    ),
    Mistake(
        "sub-VP's noise without its square",
        "process/continuous/sub_vp.rs",
        "-libm::expm1(log_alpha_bar))",
        "libm::sqrt(-libm::expm1(log_alpha_bar)))",
    ),
];

/// Plants each mistake in turn. Returns an error if the laws do not detect one.
pub fn command() -> Result<()> {
    let root = cargo::workspace();
    let copy = root.join("target/mutations");
    copy_sources(&root, &copy)?;
    let mut missed = Vec::new();
    if !laws_hold(&copy)? {
        bail!("the tests of the laws fail without a planted mistake; nothing was planted");
    }
    for Mistake(name, file, there, planted) in MISTAKES {
        let path = copy.join("crates/math/src").join(file);
        let source = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        if !source.contains(there) {
            bail!("{file} no longer holds `{there}`; correct the list in xtask/src/mutations.rs");
        }
        std::fs::write(&path, source.replacen(there, planted, 1))?;
        let detected = !laws_hold(&copy)?;
        std::fs::write(&path, source)?;
        println!("{}  {name}", if detected { "detected" } else { "MISSED  " });
        if !detected {
            missed.push(*name);
        }
    }
    println!(
        "{} of {} planted mistakes were detected by the laws",
        MISTAKES.len() - missed.len(),
        MISTAKES.len()
    );
    if missed.is_empty() {
        Ok(())
    } else {
        bail!("mistakes that the laws do not detect: {}", missed.join(", "))
    }
}

/// Whether the tests of the laws pass in a copy.
fn laws_hold(copy: &Path) -> Result<bool> {
    let mut command = Command::new("cargo");
    command
        .args([
            "test",
            "--release",
            "--quiet",
            "--locked",
            "--package",
            "tweedie-math",
            "--test",
            "it",
            "laws::",
        ])
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", copy.join("target"))
        .env("PROPTEST_CASES", "64")
        .env("PROPTEST_MAX_SHRINK_ITERS", "0");
    let output = command.output().context("cargo could not be run")?;
    let text = String::from_utf8_lossy(&output.stdout).to_string();
    if !output.status.success() && !text.contains("test result") {
        bail!("a planted mistake does not compile: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.status.success())
}

/// Copies the files that cargo needs, without build output.
fn copy_sources(root: &Path, copy: &Path) -> Result<()> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .context("git ls-files")?;
    for name in String::from_utf8_lossy(&listed.stdout).lines() {
        let (from, to) = (root.join(name), copy.join(name));
        if !from.is_file() || name.ends_with(".png") {
            continue;
        }
        let folder: PathBuf = to.parent().map(Path::to_path_buf).unwrap_or_default();
        std::fs::create_dir_all(folder)?;
        std::fs::copy(&from, &to).with_context(|| name.to_string())?;
    }
    Ok(())
}
