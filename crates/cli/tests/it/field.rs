//! Inputs that people bring: folders of other tools, levels without signal, names with spaces, endings of other formats.

use crate::make::noise;
use crate::{
    checkpoint, copy_of_checkpoint, names_in, only_run, place, refusal, refused, succeeds, train, tweedie,
};
use std::path::Path;
use tweedie_report::read_png;

/// The shared checkpoint as `diffusers` would have saved it, with text in its scheduler's configuration replaced.
fn foreign(folder: &Path, replaced: &[(&str, &str)]) {
    copy_of_checkpoint(&folder.join("model"));
    std::fs::remove_file(folder.join("model/tweedie.json")).unwrap();
    let path = folder.join("model/scheduler/scheduler_config.json");
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (from, to) in replaced {
        assert!(text.contains(from), "{from} is not in {text}");
        text = text.replace(from, to);
    }
    std::fs::write(path, text).unwrap();
}

fn ppm(folder: &Path) {
    let bytes = [b"P6\n16 16\n255\n".to_vec(), noise(3 * 256, 5)].concat();
    std::fs::write(folder.join("image.jpg"), bytes).unwrap();
}

#[test]
fn a_default_that_cannot_run_names_one_that_can() {
    let place = place();
    let folder = place.path();
    foreign(folder, &[("\"rescale_betas_zero_snr\": false", "\"rescale_betas_zero_snr\": true")]);
    ppm(folder);
    let run = |words: &[&str]| {
        let mut command = tweedie(folder);
        command.args(words);
        command
    };
    let trailing = ["--levels", "trailing:20"];
    for command in [["sample", "model", "-n", "2"].as_slice(), &["invert", "model", "image.jpg"]] {
        refused(folder, run(command).args(trailing), &["no", "divide by zero", "--levels leading:20"]);
        succeeds(run(command).args(["--levels", "leading:20"]));
    }
    let own = run(&["sample", "model"]).output().unwrap();
    assert!(refusal(&own).contains("--levels leading:"));
    let printed = succeeds(&mut run(&["inspect", "model", "--image", "image.jpg"]));
    assert!(printed.contains("cannot run") && printed.contains("leading:"), "{printed}");
    let compare =
        ["compare", "model", "-n", "1", "--steps", "3", "--reference", "4", "--samplers", "ddim,heun"];
    let error = refusal(&run(&compare).output().unwrap());
    assert!(error.contains("--spread leading"), "{error}");
    succeeds(run(&compare).args(["--spread", "leading"]));
    let reconstruct = ["reconstruct", "model", "image.jpg", "--steps", "3"];
    let error = refusal(&run(&reconstruct).output().unwrap());
    assert!(error.contains("--spread leading"), "{error}");
    succeeds(run(&reconstruct).args(["--spread", "leading"]));
}

#[test]
fn a_network_that_takes_a_vector_is_explained_once() {
    let place = place();
    foreign(place.path(), &[]);
    let path = place.path().join("model/unet/config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let identity = text.replacen("\"class_embed_type\": null", "\"class_embed_type\": \"identity\"", 1);
    assert_ne!(text, identity);
    std::fs::write(path, identity).unwrap();
    let with = |more: &[&str]| {
        refusal(&tweedie(place.path()).args(["sample", "model"]).args(more).output().unwrap())
    };
    let without_class = with(&[]);
    assert!(without_class.contains("vector of"), "{without_class}");
    assert_eq!(with(&["--class", "1"]), without_class);
    assert_eq!(with(&["--class", "none"]), without_class);
}

#[test]
fn a_network_without_a_scheduler_takes_flags() {
    let place = place();
    foreign(place.path(), &[]);
    std::fs::remove_dir_all(place.path().join("model/scheduler")).unwrap();
    let sample = |more: &[&str]| {
        let mut command = tweedie(place.path());
        command.args(["sample", "model", "-n", "1", "--steps", "2", "--out", "drawn"]).args(more);
        command
    };
    refused(place.path(), &mut sample(&[]), &["model", "--schedule", "--prediction"]);
    refused(place.path(), &mut sample(&["--schedule", "lineal"]), &["lineal", "linear"]);
    refused(
        place.path(),
        &mut sample(&["--schedule", "linear", "--prediction", "noise"]),
        &["noise", "epsilon"],
    );
    refused(place.path(), &mut sample(&["--schedule", "scaled_linear"]), &["quadratic"]);
    succeeds(&mut sample(&["--schedule", "linear", "--prediction", "epsilon"]));
    let table = "{ name = \"cosine\", offset = 0.008, max_beta = 0.999 }";
    succeeds(&mut sample(&["--schedule", table, "--schedule-steps", "50", "--prediction", "v_prediction"]));
    // A checkpoint of this program declares its process.
    refused(
        place.path(),
        tweedie(place.path()).args(["sample", checkpoint(), "--schedule", "linear"]),
        &["tweedie.json"],
    );
}

