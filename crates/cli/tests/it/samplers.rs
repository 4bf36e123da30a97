//! Samplers by name, their options, guidance, previews, and runs that are split.

use crate::{checkpoint, names_in, place, refused, succeeds, text, tweedie};
use serde_json::Value;
use std::path::Path;
use tweedie_models::sampling::Sampler;
use tweedie_report::{read_png, read_png_text};

fn sample(folder: &Path, arguments: &[&str]) -> String {
    succeeds(tweedie(folder).args(["sample", checkpoint()]).args(arguments))
}

/// The numbers that were drawn, bit by bit.
fn raw(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    sample(folder, &[arguments, &["--raw", "x.safetensors", "--out", "x.png"]].concat());
    let mut file = tweedie_weights::TensorFile::open(&folder.join("x.safetensors")).unwrap();
    let infos = file.tensors().to_vec();
    file.read(&infos[0]).unwrap()
}

fn parameters(file: &Path) -> Value {
    let text = read_png_text(&std::fs::read(file).unwrap()).unwrap();
    let found = text.iter().find(|(keyword, _)| keyword == "parameters").expect("no parameters");
    serde_json::from_str(&found.1).unwrap()
}

#[test]
fn the_list_says_what_each_is_and_whose() {
    let place = place();
    let printed = succeeds(tweedie(place.path()).args(["sample", "--list"]));
    for (_, name, what, source) in Sampler::ALL {
        assert!(printed.contains(name) && printed.contains(what) && printed.contains(source), "{name}");
    }
    let output = tweedie(place.path()).args(["sample"]).output().unwrap();
    assert!(text(&output.stderr).contains("<MODEL>"), "without a model and a list there is nothing to do");
}

#[test]
fn every_sampler_draws_by_its_name() {
    let place = place();
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for (sampler, name, ..) in Sampler::ALL.into_iter().filter(|(sampler, ..)| !sampler.needs_energy()) {
        let hyphened = name.replace('_', "-");
        let mut arguments = vec!["-n", "1", "--sampler", &hyphened, "--levels", "trailing:4"];
        match sampler {
            Sampler::Ode => arguments.extend(["--tolerance", "0.05"]),
            Sampler::Langevin => arguments.extend(["--langevin-steps", "2", "--langevin-friction", "0.5"]),
            _ => {}
        }
        let numbers = raw(place.path(), &arguments);
        let recorded = parameters(&place.path().join("x.png"));
        assert_eq!((&recorded["sampler"], &recorded["levels"]), (&name.into(), &"trailing:4".into()));
        // Euler equals DDIM with η = 0, which is the checkpoint's value.
        assert!(sampler == Sampler::Euler || !seen.contains(&numbers), "{name} draws what another does");
        seen.push(numbers);
    }
}

#[test]
fn options_change_what_is_drawn_and_are_written_down() {
    let place = place();
    let base = ["-n", "2", "--steps", "5"];
    let cases: [(&[&str], &[&str]); 8] = [
        (&[], &["--eta", "fresh"]),
        (&[], &["--eta", "sigma-hat"]),
        (&[], &["--no-clip"]),
        (&[], &["--clip", "0.5"]),
        (&["--sampler", "heun"], &["--churn", "2", "--churn-noise", "1.01", "--churn-sigmas", "0.01,50"]),
        (&["--sampler", "dpmpp_3m"], &["--third-order", "published"]),
        (&["--sampler", "unipc"], &["--order", "3"]),
        (&["--sampler", "pc"], &["--corrector-snr", "0.05", "--corrector-steps", "2"]),
    ];
    for (common, more) in cases {
        let plain = raw(place.path(), &[&base, common].concat());
        let other = raw(place.path(), &[&base, common, more].concat());
        assert!(plain != other, "{more:?} changes nothing");
    }
    raw(place.path(), &["-n", "1", "--sampler", "heun", "--churn", "2", "--threshold", "0.9"]);
    let recorded = parameters(&place.path().join("x.png"));
    assert_eq!(
        (&recorded["options"]["heun"]["churn"], &recorded["options"]["clip"]["threshold"]),
        (&2.0.into(), &0.9.into())
    );
}

/// With a micro-batch a run may be split in any way, bit for bit.
#[test]
fn a_run_may_be_split_anywhere() {
    let place = place();
    for sampler in ["ddpm", "pc", "dpmpp_2m_sde"] {
        let common = ["--sampler", sampler, "--steps", "4", "--micro-batch", "2", "--seed", "3"];
        let of = |more: &[&str]| raw(place.path(), &[&common, more].concat());
        let whole = of(&["-n", "5"]);
        assert!(whole == of(&["-n", "5", "--batch", "2"]), "{sampler}: the batch changes bits");
        assert!(whole == of(&["-n", "5", "--batch", "1"]), "{sampler}: the batch changes bits");
        let parts = [of(&["-n", "3"]), of(&["-n", "1", "--first", "3"]), of(&["-n", "1", "--first", "4"])];
        assert!(whole == parts.concat(), "{sampler}: a split run is another");
    }
    sample(place.path(), &["-n", "2", "--first", "7", "--out", "drawn"]);
    assert_eq!(names_in(&place.path().join("drawn")), ["00007.png", "00008.png"]);
    assert_eq!(parameters(&place.path().join("drawn/00008.png"))["image"], 8);
}

