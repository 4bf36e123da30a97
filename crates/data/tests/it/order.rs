//! The order of images: a function of the seed and the count alone.

use crate::{likely, stream};
use tweedie_data::Order;

/// One pass over a set.
fn pass(seed: u64, len: u64, number: u64) -> Vec<u64> {
    let mut order = Order::new(seed, Some(len));
    (number * len..(number + 1) * len).map(|n| order.index(n)).collect()
}

#[test]
fn each_pass_shows_every_image_once() {
    for len in [1, 2, 3, 10, 1000] {
        for number in [0, 1, 2, 1000, 1 << 40] {
            let mut shown = pass(3, len, number);
            shown.sort_unstable();
            assert!(shown.into_iter().eq(0..len), "pass {number} of {len}");
        }
    }
}

#[test]
fn passes_and_seeds_differ() {
    let first = pass(3, 100, 0);
    assert_ne!(first, (0..100).collect::<Vec<_>>());
    assert_ne!(first, pass(3, 100, 1));
    assert_ne!(pass(3, 100, 1), pass(3, 100, 2));
    assert_ne!(first, pass(4, 100, 0));
    assert_eq!(first, pass(3, 100, 0));
}

#[test]
fn random_access_is_sequential_access() {
    let (len, n) = (17, 200);
    let mut order = Order::new(9, Some(len));
    let sequence: Vec<(u64, bool)> = (0..n).map(|n| (order.index(n), order.flips(n))).collect();
    let mut jumping = Order::new(9, Some(len));
    let mut numbers = stream(0);
    for _ in 0..1000 {
        let at = numbers.below(n);
        // Flips first, here and there: neither question disturbs the other.
        let flips = at.is_multiple_of(2).then(|| jumping.flips(at));
        let index = jumping.index(at);
        let flips = flips.unwrap_or_else(|| jumping.flips(at));
        assert_eq!((index, flips), sequence[at as usize], "image {at}");
    }
}

#[test]
fn every_order_is_as_likely() {
    let n = 6000;
    let mut counts = std::collections::BTreeMap::<Vec<u64>, usize>::new();
    for number in 0..n as u64 {
        *counts.entry(pass(1, 3, number)).or_default() += 1;
    }
    assert_eq!(counts.len(), 6);
    for count in counts.into_values() {
        likely(count, n, 1.0 / 6.0);
    }
}

#[test]
fn half_of_the_images_are_mirrored() {
    let flips = |seed| -> Vec<bool> {
        let order = Order::new(seed, Some(10));
        (0..6000).map(|n| order.flips(n)).collect()
    };
    let first = flips(1);
    likely(first.iter().filter(|&&flips| flips).count(), 6000, 0.5);
    // Neighbours, passes and seeds are independent.
    for other in [first[1..].to_vec(), first[10..].to_vec(), flips(2)] {
        let same = first.iter().zip(&other).filter(|(a, b)| a == b).count();
        likely(same, other.len(), 0.5);
    }
}

#[test]
fn endless_sets_are_shown_by_index() {
    let mut order = Order::new(7, None);
    for n in [0, 1, 5, 1 << 40, u64::MAX, 2] {
        assert_eq!(order.index(n), n);
    }
}