#[test]
fn the_weights_of_the_optimiser_can_be_sampled() {
    let place = place();
    let sample = |out: &str, more: &[&str]| {
        let first = ["sample", checkpoint(), "-n", "1", "--out", out, "--raw", &format!("{out}.safetensors")]
            .map(str::to_string);
        succeeds(tweedie(place.path()).args(first).args(more));
        std::fs::read(place.path().join(out).join("00000.png")).unwrap()
    };
    let (own, ema, raw) =
        (sample("own", &[]), sample("ema", &["--weights", "ema"]), sample("raw", &["--weights", "raw"]));
    let pixels = |bytes: &[u8]| read_png(bytes).unwrap().values;
    assert_eq!(pixels(&own), pixels(&ema));
    assert_ne!(pixels(&own), pixels(&raw));
}

#[test]
fn endings_of_other_formats_are_no_folders() {
    let place = place();
    for name in ["one.jpg", "one.JPEG", "many.webp", "numbers.npz"] {
        let mut command = tweedie(place.path());
        command.args(["sample", checkpoint(), "-n", "2", "--out", name]);
        refused(place.path(), &mut command, &[name, ".png"]);
    }
    succeeds(tweedie(place.path()).args(["sample", checkpoint(), "-n", "2", "--out", "samples.v2"]));
    assert_eq!(names_in(&place.path().join("samples.v2")), ["00000.png", "00001.png"]);
}

#[test]
fn images_of_every_format_that_training_reads_are_taken() {
    let place = place();
    ppm(place.path());
    succeeds(tweedie(place.path()).args(["invert", checkpoint(), "image.jpg", "--steps", "2"]));
    succeeds(tweedie(place.path()).args(["inspect", checkpoint(), "--image", "image.jpg", "--frames", "2"]));
}

#[test]
fn settings_that_follow_from_the_data_are_refused() {
    let place = place();
    for setting in ["network.in_channels=4", "network.out_channels=3", "network.sample_size=32"] {
        let mut command = train(place.path(), &["--dry-run", "--set", setting]);
        let (key, value) = setting.split_once('=').unwrap();
        refused(place.path(), &mut command, &[key, value, "left out"]);
    }
}

#[test]
fn numbers_of_steps_name_their_limit() {
    let place = place();
    let mut command = train(place.path(), &["--set", "model.steps=10", "--set", "sampling.steps=50"]);
    refused(place.path(), &mut command, &["sampling.steps", "50", "model.steps", "10"]);
    let mut command =
        train(place.path(), &["--set", "model.steps=10", "--set", "training.report.sheet_steps=11"]);
    refused(place.path(), &mut command, &["training.report.sheet_steps", "11", "10"]);
    let mut command = tweedie(place.path());
    refused(place.path(), command.args(["sample", checkpoint(), "--steps", "101"]), &["101", "100"]);
}

#[test]
fn any_seed_of_64_bits_is_kept() {
    let place = place();
    let seed = u64::MAX.to_string();
    for setting in [format!("training.seed={seed}"), format!("training.seed=\"{seed}\"")] {
        let printed = succeeds(&mut train(place.path(), &["--dry-run", "--set", &setting]));
        assert!(printed.contains(&format!("seed = \"{seed}\"")), "{printed}");
    }
    for wrong in ["-1", "18446744073709551616", "1.5", "\"many\""] {
        let setting = format!("training.seed={wrong}");
        refused(
            place.path(),
            &mut train(place.path(), &["--dry-run", "--set", &setting]),
            &["training.seed"],
        );
    }
}

