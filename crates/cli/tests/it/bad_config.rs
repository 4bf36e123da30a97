//! Configurations that are refused before anything begins.

use crate::{place, refused, succeeds, train, tweedie};

/// Refuses a training with one more setting.
#[track_caller]
fn refuses(setting: &str, words: &[&str]) {
    let place = place();
    refused(place.path(), &mut train(place.path(), &["--set", setting]), words);
}

#[test]
fn unknown_keys_and_values_name_the_nearest() {
    refuses("training.bacth=32", &["training.bacth", "nearest is `batch`"]);
    refuses("trainig.batch=32", &["trainig", "nearest is `training`"]);
    refuses("training.optimizer.learning_rat=1", &["training.optimizer", "nearest is `learning_rate`"]);
    refuses("network.block_out_chanels=[8]", &["network", "nearest is `block_out_channels`"]);
    refuses("data.heigth=16", &["data", "heigth", "nearest is `height`"]);
    refuses("data.kind=shape", &["data.kind", "nearest is `shapes`"]);
    refuses("model.parameterization=epsilom", &["model.parameterization", "nearest is `epsilon`"]);
    refuses("model.schedule.name=cosin", &["model.schedule", "nearest is `cosine`"]);
    refuses("sampling.spacing=trail", &["sampling.spacing", "nearest is `trailing`"]);
    refuses("training.optimizer.decay=cos", &["training.optimizer.decay", "nearest is `cosine`"]);
}

#[test]
fn values_of_another_type_are_named() {
    refuses("training.batch=many", &["training.batch", "many"]);
    refuses("training.images=1.5", &["training.images", "1.5"]);
    refuses("training.flip=1", &["training.flip", "1"]);
    refuses("network.block_out_channels=8", &["network.block_out_channels", "8"]);
    refuses("training=3", &["training", "3"]);
    refuses("sampling.clip=tight", &["sampling.clip", "tight"]);
}

#[test]
fn numbers_out_of_range_are_named() {
    refuses("training.batch=-1", &["training.batch", "-1"]);
    refuses("training.batch=0", &["training.batch", "0", "between 1"]);
    refuses("data.height=0", &["side", "0"]);
    refuses("training.accumulate=3", &["training.accumulate", "3", "divisor"]);
    refuses("training.report.tick=0", &["training.report.tick"]);
    refuses("training.optimizer.learning_rate=-1.0", &["training.optimizer.learning_rate", "-1"]);
    refuses("training.optimizer.beta1=1.0", &["training.optimizer.beta1", "below 1"]);
    refuses("training.ema_half_life=nan", &["training.ema_half_life"]);
    refuses("network.in_channels=many", &["network.in_channels"]);
    refuses("network.norm_num_groups=3", &["norm_num_groups", "3"]);
    refuses("network.attention_head_dim=5", &["attention_head_dim", "5"]);
    refuses("network.dropout=1.0", &["dropout", "1"]);
    refuses("model.steps=0", &["steps", "0"]);
    refuses("training.precision=f16", &["f16", "bf16"]);
}

#[test]
fn a_key_of_a_part_with_a_kind_is_named() {
    refuses("data.height=-16", &["data.height: ", "-16"]);
    refuses("model.schedule.beta_start=far", &["model.schedule.beta_start: ", "far"]);
    refuses("training.objective.levels.std=wide", &["training.objective.levels.std: ", "wide"]);
    // A key that is not known is named as such, one that is missing likewise.
    refuses("data.heigth=16", &["data: unknown key `heigth`"]);
    refuses("data={kind=\"shapes\",height=16}", &["data: missing field `width`"]);
}

#[test]
fn sizes_that_do_not_divide_come_with_those_that_do() {
    let place = place();
    // The preset itself has three resolutions.
    let mut command = tweedie(place.path());
    refused(
        place.path(),
        command.args(["train", "--dry-run", "--set", "data.height=18"]),
        &["18×16", "16 or 20"],
    );
    refuses("data.width=17", &["16×17", "16 or 18"]);
    refuses("network.block_out_channels=[8, 16, 24]", &["down_block_types", "3 resolutions"]);
}

