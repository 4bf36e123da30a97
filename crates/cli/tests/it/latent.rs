//! `tweedie invert`, `reconstruct`, `compare`, and ways between images.

use crate::{checkpoint, place, refused, shared_run, succeeds, tweedie};
use serde_json::Value;
use std::path::Path;
use tweedie_report::read_png;

fn run(folder: &Path, command: &str, arguments: &[&str]) -> String {
    succeeds(tweedie(folder).args([command, checkpoint()]).args(arguments))
}

fn pixels(file: &Path) -> Vec<u8> {
    read_png(&std::fs::read(file).unwrap()).unwrap().values
}

/// Two images of the model, in the folder `drawn`.
fn drawn(folder: &Path) -> [&'static str; 2] {
    run(folder, "sample", &["-n", "2", "--steps", "20", "--out", "drawn"]);
    ["drawn/00000.png", "drawn/00001.png"]
}

#[test]
fn an_image_comes_back_from_its_code() {
    let place = place();
    let [a, b] = drawn(place.path());
    let printed =
        run(place.path(), "invert", &[a, b, "--steps", "20", "--refine", "8", "--out", "z.safetensors"]);
    assert!(printed.contains("2 latents: z.safetensors"), "{printed}");
    let file = tweedie_weights::TensorFile::open(&place.path().join("z.safetensors")).unwrap();
    assert_eq!(
        (file.tensors()[0].name.as_str(), &file.tensors()[0].shape[..]),
        ("latents", &[2, 3, 16, 16][..])
    );
    let parameters: Value = serde_json::from_str(&file.metadata()["parameters"]).unwrap();
    assert_eq!(
        (&parameters["steps"], &parameters["refine"], &parameters["conditioned_on"]),
        (&20.into(), &8.into(), &"here".into())
    );
    // The line that it prints decodes.
    let line = printed.lines().last().unwrap().split("tweedie ").nth(1).unwrap();
    succeeds(tweedie(place.path()).args(line.split(' ')).args(["--out", "back"]));
    for (i, file) in [a, b].iter().enumerate() {
        let (given, back) =
            (pixels(&place.path().join(file)), pixels(&place.path().join(format!("back/{i:05}.png"))));
        let off: f64 = given.iter().zip(&back).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs()).sum();
        assert!(off / given.len() as f64 <= 4.0, "off by {} of 255 in the mean", off / given.len() as f64);
    }
}

#[test]
fn ways_between_noises_and_between_images() {
    let place = place();
    let [a, b] = drawn(place.path());
    let printed = run(place.path(), "sample", &["-n", "2", "--interpolate", "5", "--out", "ways.png"]);
    assert!(printed.contains("10 samples: ways.png"), "{printed}");
    let sheet = read_png(&std::fs::read(place.path().join("ways.png")).unwrap()).unwrap();
    assert!(sheet.width > 2 * sheet.height, "two rows of five");
    // Without noise, also where the checkpoint is sampled with some.
    crate::copy_of_checkpoint(&place.path().join("noisy"));
    let about = place.path().join("noisy/tweedie.json");
    let text = std::fs::read_to_string(&about).unwrap();
    assert!(text.contains("\"eta\": 0.0"), "{text}");
    std::fs::write(&about, text.replace("\"eta\": 0.0", "\"eta\": 1.0")).unwrap();
    let ways = ["sample", "noisy", "-n", "2", "--interpolate", "5", "--out", "same.png"];
    succeeds(tweedie(place.path()).args(ways));
    assert_eq!(pixels(&place.path().join("same.png")), pixels(&place.path().join("ways.png")));
    run(
        place.path(),
        "sample",
        &["--interpolate", "4", "--between", a, b, "--steps", "20", "--raw", "x.safetensors"],
    );
    assert!(place.path().join("samples.png").is_file());
    let mut command = tweedie(place.path());
    command.args(["sample", checkpoint(), "--interpolate", "4", "--sampler", "ddpm"]);
    refused(place.path(), &mut command, &["--interpolate needs a deterministic sampler", "ddpm"]);
}