#[test]
fn names_of_runs_fit_a_folder_and_a_shell() {
    let place = place();
    let printed = succeeds(&mut train(place.path(), &["--set", "name=two words"]));
    let run = only_run(&place.path().join("runs"));
    assert!(run.ends_with("00000-two words"));
    assert!(printed.contains("sample 'runs/00000-two words/checkpoints/0000000064'"), "{printed}");
    for name in ["a/b", "", "a\\\\b"] {
        let setting = format!("name=\"{name}\"");
        refused(place.path(), &mut train(place.path(), &["--set", &setting]), &["name", "slashes"]);
    }
}

#[test]
fn a_schedule_inside_another_is_shown() {
    let place = place();
    foreign(place.path(), &[("\"rescale_betas_zero_snr\": false", "\"rescale_betas_zero_snr\": true")]);
    let printed = succeeds(tweedie(place.path()).args(["inspect", "model"]));
    assert!(printed.contains("zero_terminal_snr (of linear (beta_"), "{printed}");
}

#[test]
fn help_names_every_rule_for_levels() {
    let place = place();
    let help = succeeds(tweedie(place.path()).args(["sample", "--help"]));
    for rule in [
        "all",
        "trailing:",
        "leading:",
        "linspace:",
        "quadratic:",
        "sections:",
        "ddim",
        "karras:",
        "log_snr:",
        "times:",
        "flow:",
        "edm:",
    ] {
        assert!(help.contains(rule), "{rule} is not in {help}");
    }
}

#[test]
fn a_start_below_the_noisiest_level_is_noted() {
    let place = place();
    foreign(place.path(), &[("\"timestep_spacing\": \"trailing\"", "\"timestep_spacing\": \"leading\"")]);
    let sample =
        |steps: &str| succeeds(tweedie(place.path()).args(["sample", "model", "-n", "1", "--steps", steps]));
    assert!(sample("1").contains("trailing:1"));
    assert!(!sample("100").contains("pure noise"));
}

#[test]
fn a_longer_run_names_its_new_learning_rate() {
    let place = place();
    let cosine = ["--set", "training.optimizer.decay=cosine", "--set", "training.optimizer.final_share=0.1"];
    succeeds(&mut train(place.path(), &cosine));
    let run = only_run(&place.path().join("runs"));
    let more = ["--set", "training.images=96"];
    let printed = succeeds(tweedie(place.path()).args(["train", "--resume"]).arg(&run).args(more));
    assert!(printed.contains("learning rate goes from 2.00e-3 to"), "{printed}");
}

#[test]
fn a_damaged_newest_checkpoint_leaves_the_older_ones() {
    let place = place();
    succeeds(&mut train(place.path(), &["--set", "training.report.keep_last=5"]));
    let run = only_run(&place.path().join("runs"));
    let expected = std::fs::read(run.join("checkpoints/0000000064/resume/tensors.safetensors")).unwrap();
    for damaged in ["resume/tensors.safetensors", "resume/state.json"] {
        let path = run.join("checkpoints/0000000064").join(damaged);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        let printed = succeeds(tweedie(place.path()).args(["train", "--resume"]).arg(&run));
        for words in ["damaged", "resuming after 32 images", "set-aside"] {
            assert!(printed.contains(words), "{words} is not in {printed}");
        }
        assert!(names_in(&run.join("checkpoints")).iter().any(|name| name.ends_with("set-aside")));
        let again = std::fs::read(run.join("checkpoints/0000000064/resume/tensors.safetensors")).unwrap();
        assert!(again == expected, "from the older checkpoint training gives the same bits");
    }
}

#[test]
fn a_run_resumes_from_any_of_its_checkpoints() {
    let place = place();
    succeeds(&mut train(place.path(), &["--set", "training.report.keep_last=5"]));
    let run = only_run(&place.path().join("runs"));
    let expected = std::fs::read(run.join("checkpoints/0000000064/resume/tensors.safetensors")).unwrap();
    let resume = |name: &str| {
        let mut command = tweedie(place.path());
        command.args(["train", "--resume"]).arg(run.join("checkpoints").join(name));
        command
    };
    let printed = succeeds(&mut resume("0000000032"));
    assert!(
        printed.contains("resuming after 32 images, bit for bit") && printed.contains("set-aside"),
        "{printed}"
    );
    assert!(
        expected == std::fs::read(run.join("checkpoints/0000000064/resume/tensors.safetensors")).unwrap()
    );
    refused(place.path(), &mut resume("0000000099"), &["no checkpoint 0000000099"]);
}
