//! `tweedie sample --list`.

use crate::output::line;
use tweedie_models::sampling::Sampler;

/// Each sampler with a line and its source.
pub(super) fn print() {
    for (_, name, what, source) in Sampler::ALL {
        line(format!("{name:<16} {what}\n{:<16} {source}", ""));
    }
}
