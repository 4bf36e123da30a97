//! Images set apart by their names.

use crate::likely;
use proptest::collection::btree_set;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;
use tweedie_data::{Dataset, Error, Part, Values, split};
use tweedie_math::DataShape;

/// A set that is nothing but names; without end where there are none.
pub struct Names(pub Option<Vec<String>>);

/// The same names without classes.
struct Unlabelled(Names);

impl Names {
    fn at(&self, index: u64) -> &str {
        self.0.as_ref().map_or("", |names| &names[index as usize])
    }
}

impl Dataset for Names {
    fn name(&self) -> String {
        "names".into()
    }

    fn shape(&self) -> DataShape {
        DataShape::image(1, 1, 2)
    }

    fn len(&self) -> Option<u64> {
        self.0.as_ref().map(|names| names.len() as u64)
    }

    fn class_names(&self) -> Vec<String> {
        vec!["even".into(), "odd".into()]
    }

    fn may_flip(&self) -> bool {
        true
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        Ok(Values::Bytes(vec![self.at(index).len() as u8, index as u8]))
    }

    fn label(&self, index: u64) -> Option<u32> {
        Some(self.at(index).len() as u32 % 2)
    }

    fn caption(&self, index: u64) -> String {
        format!("an image of {}", self.at(index))
    }

    fn key(&self, index: u64) -> String {
        self.at(index).into()
    }

    fn loaders(&self) -> usize {
        3
    }

    fn left_out(&self) -> Vec<String> {
        vec!["a bad one".into()]
    }
}

impl Dataset for Unlabelled {
    fn name(&self) -> String {
        self.0.name()
    }

    fn shape(&self) -> DataShape {
        self.0.shape()
    }

    fn len(&self) -> Option<u64> {
        self.0.len()
    }

    fn class_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn may_flip(&self) -> bool {
        true
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        self.0.values(index)
    }

    fn label(&self, _index: u64) -> Option<u32> {
        None
    }

    fn caption(&self, index: u64) -> String {
        self.0.caption(index)
    }

    fn key(&self, index: u64) -> String {
        self.0.key(index)
    }
}

fn halves(names: &BTreeSet<String>, share: f64) -> Result<(Part, Part), Error> {
    split(Arc::new(Names(Some(names.iter().cloned().collect()))), share)
}

fn keys(part: &Part) -> BTreeSet<String> {
    (0..part.len().unwrap()).map(|index| part.key(index)).collect()
}

fn numbered(n: usize) -> BTreeSet<String> {
    (0..n).map(|i| format!("folder/{i}.png")).collect()
}

#[test]
fn the_share_is_about_right() {
    let names = numbered(4000);
    for share in [0.01, 0.1, 0.5, 0.9] {
        let (trained, held) = halves(&names, share).unwrap();
        assert_eq!(trained.len().unwrap() + held.len().unwrap(), 4000);
        likely(held.len().unwrap() as usize, 4000, share);
    }
}

/// Nothing held out is the whole set, in order.
#[test]
fn no_share_holds_nothing_out() {
    for share in [0.0, -0.0] {
        let (trained, held) = halves(&numbered(50), share).unwrap();
        assert!(held.is_empty() && held.len() == Some(0));
        assert_eq!(keys(&trained), numbered(50));
    }
}

#[test]
fn parts_answer_for_their_images() {
    let names = numbered(200);
    let whole = Names(Some(names.iter().cloned().collect()));
    let (trained, held) = halves(&names, 0.3).unwrap();
    for part in [&trained, &held] {
        assert_eq!((part.name(), part.shape(), part.may_flip()), (whole.name(), whole.shape(), true));
        assert_eq!((part.class_names(), part.loaders(), part.moments()), (whole.class_names(), 3, None));
        assert_eq!(part.left_out(), whole.left_out());
        let mut last = None;
        for index in 0..part.len().unwrap() {
            let at = names.iter().position(|name| *name == part.key(index)).unwrap() as u64;
            assert_eq!(part.get(index).unwrap(), whole.get(at).unwrap());
            assert!(last < Some(at), "the order is kept");
            last = Some(at);
        }
        let n = part.len().unwrap();
        for index in [n, u64::MAX] {
            assert!(
                part.get(index)
                    .unwrap_err()
                    .to_string()
                    .contains(&format!("below the number of examples, {n}"))
            );
            let nothing = (None, String::new(), String::new());
            assert_eq!((part.label(index), part.caption(index), part.key(index)), nothing);
        }
    }
    assert_eq!(format!("{held:?}"), format!("{} images of names", held.len().unwrap()));
}