#[test]
fn steps_on_the_way_are_shown_still_and_moving() {
    let place = place();
    let printed = sample(place.path(), &["-n", "3", "--steps", "6", "--save-steps", "4", "--out", "drawn"]);
    assert!(printed.contains("4 intermediate steps"), "{printed}");
    let still = std::fs::read(place.path().join("drawn/steps.png")).unwrap();
    let image = read_png(&still).unwrap();
    assert!(image.height > 3 * 16 && image.width > 4 * 16, "three rows of four");
    let moving = std::fs::read(place.path().join("drawn/steps.apng")).unwrap();
    let at = |name: &[u8]| moving.windows(4).filter(|window| *window == name).count();
    assert_eq!((at(b"acTL"), at(b"fcTL")), (1, 4), "an animation of four frames");
    assert_eq!(parameters(&place.path().join("drawn/steps.apng"))["steps"], 6);
    sample(place.path(), &["-n", "1", "--steps", "2", "--save-steps", "9", "--out", "one.png"]);
    assert!(place.path().join("one-steps.apng").is_file(), "named after the sheet");
}

#[test]
fn a_model_is_led_away_from_a_worse_one() {
    let place = place();
    let of = |more: &[&str]| raw(place.path(), &[&["-n", "2", "--steps", "4"], more].concat());
    let plain = of(&[]);
    // Away from itself there is nowhere to go but roundings of (1 − w) + w.
    let own = of(&["--guidance", "1", "--weak", checkpoint()]);
    assert!(plain == own, "a weight of 1 is none");
    let worse = crate::shared_run().join("checkpoints/0000000032");
    if worse.is_dir() {
        let led = of(&["--guidance", "2", "--weak", worse.to_str().unwrap()]);
        assert!(plain != led);
    }
    let cases: [(&[&str], &[&str]); 5] = [
        (&["--guidance", "2"], &["with and without classes", "a weaker model"]),
        (&["--guidance", "nan", "--weak", "x"], &["guidance weight is NaN"]),
        (&["--guidance", "2", "--weak", "no/model"], &["no/model", "does not exist"]),
        (&["--guidance", "2", "--weak", checkpoint(), "--guidance-rescale", "2"], &["rescaling is 2"]),
        (&["--classifier", checkpoint(), "--class", "circle"], &["denoiser", "classifier"]),
    ];
    for (arguments, words) in cases {
        let mut command = tweedie(place.path());
        refused(place.path(), command.args(["sample", checkpoint()]).args(arguments), words);
    }
}

#[test]
fn what_no_sampler_can_do_is_said_before_anything_is_drawn() {
    let place = place();
    let cases: [(&[&str], &[&str]); 17] = [
        (&["--sampler", "mala"], &["ratio of two densities", "langevin"]),
        (&["--sampler", "plms"], &["`plms` is not a sampler", "dpmpp_2m"]),
        (&["--eta", "much"], &["a number from 0 to 1, fresh, or sigma-hat"]),
        (&["--levels", "some:3"], &["some:3", "flow:N"]),
        (&["--levels", "times:101"], &["101"]),
        (&["--threshold", "0.9", "--no-clip"], &["there is no clip"]),
        (&["--sampler", "heun", "--churn", "-1"], &["churn is -1"]),
        (&["--sampler", "ode", "--tolerance", "0"], &["tolerance is 0"]),
        (&["--sampler", "heun", "--churn-sigmas", "2,1"], &["LOW,HIGH"]),
        (&["--sampler", "heun", "--eta", "fresh"], &["eta is an option of ddim", "heun"]),
        (&["--churn", "2"], &["churn is an option of heun", "sampler is ddim"]),
        (&["--sampler", "ode", "--steps", "9"], &["ode finds its own steps", "--tolerance"]),
        (&["--first", "18446744073709551615"], &["--first is 18446744073709551615"]),
        (&["--noise", "torch", "--micro-batch", "2"], &["--micro-batch", "--noise torch"]),
        (&["--sampler", "langevin", "--langevin-epsilon", "9"], &["Langevin's epsilon is 9", "diverge"]),
        (&["--sampler", "heun", "--churn-sigmas", "0.1,inf"], &["LOW,HIGH"]),
        (&["--micro-batch", "0"], &["0 is not in 1..=65536"]),
    ];
    for (arguments, words) in cases {
        let mut command = tweedie(place.path());
        let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
        // A negative number needs its flag's own hand.
        let joined: Vec<String> = match arguments.iter().position(|word| word == "-1") {
            Some(at) => [&arguments[..at - 1], &[format!("{}=-1", arguments[at - 1])]].concat(),
            None => arguments,
        };
        refused(place.path(), command.args(["sample", checkpoint()]).args(joined), words);
    }
}
