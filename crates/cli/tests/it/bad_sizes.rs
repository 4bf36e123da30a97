//! Sizes, counts and numbers that are in the range of their type, but not in that of memory, of f32 or of the stack.

use crate::{copy_of_checkpoint, place, refused, train, tweedie};
use serde_json::{Value, json};
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A folder with a copy of the checkpoint.
fn with_copy() -> TempDir {
    let place = place();
    copy_of_checkpoint(&place.path().join("ck"));
    place
}

/// Sets a value of a JSON file of the copy by its pointer, and returns the text before.
fn set(folder: &Path, file: &str, pointer: &str, value: Value) -> String {
    let path = folder.join("ck").join(file);
    let before = std::fs::read_to_string(&path).unwrap();
    let mut json: Value = serde_json::from_str(&before).unwrap();
    *json.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    std::fs::write(&path, json.to_string()).unwrap();
    before
}

/// Refuses a training with one more setting, also as a dry run.
#[track_caller]
fn refuses(setting: &str, words: &[&str]) {
    let place = place();
    for more in [&["--set", setting][..], &["--set", setting, "--dry-run"]] {
        refused(place.path(), &mut train(place.path(), more), words);
    }
}

/// A small file does not decide how much memory is taken.
#[test]
fn networks_beyond_their_weights_are_refused_before_memory_is_taken() {
    let place = with_copy();
    let folder = place.path();
    for (key, value, words) in [
        (
            "/block_out_channels",
            json!([65536, 65536]),
            &["unet/config.json", "more than 8589934592 values"][..],
        ),
        ("/layers_per_block", json!(1_000_000), &["unet/config.json", "more than 65536 tensors"]),
        // Within the limits of a network, but not the network of these weights.
        ("/block_out_channels", json!([4096, 4096]), &["does not fit the network", "conv_in.weight"]),
        ("/layers_per_block", json!(500), &["does not fit the network", "missing"]),
    ] {
        let before = set(folder, "unet/config.json", key, value);
        let began = Instant::now();
        refused(folder, tweedie(folder).args(["sample", "ck", "-n", "1"]), words);
        assert!(began.elapsed() < Duration::from_secs(60), "{key}");
        std::fs::write(folder.join("ck/unet/config.json"), before).unwrap();
    }
    let words = ["number of values of an example", "at most 268435456"];
    set(folder, "tweedie.json", "/about/data", json!([3, 1 << 20, 1 << 20]));
    refused(folder, tweedie(folder).args(["sample", "ck", "-n", "1"]), &words);
}

#[test]
fn trainings_beyond_the_memory_are_refused_before_it_is_taken() {
    refuses("network.block_out_channels=[65536, 65536]", &["more than 8589934592 values"]);
    refuses("network.layers_per_block=1000000", &["more than 65536 tensors"]);
    let place = place();
    let large = ["--set", "data.height=1024", "--set", "data.width=1024", "--set", "training.batch=1048576"];
    for more in [&large[..], &[&large[..], &["--dry-run"]].concat()] {
        let words = ["training needs at least 12288", "a batch of 1048576 examples", "the machine has"];
        refused(place.path(), &mut train(place.path(), more), &words);
    }
}

#[test]
fn rules_of_too_many_levels_are_refused() {
    let place = with_copy();
    let folder = place.path();
    for rule in
        ["karras:1000000000", "log_snr:1000000000", "edm:1000000000", "flow:1000000000,2", "ddim1000000000"]
    {
        let words = ["1000000000", "at most 1000000"];
        refused(folder, tweedie(folder).args(["sample", "ck", "--levels", rule]), &words);
        refuses(&format!("sampling.levels={rule}"), &[&words[..], &["sampling.levels"]].concat());
        let before = set(folder, "tweedie.json", "/denoiser/sampling", json!({ "levels": rule }));
        refused(folder, tweedie(folder).args(["sample", "ck"]), &[&words[..], &["tweedie.json"]].concat());
        std::fs::write(folder.join("ck/tweedie.json"), before).unwrap();
    }
    let offset = json!({ "spacing": "leading", "steps_offset": u64::MAX, "steps": 10 });
    set(folder, "tweedie.json", "/denoiser/sampling", offset);
    refused(folder, tweedie(folder).args(["sample", "ck"]), &["steps_offset"]);
}

