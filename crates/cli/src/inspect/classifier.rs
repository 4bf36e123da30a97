//! What can be seen of a classifier of noisy pictures.

use super::{history, levels, name, name_of_schedule, parts};
use tweedie_models::Classifier;

/// What a classifier is, as lines.
pub fn summary_of_classifier(classifier: &Classifier) -> Vec<String> {
    let (config, about) = (classifier.network().config(), classifier.description());
    let [height, width] = config.encoder.sample_size.map_or([0, 0], |size| size.sides());
    let mut lines = vec![
        format!(
            "NoisyClassifier, {:.3} M parameters, {height}×{width}, {} channels → {} classes",
            classifier.network().parameters().n_trained() as f64 / 1e6,
            config.encoder.in_channels,
            config.n_classes
        ),
        format!("says ln p(y | x_t); told {}", name(&about.conditioning)),
        format!("process: {}, T = {}", name_of_schedule(&about.schedule), about.steps),
        format!("classes: {}", about.class_names.join(", ")),
    ];
    lines.extend(about.training.as_ref().map(history));
    lines.push(String::new());
    lines.extend(parts(classifier.network().parameters()));
    lines.push(String::new());
    lines.extend(levels(classifier.process()));
    lines
}
