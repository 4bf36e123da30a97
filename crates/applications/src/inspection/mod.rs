//! Descriptions of checkpoints as text and images.

mod strip;

pub use strip::{MOST_FRAMES, Strip, forward_strip};

use tweedie_data::short_list;
use tweedie_math::{DiscreteProcess, Schedule};
use tweedie_models::{About, Classifier, Model, TrainingSummary};
use tweedie_networks::Parameter;
use tweedie_report::{Plot, Scale, Series};

/// A description of a denoiser, as lines of text.
pub fn summary(model: &Model) -> Vec<String> {
    let (about, accepts, sampling) = (model.about(), model.network().accepts(), model.sampling());
    let mut lines = vec![
        format!(
            "{}, {:.3} M parameters, {}, {} → {} channels",
            model.network().class_name(),
            model.n_trained() as f64 / 1e6,
            size_of(about),
            accepts.channels,
            accepts.outputs
        ),
        format!(
            "predicts {}; conditioned on {}; variance {}",
            name(&model.parameterization()),
            name(&about.conditioning),
            model.variance().name()
        ),
        format!("process: {}, T = {}", name_of_schedule(&about.schedule), about.steps),
        format!(
            "sampled by {} {}, eta {}, x0 {}",
            sampling.sampler,
            match &sampling.levels {
                Some(rule) => format!("at the levels {rule}"),
                None => format!("in {} steps ({})", sampling.steps, name(&sampling.spacing)),
            },
            sampling.eta,
            sampling.clip.map_or("not clipped".into(), |clip| format!("clipped to ±{clip}"))
        ),
    ];
    if let Err(error) = model.check_sampling(sampling) {
        lines.push(format!("the model's own sampling cannot run: {error}"));
    }
    if !about.class_names.is_empty() {
        lines.push(format!("classes: {}", short_list(&about.class_names)));
    }
    finish(lines, model)
}

/// A description of a classifier, as lines of text.
pub fn summary_of_classifier(classifier: &Classifier) -> Vec<String> {
    let about = classifier.about();
    let lines = vec![
        format!(
            "{}, {:.3} M parameters, {}, {} channels → {} classes",
            classifier.network().class_name(),
            classifier.n_trained() as f64 / 1e6,
            size_of(about),
            about.data.channels(),
            classifier.n_classes()
        ),
        format!("predicts ln p(y | x_t); conditioned on {}", name(&about.conditioning)),
        format!("process: {}, T = {}", name_of_schedule(&about.schedule), about.steps),
        format!("classes: {}", short_list(&about.class_names)),
    ];
    finish(lines, classifier)
}

/// Completes a summary with the training, the parameters of each part and some levels.
fn finish(mut lines: Vec<String>, model: &tweedie_models::Backbone) -> Vec<String> {
    lines.extend(model.about().training.as_ref().map(history));
    let plan = model.network().plan();
    if plan.flops() > 0.0 && model.about().size().is_some() {
        let (amount, unit) = match plan.flops() {
            flops if flops < 1e8 => (flops / 1e6, "MFLOP"),
            flops => (flops / 1e9, "GFLOP"),
        };
        lines.push(format!("{amount:.3} {unit} for the forward pass of one example"));
    }
    lines.push(String::new());
    lines.extend(parts(model.parameters()));
    lines.push(String::new());
    lines.extend(levels(model.process()));
    lines
}

/// The size of an example.
fn size_of(about: &About) -> String {
    match about.size() {
        None => "any divisible size".into(),
        Some([]) => "points".into(),
        Some(size) => size.iter().map(ToString::to_string).collect::<Vec<_>>().join("×"),
    }
}

/// A description of a model's training.
fn history(training: &TrainingSummary) -> String {
    format!(
        "trained on {}: {} images, {} steps, loss {:.4}, {}, seed {}",
        training.data, training.images, training.steps, training.loss, training.precision, training.seed
    )
}

/// The numbers of parameters of the parts of the network.
fn parts<'a>(parameters: impl Iterator<Item = &'a Parameter>) -> Vec<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for parameter in parameters {
        let mut names = parameter.name.split('.');
        let part = match (names.next(), names.next()) {
            (Some(first @ ("down_blocks" | "up_blocks")), Some(index)) => format!("{first}.{index}"),
            (Some(first), _) => first.to_string(),
            _ => String::new(),
        };
        match counts.last_mut() {
            Some((last, count)) if *last == part => *count += parameter.tensor.numel(),
            _ => counts.push((part, parameter.tensor.numel())),
        }
    }
    counts.into_iter().map(|(part, count)| format!("{part:<20} {count:>12}")).collect()
}

/// A few levels of the process as a table.
fn levels(process: &dyn DiscreteProcess) -> Vec<String> {
    let last = process.steps();
    let mut times: Vec<usize> = (0..=8).map(|i| (last * i / 8).max(1)).collect();
    times.dedup();
    let header = format!("{:>6} {:>10} {:>10} {:>10}", "t", "signal", "noise", "log-SNR");
    let rows = times.into_iter().map(|time| {
        let level = process.level(time);
        format!(
            "{time:>6} {:>10.6} {:>10.6} {:>10.4}",
            level.signal_rate(),
            level.noise_rate(),
            level.log_snr()
        )
    });
    std::iter::once(header).chain(rows).collect()
}

/// A plot of the signal and noise rates over time.
pub fn schedule_plot(process: &dyn DiscreteProcess, schedule: &Schedule) -> Plot {
    let curve = |of: &dyn Fn(f64) -> f64| -> Vec<(f64, f64)> {
        (0..=200).map(|i| process.last_time() * f64::from(i) / 200.0).map(|time| (time, of(time))).collect()
    };
    let rate = |signal: bool| {
        move |time: f64| match process.at_time(time) {
            Ok(level) if signal => level.signal_rate(),
            Ok(level) => level.noise_rate(),
            Err(_) => f64::NAN,
        }
    };
    Plot {
        title: format!("{}, T = {}", name_of_schedule(schedule), process.steps()),
        x_label: "time t (0 is clean data)".into(),
        y_label: "rate".into(),
        y_scale: Scale::Linear,
        series: vec![
            Series { name: "signal rate".into(), points: curve(&rate(true)) },
            Series { name: "noise rate".into(), points: curve(&rate(false)) },
        ],
    }
}

/// The name of a value in configurations.
fn name(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value).unwrap_or_default() {
        serde_json::Value::String(name) => name,
        // A variant with parameters is an object with one key.
        serde_json::Value::Object(object) => object
            .iter()
            .map(|(name, parameters)| with_parameters(name.clone(), parameters))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    }
}

fn name_of_schedule(schedule: &Schedule) -> String {
    name_of_json(&serde_json::to_value(schedule).unwrap_or_default())
}

/// A schedule's name and parameters; those of a schedule inside it as well.
fn name_of_json(json: &serde_json::Value) -> String {
    with_parameters(json["name"].as_str().unwrap_or_default().to_string(), json)
}

/// A name followed by the parameters in an object, if there are any.
fn with_parameters(name: String, json: &serde_json::Value) -> String {
    let parameters = json.as_object().into_iter().flatten().filter(|(key, _)| *key != "name");
    let rest: Vec<String> = parameters
        .map(|(key, value)| match value {
            serde_json::Value::Array(list) => format!("{} {key}", list.len()),
            serde_json::Value::Object(_) => format!("{key} {}", name_of_json(value)),
            value => format!("{key} {value}"),
        })
        .collect();
    if rest.is_empty() { name } else { format!("{name} ({})", rest.join(", ")) }
}