/// A model without a scheduler in diffusers can be trained, saved and sampled; its scheduler file has a class of our own.
#[test]
fn what_others_cannot_express_is_ours_alone() {
    let place = place();
    succeeds(&mut train(place.path(), &["--set", "model.parameterization=velocity"]));
    let run = crate::only_run(&place.path().join("runs"));
    let scheduler = run.join("checkpoints/0000000064/scheduler/scheduler_config.json");
    assert!(std::fs::read_to_string(scheduler).unwrap().contains("TweedieScheduler"));
    succeeds(tweedie(place.path()).args(["sample", run.to_str().unwrap(), "-n", "1"]));
    refuses("model.parameterization=noise", &["noise"]);
}

#[test]
fn what_cannot_be_sampled_is_not_trained() {
    refuses("sampling.steps=5000", &["steps", "5000"]);
    refuses("sampling.steps=0", &["steps", "0"]);
    refuses("sampling.eta=2.0", &["eta", "2"]);
    let place = place();
    let learned = ["--set", "sampling.variance=learned", "--set", "sampling.sampler=ddpm"];
    refused(place.path(), &mut train(place.path(), &learned), &["variance"]);
}

#[test]
fn what_cannot_be_clipped_is_not_trained() {
    refuses("sampling.clip=-1.0", &["clip", "-1"]);
}

#[test]
fn sheets_of_more_steps_than_levels_are_not_begun() {
    let place = place();
    let few = ["--set", "model.steps=10", "--set", "training.report.sheet_steps=25"];
    refused(place.path(), &mut train(place.path(), &few), &["steps", "25"]);
}

#[test]
fn a_schedule_beyond_memory_is_refused() {
    refuses("model.steps=1000000000000", &["steps", "1000000000000"]);
}

#[test]
fn settings_that_are_none_are_refused() {
    refuses("training.batch", &["KEY=VALUE", "training.batch"]);
    refuses("=3", &["error:"]);
    refuses("training.batch.size=3", &["training.batch.size", "batch is a value"]);
}

#[test]
fn presets_and_files_are_named() {
    let place = place();
    let folder = place.path();
    refused(
        folder,
        tweedie(folder).args(["train", "--preset", "shape"]),
        &["`shape`", "nearest is `shapes`"],
    );
    refused(folder, tweedie(folder).args(["train", "--preset", "minst"]), &["`minst`", "nearest is `mnist`"]);
    refused(folder, tweedie(folder).args(["train", "--config", "no.toml"]), &["no.toml"]);
    refused(folder, tweedie(folder).args(["train", "--config", "."]), &["cannot read", "."]);
    refused(
        folder,
        tweedie(folder).args(["train", "--config", "a", "--preset", "shapes"]),
        &["--config", "--preset"],
    );
    for text in ["name = ", "[data", "\u{0}", "name = 1\nname = 2"] {
        std::fs::write(folder.join("broken.toml"), text).unwrap();
        refused(
            folder,
            tweedie(folder).args(["train", "--config", "broken.toml"]),
            &["broken.toml", "not TOML"],
        );
    }
    std::fs::write(folder.join("broken.toml"), [0xff, 0xfe]).unwrap();
    refused(folder, tweedie(folder).args(["train", "--config", "broken.toml"]), &["broken.toml"]);
    std::fs::write(folder.join("broken.toml"), "name = \"x\"").unwrap();
    refused(
        folder,
        tweedie(folder).args(["train", "--config", "broken.toml"]),
        &["broken.toml", "missing field `data`"],
    );
}

#[test]
fn a_name_is_one_folder() {
    let place = place();
    for name in ["../../out", "a/b"] {
        let output = train(place.path(), &["--set", &format!("name={name}")]).output().unwrap();
        crate::refusal(&output);
        assert_eq!(crate::files(place.path()).values().filter(|bytes| bytes.is_some()).count(), 0);
    }
}
