//! A few bytes cannot require a deep stack, a long time or much memory.

use crate::torch_file::*;
use crate::{open_pickle, pickle_refused};

#[track_caller]
fn body_refused(body: &[u8], reason: &str) {
    pickle_refused(&around(&program(Two, body), &[("0", &counting(4))]), reason);
}

#[test]
fn deep_nesting_needs_no_stack() {
    let n = 1_000_000;
    let tuples = [b")".to_vec(), vec![0x85; n]].concat();
    body_refused(&tuples, "no dictionary of tensors");
    body_refused(&dict(Two, &[("deep", tuples)]), "its deep is not a tensor");
    body_refused(&[vec![b']'; n], vec![b'a'; n - 1]].concat(), "no dictionary of tensors");
    body_refused(&[b'('].repeat(n), "takes a value from an empty stack");
}

#[test]
fn containers_may_hold_themselves() {
    body_refused(b"]q\0h\0a", "no dictionary of tensors");
    body_refused(b"}q\x07X\x01\0\0\0ah\x07s", "its a is not a tensor");
    let body = [&b"}q\x07"[..], &text(Two, "state_dict"), b"h\x07s"].concat();
    body_refused(&body, "its state_dict is not a tensor");
}

#[test]
fn steps_are_counted() {
    body_refused(&b"N".repeat(5_000_000), "more than 4000000 steps");
}

/// Five bytes each, and each further than the last.
#[test]
fn memory_is_not_reserved_for_places_that_are_skipped() {
    let far = |at: u32| [b"r", &at.to_le_bytes()[..]].concat();
    open_pickle(&around(&program(Two, &[b"}".to_vec(), far(60_000)].concat()), &[])).unwrap();
    for at in [120_000, 1 << 24, u32::MAX] {
        body_refused(
            &[b"}".to_vec(), far(60_000), far(at)].concat(),
            "an index of the memo that is too large",
        );
    }
}

/// One tuple of sizes, recalled for tensor after tensor.
#[test]
fn no_tensor_has_a_thousand_axes() {
    let axes = |n: usize| floats("0", 0, &vec![1; n], &vec![0; n]);
    let of = |n: usize| of_tensors(Two, &[("w", axes(n))], &[("0", &counting(1))]);
    assert_eq!(open_pickle(&of(64)).unwrap().tensors()[0].shape, vec![1; 64]);
    pickle_refused(&of(65), "65 axes");
}

/// Strides of 0 make any number of numbers of one.
#[test]
fn a_number_cannot_be_repeated_without_end() {
    let of = |side: i64| of_tensors(Two, &[("w", floats("0", 0, &[side], &[0]))], &[("0", &counting(1))]);
    let mut file = open_pickle(&of(1 << 20)).unwrap();
    let tensor = file.tensors()[0].clone();
    assert_eq!(file.read(&tensor).unwrap(), vec![0; 4 << 20]);
    pickle_refused(&of(1 << 30), "too large for the repeated numbers of its storage");
}

/// A long text that is recalled again and again is held once.
#[test]
fn long_names_are_not_multiplied() {
    let long = "x".repeat(1 << 20);
    let made = tensor(Two, &floats("0", 0, &[1], &[1]));
    let pairs = b"h\x06h\x05".repeat(1 << 16);
    let body = [&b"}"[..], &made, b"q\x050", &text(Two, &long), b"q\x060", b"(", &pairs, b"u"].concat();
    let refused = open_pickle(&around(&program(Two, &body), &[("0", &counting(1))])).unwrap_err();
    assert!(refused.to_string().ends_with(" twice"));
    let view = View { key: Box::leak(long.into_boxed_str()), ..floats("0", 0, &[1], &[1]) };
    body_refused(&tensor(Two, &view), "that torch.save does not write");
}
