//! The laws of network outputs and of the weights of losses.

use super::holds;
use crate::strategies::{any_output, any_vp, any_weighting};
use crate::three_levels;
use proptest::prelude::*;
use tweedie_math::{Process, laws};

proptest! {
    #[test]
    fn readings_invert_targets(
        output in any_output(), [before, level, _] in three_levels(), x0 in -1.0..1.0, eps in -3.0..3.0,
    ) {
        holds(laws::readings_invert_targets(output, level, Some(before), x0, eps));
    }

    #[test]
    fn outputs_convert(
        from in any_output(), to in any_output(), [before, level, _] in three_levels(),
        x in -5.0..5.0, out in -3.0..3.0,
    ) {
        holds(laws::outputs_convert(from, to, level, Some(before), x, out));
    }

    #[test]
    fn weights_convert(
        weighting in any_weighting(), output in any_output(), [before, level, _] in three_levels(),
    ) {
        holds(laws::weights_convert(weighting, output, level, Some(before)));
    }

    /// At every trained level that has signal, with the one that was trained before it.
    #[test]
    fn every_trained_level_obeys(
        process in any_vp(), output in any_output(), other in any_output(), weighting in any_weighting(),
        x0 in -1.0..1.0, eps in -3.0..3.0,
    ) {
        for level in process.levels() {
            if level.signal_rate() > 0.0 {
                let before = process.trained_previous(level);
                let x = level.signal_rate() * x0 + level.noise_rate() * eps;
                holds(laws::readings_invert_targets(output, level, before, x0, eps));
                holds(laws::outputs_convert(output, other, level, before, x, eps));
                holds(laws::weights_convert(weighting, output, level, before));
            }
        }
    }
}
