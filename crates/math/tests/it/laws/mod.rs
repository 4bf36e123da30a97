//! Every public law, put over every schedule, process, output, weighting and kind of data; and over what breaks it.

mod bounds;
mod broken;
mod broken_oracles;
mod kernels;
mod oracles;
mod outputs;
mod processes;

use tweedie_math::laws::Broken;

/// Fails with the law's own words.
#[track_caller]
fn holds(judged: Result<(), Broken>) {
    if let Err(broken) = judged {
        panic!("{broken}");
    }
}

/// Fails unless the law found a number that it does not allow.
#[track_caller]
fn is_broken(judged: Result<(), Broken>) {
    assert!(matches!(judged, Err(Broken::Law { .. })), "the law let it pass: {judged:?}");
}

/// Fails unless what was judged refused to answer.
#[track_caller]
fn is_refused(judged: Result<(), Broken>) {
    assert!(matches!(judged, Err(Broken::Refused { .. })), "nothing was refused: {judged:?}");
}