#[test]
fn reconstruction_is_measured_for_each_number_of_steps() {
    let place = place();
    let [a, b] = drawn(place.path());
    let printed = run(place.path(), "reconstruct", &[a, b, "--steps", "5,20"]);
    let rows: Vec<Vec<f64>> = printed
        .lines()
        .filter(|line| line.starts_with("    "))
        .filter_map(|line| line.split_whitespace().map(|word| word.parse().ok()).collect())
        .collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), [5.0, 20.0], "{printed}");
    assert!(rows.iter().all(|row| row[1] > 0.0 && row[1] < 1.0), "{printed}");
    assert!(place.path().join("reconstructed.png").is_file());
    // Of a run, the images that it held out.
    let run = shared_run().to_str().unwrap();
    let printed = succeeds(tweedie(place.path()).args([
        "reconstruct",
        run,
        "-n",
        "3",
        "--steps",
        "4",
        "--out",
        "r.png",
    ]));
    assert!(printed.contains("3 images") && printed.contains("held out"), "{printed}");
}

#[test]
fn samplers_are_compared_from_the_same_noise() {
    let place = place();
    let arguments =
        ["-n", "2", "--samplers", "ddim,dpmpp_2m,ode", "--steps", "4,16", "--reference", "60", "--out", "c"];
    let printed = run(
        place.path(),
        "compare",
        &[&arguments[..], &["--spread", "log_snr", "--tolerance", "0.001"]].concat(),
    );
    let table: Value =
        serde_json::from_slice(&std::fs::read(place.path().join("c/comparison.json")).unwrap()).unwrap();
    let rows = table["rows"].as_array().unwrap();
    let named = |name: &str| rows.iter().filter(|row| row["sampler"] == name).collect::<Vec<_>>();
    assert_eq!((named("ddim").len(), named("dpmpp_2m").len(), named("ode").len()), (2, 2, 1), "{printed}");
    assert_eq!((&named("ddim")[0]["calls"], &named("ddim")[1]["calls"]), (&4.into(), &16.into()));
    assert!(named("ode")[0]["calls"].as_u64().unwrap() > 10);
    // The reference has its own levels, and the distance is the root mean square over all images.
    let line = "reference: heun with 60 steps on the levels log_snr:60, whatever --spread is";
    assert!(printed.contains(line) && table["reference"]["levels"] == "log_snr:60", "{printed}");
    for row in rows {
        let of_images: Vec<f64> =
            row["distance_of_images"].as_array().unwrap().iter().map(|it| it.as_f64().unwrap()).collect();
        let squares = of_images.iter().map(|rms| rms * rms).sum::<f64>() / of_images.len() as f64;
        assert_eq!(of_images.len(), 2);
        assert!((row["distance"].as_f64().unwrap() / squares.sqrt() - 1.0).abs() < 1e-9, "{row}");
    }
    // More steps are nearer, and the second order nearer than the first.
    let distance = |row: &Value| row["distance"].as_f64().unwrap();
    assert!(distance(named("ddim")[1]) < distance(named("ddim")[0]), "{printed}");
    assert!(distance(named("dpmpp_2m")[1]) < distance(named("ddim")[1]), "{printed}");
    assert!(place.path().join("c/comparison.png").is_file());
    // The noise option of DDIM is recorded only in its rows.
    let noisy = [
        "-n",
        "2",
        "--samplers",
        "ddim,heun",
        "--steps",
        "4",
        "--reference",
        "20",
        "--eta",
        "sigma-hat",
        "--out",
        "e",
    ];
    run(place.path(), "compare", &noisy);
    let table: Value =
        serde_json::from_slice(&std::fs::read(place.path().join("e/comparison.json")).unwrap()).unwrap();
    let adds = |row: usize| &table["rows"][row]["sampling"]["options"]["ddim"]["noise"];
    assert_eq!((adds(0), adds(1)), (&"sigma_hat".into(), &Value::Null));
    for (more, words) in [
        (&["--samplers", "ddim", "--churn", "1"][..], &["is an option of heun"][..]),
        (&["--spread", "even"], &["the rule is not known", "log_snr"]),
        (&["--spread", "trailing,7"], &["the rule is not known"]),
        (&["--steps", "0"], &["steps"]),
        (&["--samplers", "pndm"], &["`pndm` is not a sampler"]),
    ] {
        refused(
            place.path(),
            tweedie(place.path()).args(["compare", checkpoint(), "--out", "d"]).args(more),
            words,
        );
    }
}

