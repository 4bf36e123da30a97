//! `tweedie inspect`: what a checkpoint is, its schedule, and the forward process on an image.

use crate::{checkpoint, names_in, place, shared_run, succeeds, tweedie};
use tweedie_report::{read_png, read_png_text};

#[test]
fn a_checkpoint_is_described() {
    let place = place();
    let printed = succeeds(tweedie(place.path()).args(["inspect", checkpoint()]));
    for words in [
        "UNet2DModel, 0.0",
        "M parameters, 16×16, 3 → 3 channels",
        "predicts epsilon; conditioned on index; variance none",
        "process: linear (beta_start 0.0001, beta_end 0.02), T = 100",
        "sampled by ddim in 2 steps (trailing), eta 0, x0 clipped to ±1",
        "trained on shapes 16×16: 64 images, 4 steps, loss ",
        "f32, seed 0",
    ] {
        assert!(printed.contains(words), "`{words}` is not in:\n{printed}");
    }
    assert_eq!(names_in(place.path()), Vec::<String>::new());
    let of_run = succeeds(tweedie(place.path()).args(["inspect", shared_run().to_str().unwrap()]));
    assert_eq!(of_run, printed);
}

/// The rows of a table whose cells are all numbers but perhaps the first.
fn rows(printed: &str, cells: usize) -> Vec<Vec<String>> {
    let cut = |line: &str| line.split_whitespace().map(String::from).collect::<Vec<_>>();
    let is_row =
        |row: &Vec<String>| row.len() == cells && row[1..].iter().all(|cell| cell.parse::<f64>().is_ok());
    printed.lines().map(cut).filter(is_row).collect()
}

#[test]
fn parameters_are_counted_by_part() {
    let place = place();
    let printed = succeeds(tweedie(place.path()).args(["inspect", checkpoint()]));
    let parts = rows(&printed, 2);
    let names: Vec<&str> = parts.iter().map(|row| row[0].as_str()).collect();
    let expected = [
        "conv_in",
        "time_embedding",
        "down_blocks.0",
        "down_blocks.1",
        "mid_block",
        "up_blocks.0",
        "up_blocks.1",
        "conv_norm_out",
        "conv_out",
    ];
    assert_eq!(names, expected);
    // In f32 every parameter is four bytes of the file, which holds little else.
    let total: usize = parts.iter().map(|row| row[1].parse::<usize>().unwrap()).sum();
    let file = format!("{}/unet/diffusion_pytorch_model.safetensors", checkpoint());
    let mut stored = tweedie_weights::TensorFile::open(file.as_ref()).unwrap();
    let infos = stored.tensors().to_vec();
    let bytes: usize = infos.iter().map(|info| stored.read(info).unwrap().len()).sum();
    assert_eq!(4 * total, bytes);
    assert_eq!(parts[0][1], (3 * 8 * 9 + 8).to_string());
}

#[test]
fn levels_are_listed_from_the_first_to_the_last() {
    let place = place();
    let printed = succeeds(tweedie(place.path()).args(["inspect", checkpoint()]));
    let levels: Vec<Vec<f64>> = rows(&printed, 4)
        .into_iter()
        .map(|row| row.iter().map(|cell| cell.parse().unwrap()).collect())
        .collect();
    let times: Vec<f64> = levels.iter().map(|row| row[0]).collect();
    assert_eq!(times, [1.0, 12.0, 25.0, 37.0, 50.0, 62.0, 75.0, 87.0, 100.0]);
    for row in &levels {
        assert!((row[1] * row[1] + row[2] * row[2] - 1.0).abs() < 1e-5, "{row:?}");
        // Rates are printed to six digits, and the first noise rate is 0.01.
        assert!((2.0 * (row[1] / row[2]).ln() - row[3]).abs() < 5e-4, "{row:?}");
    }
    assert!(levels.windows(2).all(|pair| pair[1][3] < pair[0][3]));
}

#[test]
fn a_schedule_is_plotted() {
    let place = place();
    let printed = succeeds(tweedie(place.path()).args(["inspect", checkpoint(), "--plot", "schedule.svg"]));
    assert!(printed.contains("schedule: schedule.svg"), "{printed}");
    let plot = std::fs::read_to_string(place.path().join("schedule.svg")).unwrap();
    assert!(plot.starts_with("<svg") && plot.trim_end().ends_with("</svg>"));
    for words in ["signal rate", "noise rate", "linear"] {
        assert!(plot.contains(words), "`{words}` is not in the plot");
    }
    assert!(!plot.contains("NaN"));
}

#[test]
fn an_image_is_noised_and_guessed() {
    let place = place();
    succeeds(tweedie(place.path()).args(["sample", checkpoint(), "-n", "1"]));
    let strip = |arguments: &[&str]| {
        let usual = ["inspect", checkpoint(), "--image", "samples/00000.png"];
        succeeds(tweedie(place.path()).args(usual).args(arguments))
    };
    let printed = strip(&["--frames", "5", "--out", "a.png"]);
    assert!(printed.contains("signal-to-noise ratio in dB") && printed.contains("strip: a.png"), "{printed}");
    // Time, log-SNR and four bands; noise covers more and more.
    let table = rows(&printed, 6);
    assert_eq!(table.len(), 5);
    assert_eq!((table[0][0].as_str(), table[4][0].as_str()), ("1", "100"));
    for band in 2..6 {
        let decibels: Vec<f64> = table.iter().map(|row| row[band].parse().unwrap()).collect();
        assert!(decibels.windows(2).all(|pair| pair[1] < pair[0]), "band {band}: {decibels:?}");
    }
    let bytes = std::fs::read(place.path().join("a.png")).unwrap();
    let image = read_png(&bytes).unwrap();
    assert!(image.width >= 5 * 96 && image.height >= 2 * 96, "{}×{}", image.width, image.height);
    let texts = read_png_text(&bytes).unwrap();
    assert!(texts.iter().any(|(keyword, value)| keyword == "table" && value.contains("log-SNR")));

    strip(&["--frames", "5", "--out", "b.png"]);
    strip(&["--frames", "5", "--out", "c.png", "--seed", "1"]);
    strip(&["--frames", "1"]);
    let of = |name: &str| std::fs::read(place.path().join(name)).unwrap();
    assert!(of("a.png") == of("b.png"), "a seed gives another strip the second time");
    assert!(of("a.png") != of("c.png"), "the seed makes no difference");
    assert!(place.path().join("strip.png").is_file());
    for (frames, words) in [("0", &["--frames", "between 1"]), ("101", &["number of frames", "100"])] {
        let mut command = tweedie(place.path());
        command.args(["inspect", checkpoint(), "--image", "samples/00000.png", "--frames", frames]);
        crate::refused(place.path(), &mut command, &[&words[..], &[frames]].concat());
    }
}
