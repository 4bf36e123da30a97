//! All differences from the expected names and shapes are reported.

use crate::{place, written};
use std::collections::BTreeMap;
use tweedie_weights::{Error, Expected, Weights, compare};

/// The differences between a file of `found` and the expected.
fn differences(found: &[(&str, &[usize])], expected: &[(&str, &[usize])]) -> Option<String> {
    let (_folder, path) = written(found);
    let expected: Expected =
        expected.iter().map(|(name, shape)| (name.to_string(), shape.to_vec())).collect();
    match compare(&path, &Weights::open(&path).unwrap().shapes(), &expected) {
        Ok(()) => None,
        Err(Error::Names { path: named, differences }) => {
            assert_eq!(named, path);
            Some(differences)
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn what_fits_passes() {
    let same: &[(&str, &[usize])] = &[("a", &[2, 3]), ("b", &[]), ("c", &[0])];
    assert_eq!(differences(same, same), None);
    assert_eq!(differences(&[], &[]), None);
}

#[test]
fn one_of_each_kind() {
    assert_eq!(differences(&[], &[("a", &[2])]).unwrap(), "1 missing (a)");
    assert_eq!(differences(&[("a", &[2])], &[]).unwrap(), "1 unknown (a)");
    assert_eq!(
        differences(&[("a", &[2, 3])], &[("a", &[3, 2])]).unwrap(),
        "1 of another shape (a is [2, 3] instead of [3, 2])"
    );
    // As many numbers are not the same shape.
    for (found, expected) in [(&[1][..], &[][..]), (&[6], &[2, 3]), (&[0], &[0, 1])] {
        assert!(differences(&[("a", found)], &[("a", expected)]).unwrap().starts_with("1 of another shape"));
    }
}

#[test]
fn all_kinds_at_once() {
    let found: &[(&str, &[usize])] = &[("in.bias", &[4]), ("old.a", &[1]), ("old.b", &[1]), ("same", &[2])];
    let expected: &[(&str, &[usize])] = &[("in.bias", &[8]), ("new", &[1]), ("same", &[2])];
    assert_eq!(
        differences(found, expected).unwrap(),
        "1 missing (new); 2 unknown (old.a, old.b); 1 of another shape (in.bias is [4] instead of [8])"
    );
}

#[test]
fn long_lists_are_counted() {
    let names: Vec<String> = (0..20).map(|i| format!("layer{i:02}")).collect();
    let take = |n: usize| -> Vec<(&str, &[usize])> {
        names[..n].iter().map(|name| (name.as_str(), &[1][..])).collect()
    };
    let eight = names[..8].join(", ");
    assert_eq!(differences(&take(8), &[]).unwrap(), format!("8 unknown ({eight})"));
    assert_eq!(differences(&take(9), &[]).unwrap(), format!("9 unknown ({eight} and 1 more)"));
    assert_eq!(differences(&[], &take(20)).unwrap(), format!("20 missing ({eight} and 12 more)"));
}

#[test]
fn the_sentence_names_the_file() {
    let (_folder, path) = written(&[("a", &[1])]);
    let error = compare(&path, &Weights::open(&path).unwrap().shapes(), &BTreeMap::new()).unwrap_err();
    assert_eq!(error.to_string(), format!("{} does not fit the network: 1 unknown (a)", path.display()));
    assert!(!error.is_disk_full());
    assert_ne!(path, place("weights.safetensors").1);
}