/// The help of `--conditioned-on` states what docs/sampling.md measured: which of the two levels has the smaller error on which data.
#[test]
fn the_help_of_inversion_agrees_with_the_measurements() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/sampling.md"))
        .unwrap();
    let row = |name: &str| -> Vec<f64> {
        let line = page.lines().find(|line| line.starts_with(&format!("| {name} |"))).unwrap();
        let cells = line.split('|').skip(2).map(|cell| cell.trim().split(' ').next().unwrap_or_default());
        cells.filter_map(|cell| cell.parse().ok()).collect()
    };
    let upper_is_better = |data: &str| {
        let (here, upper) =
            (row(&format!("{data}, default")), row(&format!("{data}, `--conditioned-on upper`")));
        let better: Vec<bool> = upper.iter().zip(here).map(|(upper, here)| *upper < here).collect();
        assert!(better.len() >= 2 && better.iter().all(|it| *it == better[0]), "{data}: {better:?}");
        better[0]
    };
    assert!(upper_is_better("MNIST") && !upper_is_better("shapes"));
    let place = place();
    let help = succeeds(tweedie(place.path()).args(["reconstruct", "--help"]));
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        help.contains("its error is a tenth of that of `here` on MNIST, but larger on the built-in shapes"),
        "{help}"
    );
}

#[test]
fn what_cannot_be_encoded_or_begun_with_is_named() {
    let place = place();
    let [a, _] = drawn(place.path());
    run(place.path(), "sample", &["-n", "1", "--grid", "--out", "large.png"]);
    std::fs::write(place.path().join("no.png"), b"not an image").unwrap();
    for (file, words) in [
        ("missing.png", &["missing.png"][..]),
        ("no.png", &["no.png", "PNG"]),
        ("large.png", &["large.png", "must be 16×16"]),
    ] {
        for command in ["invert", "reconstruct"] {
            refused(place.path(), tweedie(place.path()).args([command, checkpoint(), a, file]), words);
        }
    }
    // Latents of another shape, and what is no number.
    let write = |shape: &[usize], value: f32| {
        let bytes = vec![value; shape.iter().product()].iter().flat_map(|v| v.to_le_bytes()).collect();
        let tensor = tweedie_weights::TensorBytes {
            kind: tweedie_weights::DataType::F32,
            shape: shape.to_vec(),
            bytes,
        };
        let file = place.path().join("z.safetensors");
        let tensors = std::collections::BTreeMap::from([("latents".to_string(), tensor)]);
        let bytes = tweedie_weights::tensor_file_bytes(&file, &tensors, &Default::default()).unwrap();
        std::fs::write(&file, bytes).unwrap();
    };
    let begin = || {
        let mut command = tweedie(place.path());
        command.args(["sample", checkpoint(), "--start", "z.safetensors", "--out", "new.png"]);
        command
    };
    write(&[1, 3, 8, 8], 0.5);
    refused(place.path(), &mut begin(), &["z.safetensors", "[1, 3, 8, 8]", "(N, 3, 16, 16)"]);
    write(&[1, 3, 16, 16], f32::NAN);
    refused(place.path(), &mut begin(), &["z.safetensors", "not finite"]);
    write(&[2, 3, 16, 16], 0.5);
    assert!(succeeds(&mut begin()).contains("2 samples"));
}