#[test]
fn numbers_that_f32_does_not_hold_are_refused() {
    for setting in [
        "sampling.clip=1e308",
        "sampling.clip=1e-300",
        "sampling.options.clip.threshold_most=1e308",
        "sampling.options.heun.churn=1e308",
        "sampling.options.heun.noise=1e308",
        "sampling.options.pc.snr=1e308",
        "sampling.options.langevin.friction=1e308",
        "network.norm_eps=1e308",
        "network.mid_block_scale_factor=1e-300",
        "training.optimizer.max_grad_norm=1e308",
        "training.optimizer.max_grad_norm=1e-300",
        "training.objective.vlb_weight=1e308",
        "training.objective.max_weight=1e308",
        "training.ema_half_life=1e308",
        "training.objective.levels={kind=\"normal_log_snr\",mean=1e308,std=1.0}",
        "model.schedule={name=\"ve\",sigma_max=1e308}",
        "model.schedule={name=\"edm\",sigma_min=1e-300}",
        "model.schedule={name=\"rectified_flow\",shift=1e308}",
        "model.parameterization={edm={sigma_data=1e308}}",
        "model.conditioning={time={scale=1e308}}",
    ] {
        let number = if setting.contains("1e-300") { "1e-300" } else { "1e308" };
        let place = place();
        // The preset measures an output, which determines the weighting.
        let measured = ["--set", "training.objective.measured=null"];
        let free = if setting.contains("weighting") { &measured[..] } else { &[] };
        let mut command = train(place.path(), &[&["--set", setting, "--dry-run"], free].concat());
        refused(place.path(), &mut command, &[number]);
    }
    let place = with_copy();
    let folder = place.path();
    for flags in [
        &["--clip", "1e308"][..],
        &["--clip", "1e-300"],
        &["--churn", "1e308", "--sampler", "heun"],
        &["--churn-noise", "1e308", "--sampler", "heun"],
        &["--corrector-snr", "1e308", "--sampler", "pc"],
        &["--langevin-epsilon", "1e308", "--sampler", "langevin"],
        &["--tolerance", "1e308", "--sampler", "ode"],
    ] {
        refused(folder, tweedie(folder).args(["sample", "ck"]).args(flags), &[flags[1], "it must be"]);
    }
    for (pointer, value, words) in [
        ("/denoiser/sampling/clip", json!(1e308), &["clip", "1e308"][..]),
        ("/about/range", json!({ "low": -1e308, "high": 1.0 }), &["range", "-1e308"]),
        ("/about/range", json!({ "low": 1.0, "high": 1.0 }), &["width of the range", "0"]),
        ("/about/conditioning", json!({ "time": { "scale": 1e308 } }), &["scale", "1e308"]),
    ] {
        let before = set(folder, "tweedie.json", pointer, value);
        refused(folder, tweedie(folder).args(["sample", "ck"]), words);
        std::fs::write(folder.join("ck/tweedie.json"), before).unwrap();
    }
}

/// An error names a number without hundreds of zeros.
#[test]
fn great_numbers_are_printed_short() {
    let place = place();
    for setting in [
        "training.optimizer.learning_rate=1e308",
        "network.dropout=1e308",
        "network.in_channels=1e308",
        "held_out=1e308",
    ] {
        let output = train(place.path(), &["--set", setting]).output().unwrap();
        let error = crate::refusal(&output);
        assert!((error.contains("1e308") || error.contains("1e+308")) && error.len() < 250, "{error}");
    }
}

#[test]
fn counts_beyond_their_use_are_refused() {
    for key in [
        "training.report.sheet_images",
        "training.report.sheet_steps",
        "training.report.held_out_images",
        "training.report.keep_last",
        "training.report.tick",
        "training.report.sheet",
        "training.report.checkpoint",
        "training.images",
        "training.optimizer.warmup",
        "training.posthoc_ema.every",
        "sampling.steps",
    ] {
        refuses(&format!("{key}=9223372036854775807"), &[key, "must be between"]);
    }
    for (key, name) in [
        ("model.steps", "num_train_timesteps"),
        ("sampling.options.langevin.steps", "number of Langevin steps"),
        ("sampling.options.pc.steps", "number of corrector steps"),
        ("sampling.options.ode.most_steps", "greatest number of steps"),
        ("sampling.options.ddpm.variance_probes", "number of variance probes"),
        ("sampling.options.unipc.order", "the order"),
    ] {
        refuses(&format!("{key}=9223372036854775807"), &[name, "must be"]);
    }
    let widths = vec!["0.1"; 17].join(",");
    refuses(&format!("training.posthoc_ema.std=[{widths}]"), &["training.posthoc_ema.std", "at most 16"]);
    let place = place();
    let history = "training.objective.levels={kind=\"importance\",history=1000,uniform_share=0.1}";
    let settings = ["--set", history, "--set", "model.steps=1000000"];
    let words = ["training.objective.levels.history", "1000", "at most 10"];
    refused(place.path(), &mut train(place.path(), &settings), &words);
}