#[test]
fn shares_outside_their_range_are_refused() {
    for share in [1.0, 1.5, -0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let error = halves(&numbered(10), share).unwrap_err();
        assert!(matches!(error, Error::Parameter { .. }), "{error:?}");
        let text = error.to_string();
        assert_eq!(text, format!("the held-out share is {share}; it must be at least 0 and below 1"));
    }
}

#[test]
fn sets_that_cannot_be_split_are_refused() {
    let text = split(Arc::new(Names(None)), 0.1).unwrap_err().to_string();
    assert!(text.contains("the set to hold images out of") && text.contains("one with an end"), "{text}");
    let unlabelled = Unlabelled(Names(Some(numbered(3).into_iter().collect())));
    let text = split(Arc::new(unlabelled), 0.999_999).unwrap_err().to_string();
    assert!(text.contains("all 3 images") && text.contains("nothing would be left to train on"), "{text}");
    assert!(halves(&BTreeSet::new(), 0.1).is_err());
}

fn names() -> impl Strategy<Value = BTreeSet<String>> {
    btree_set("[a-z0-9/.é]{0,8}", 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_image_is_on_one_side(names in names(), share in 0.0..1.0) {
        let Ok((trained, held)) = halves(&names, share) else { return Ok(()) };
        let (trained, held) = (keys(&trained), keys(&held));
        prop_assert!(trained.is_disjoint(&held));
        prop_assert_eq!(&trained | &held, names);
    }

    #[test]
    fn without_classes_the_hash_alone_decides(names in names(), more in names(), share in 0.0..0.9) {
        let parts = |names: &BTreeSet<String>| {
            split(Arc::new(Unlabelled(Names(Some(names.iter().cloned().collect())))), share)
        };
        let (Ok(before), Ok(after)) = (parts(&names), parts(&(&names | &more))) else { return Ok(()) };
        prop_assert!(keys(&before.0).is_subset(&keys(&after.0)));
        prop_assert!(keys(&before.1).is_subset(&keys(&after.1)));
    }

    /// Only the one that was kept for a class goes to the side of its hash when its class gets others to train on.
    #[test]
    fn an_image_keeps_its_side_when_others_come(names in names(), more in names(), share in 0.0..0.9) {
        let (before, after) = (halves(&names, share), halves(&(&names | &more), share));
        let (Ok(before), Ok(after)) = (before, after) else { return Ok(()) };
        prop_assert!(keys(&before.1).is_subset(&keys(&after.1)));
        let moved: Vec<usize> = keys(&before.0).difference(&keys(&after.0)).map(|name| name.len() % 2).collect();
        for class in 0..2 {
            let own = |part: &Part| keys(part).iter().filter(|name| name.len() % 2 == class).count();
            let n = moved.iter().filter(|own| **own == class).count();
            prop_assert!(n == 0 || (n == 1 && own(&before.0) == 1), "{moved:?}");
        }
    }

    #[test]
    fn every_class_keeps_an_example_to_train_on(names in names(), share in 0.0..1.0) {
        let (trained, held) = halves(&names, share).unwrap();
        let classes = |part: &Part| -> BTreeSet<u32> {
            (0..part.len().unwrap()).filter_map(|index| part.label(index)).collect()
        };
        prop_assert!(classes(&held).is_subset(&classes(&trained)));
    }

    /// A larger share adds to what is held out, and takes nothing from it.
    #[test]
    fn larger_shares_hold_out_more(names in names(), shares in [0.0f64..0.9, 0.0f64..0.9]) {
        let [a, b]: [f64; 2] = shares;
        let (least, most) = (a.min(b), a.max(b));
        let (Ok(few), Ok(many)) = (halves(&names, least), halves(&names, most)) else { return Ok(()) };
        prop_assert!(keys(&few.1).is_subset(&keys(&many.1)));
    }
}

/// Of a class with one example nothing can be held out: it is trained on and named.
#[test]
fn classes_of_one_example_are_named() {
    let mut names: BTreeSet<String> = (0..40).map(|i| format!("{i:04}")).collect();
    names.insert("lonely.png".repeat(2) + "!");
    for share in [0.02, 0.5, 0.99] {
        let (trained, held) = halves(&names, share).unwrap();
        assert!(keys(&trained).iter().any(|name| name.ends_with('!')), "{share}");
        let line = "held out: none of the class odd, whose only example is trained on";
        assert_eq!((trained.notices(), held.notices()), (vec![line.to_string()], vec![]), "{share}");
    }
    assert!(halves(&names, 0.0).unwrap().0.notices().is_empty(), "nothing is held out of any class");
    assert!(halves(&numbered(40), 0.5).unwrap().0.notices().is_empty());
}