#[test]
fn flags_beyond_their_use_are_refused() {
    let place = with_copy();
    let folder = place.path();
    let many = "9223372036854775807";
    for flags in [
        &["sample", "ck", "-n", many][..],
        &["sample", "ck", "--batch", many],
        &["sample", "ck", "--steps", many],
        &["sample", "ck", "-n", "200000", "--noise", "torch"],
        &["sample", "ck", "-n", "1000000", "--grid"],
        &["sample", "ck", "-n", "1000000", "--interpolate", "1000"],
        &["sample", "ck", "--corrector-steps", many, "--sampler", "pc"],
        &["sample", "ck", "--langevin-steps", many, "--sampler", "langevin"],
        &["sample", "ck", "--order", many, "--sampler", "unipc"],
        &["sample", "ck", "--schedule", "linear", "--schedule-steps", many],
        &["compare", "ck", "-n", many],
        &["compare", "ck", "--steps", many],
        &["compare", "ck", "--reference", many],
        &["reconstruct", "ck", "-n", many],
        &["reconstruct", "ck", "--steps", many],
        &["invert", "ck", "a.png", "--steps", many],
        &["invert", "ck", "a.png", "--refine", many],
        &["inspect", "ck", "--image", "a.png", "--frames", many],
        &["data", "preview", "-n", many],
        &["data", "preview", "-n", "1000000"],
    ] {
        refused(folder, tweedie(folder).args(flags), &["must be"]);
    }
}

#[test]
fn keys_and_values_are_not_nested_without_end() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
    refuses(&format!("{}=1", vec!["a"; 20_000].join(".")), &["more than 32 parts"]);
    refuses(&format!("name={}", deep("[", "]")), &["name: ", "more than 32 deep"]);
    refuses(&format!("name={}", deep("{a=", "}")), &["name: ", "more than 32 deep"]);
    let place = place();
    let folder = place.path();
    for text in [
        format!("{} = 1", vec!["a"; 20_000].join(".")),
        format!("[{}]", vec!["a"; 20_000].join(".")),
        format!("a = {}", deep("[", "]")),
        format!("a = {}", deep("{a=", "}")),
    ] {
        std::fs::write(folder.join("deep.toml"), text).unwrap();
        let mut command = tweedie(folder);
        refused(folder, command.args(["train", "--config", "deep.toml"]), &["deep.toml", "more than 32"]);
        std::fs::create_dir_all(folder.join("run")).unwrap();
        std::fs::copy(folder.join("deep.toml"), folder.join("run/config.toml")).unwrap();
        let mut command = tweedie(folder);
        command.args(["runs", "compare", crate::shared_run().to_str().unwrap(), "run"]);
        refused(folder, &mut command, &["run/config.toml", "more than 32"]);
    }
    let place = with_copy();
    let folder = place.path();
    for schedule in [deep("{a=", "}"), deep("{\"a\":", "}")] {
        let flags = ["sample", "ck", "--schedule", &schedule];
        refused(folder, tweedie(folder).args(flags), &["schedule"]);
    }
    for file in ["tweedie.json", "unet/config.json"] {
        let path = folder.join("ck").join(file);
        let before = std::fs::read(&path).unwrap();
        for text in [deep("[", "]"), deep("{\"a\":", "}")] {
            std::fs::write(&path, format!("{{\"sample_size\":{text}}}")).unwrap();
            refused(folder, tweedie(folder).args(["sample", "ck"]), &[file, "recursion limit"]);
        }
        std::fs::write(&path, before).unwrap();
    }
}

#[test]
fn a_share_that_is_none_is_refused_for_all_data() {
    for share in ["-1", "1", "1.5"] {
        refuses(&format!("held_out={share}"), &["held_out is ", "at least 0 and below 1"]);
    }
    for share in ["nan", "inf"] {
        refuses(&format!("held_out={share}"), &["held_out"]);
    }
}
