//! Caches change nothing but how often an image is decoded.

use crate::make::contents;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tweedie_data::{Dataset, DiskCache, Error, MemoryCache, Values};
use tweedie_math::DataShape;

/// Five images that count how often they are decoded.
struct Counting {
    name: &'static str,
    names: Vec<&'static str>,
    asked: AtomicUsize,
    floats: bool,
}

fn counting() -> Arc<Counting> {
    let names = vec!["a", "b", "c", "d", "e"];
    Arc::new(Counting { name: "counting", names, asked: AtomicUsize::new(0), floats: false })
}

impl Counting {
    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Dataset for Counting {
    fn name(&self) -> String {
        self.name.into()
    }

    fn shape(&self) -> DataShape {
        DataShape::image(3, 2, 4)
    }

    fn len(&self) -> Option<u64> {
        Some(self.names.len() as u64).filter(|&n| n > 0)
    }

    fn class_names(&self) -> Vec<String> {
        vec!["one".into(), "other".into()]
    }

    fn may_flip(&self) -> bool {
        true
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if index == 99 || (!self.names.is_empty() && index >= self.names.len() as u64) {
            return Err(Error::Loader("beyond the end".into()));
        }
        // Image 0 is all zeros, as a hole in a file is.
        let bytes = (0..24).map(|at| (index * at) as u8);
        Ok(if self.floats {
            Values::Floats(bytes.map(f32::from).collect())
        } else {
            Values::Bytes(bytes.collect())
        })
    }

    fn label(&self, index: u64) -> Option<u32> {
        Some(index as u32 % 2)
    }

    fn caption(&self, index: u64) -> String {
        format!("image {index}")
    }

    fn key(&self, index: u64) -> String {
        self.names.get(index as usize).copied().unwrap_or_default().into()
    }

    fn loaders(&self) -> usize {
        4
    }

    fn moments(&self) -> Option<(Vec<f64>, Vec<f64>)> {
        self.floats.then(|| (vec![1.0], vec![2.0]))
    }

    fn left_out(&self) -> Vec<String> {
        vec!["x".into()]
    }
}

/// Asserts that a cache answers as the set behind it.
fn same(cache: &dyn Dataset, whole: &dyn Dataset) {
    assert_eq!((cache.name(), cache.shape(), cache.len()), (whole.name(), whole.shape(), whole.len()));
    assert_eq!((cache.class_names(), cache.may_flip()), (whole.class_names(), whole.may_flip()));
    assert_eq!((cache.loaders(), cache.moments()), (whole.loaders(), whole.moments()));
    assert_eq!(cache.left_out(), whole.left_out());
    for _ in 0..2 {
        assert_eq!(contents(cache), contents(whole));
    }
}

fn disk(whole: &Arc<Counting>, folder: &Path, how: &str) -> Arc<dyn Dataset> {
    DiskCache::of(Arc::clone(whole) as Arc<dyn Dataset>, folder, how).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn each_image_is_decoded_once() {
    let folder = tempfile::tempdir().unwrap();
    for in_memory in [true, false] {
        let (whole, plain) = (counting(), counting());
        let cache = match in_memory {
            true => MemoryCache::of(whole.clone(), 5 * 24),
            false => disk(&whole, folder.path(), ""),
        };
        assert_eq!(whole.asked(), 0);
        assert_eq!(cache.get(3).unwrap(), plain.get(3).unwrap());
        assert_eq!((cache.get(3).unwrap(), whole.asked()), (plain.get(3).unwrap(), 1));
        same(cache.as_ref(), plain.as_ref());
        assert_eq!(whole.asked(), 5, "in memory: {in_memory}");
    }
}

#[test]
fn what_does_not_fit_is_not_kept_in_memory() {
    let whole = counting();
    let cache = MemoryCache::of(whole.clone(), 5 * 24 - 1);
    same(cache.as_ref(), counting().as_ref());
    assert_eq!(whole.asked(), 10);
    let endless = Arc::new(Counting { names: vec![], ..Arc::into_inner(counting()).unwrap() });
    let cache = MemoryCache::of(endless.clone(), u64::MAX);
    (0..3).for_each(|_| drop(cache.values(7).unwrap()));
    assert_eq!((cache.len(), endless.asked()), (None, 3));
}

#[test]
fn the_file_outlives_its_process() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("new/inner");
    same(disk(&counting(), &inner, "").as_ref(), counting().as_ref());
    assert_eq!(files(&inner).len(), 1);
    let again = counting();
    same(disk(&again, &inner, "").as_ref(), counting().as_ref());
    assert_eq!((again.asked(), files(&inner).len()), (0, 1));
}

#[test]
fn damaged_slots_are_decoded_anew() {
    let folder = tempfile::tempdir().unwrap();
    same(disk(&counting(), folder.path(), "").as_ref(), counting().as_ref());
    let file = &files(folder.path())[0];
    let whole = std::fs::read(file).unwrap();
    assert_eq!(whole.len(), 5 * 28);
    let check = |bytes: &[u8], least: usize, most: usize| {
        std::fs::write(file, bytes).unwrap();
        let set = counting();
        same(disk(&set, folder.path(), "").as_ref(), counting().as_ref());
        assert!(
            (least..=most).contains(&set.asked()),
            "{} decoded instead of {least} to {most}",
            set.asked()
        );
        assert_eq!(std::fs::read(file).unwrap(), whole);
    };
    check(&whole, 0, 0);
    for at in (0..whole.len()).step_by(9) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        check(&damaged, 1, 1);
    }
    // Cut, empty, and a hole.
    check(&whole[..28 * 3 + 5], 2, 2);
    check(&[], 5, 5);
    check(&[0; 5 * 28], 5, 5);
}

#[test]
fn other_images_have_another_file() {
    let folder = tempfile::tempdir().unwrap();
    let with = |names: &[&'static str], name, how| {
        let set = Counting { name, names: names.to_vec(), asked: AtomicUsize::new(0), floats: false };
        disk(&Arc::new(set), folder.path(), how);
        files(folder.path()).len()
    };
    assert_eq!(with(&["a", "b"], "toy", ""), 1);
    assert_eq!(with(&["a", "b"], "toy", ""), 1);
    assert_eq!(with(&["a", "c"], "toy", ""), 2);
    assert_eq!(with(&["a"], "toy", ""), 3);
    assert_eq!(with(&["b", "a"], "toy", ""), 4);
    assert_eq!(with(&["a", "b"], "other", ""), 5);
    assert_eq!(with(&["a", "b"], "toy", "pad"), 6);
}

#[test]
fn what_cannot_be_decoded_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    for cache in [disk(&counting(), folder.path(), ""), MemoryCache::of(counting(), 1 << 20)] {
        for index in [5, 99, 1 << 60, u64::MAX] {
            assert!(cache.get(index).is_err());
        }
        same(cache.as_ref(), counting().as_ref());
    }
}

#[test]
fn numbers_pass_through_and_endless_sets_have_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let floats = || Arc::new(Counting { floats: true, ..Arc::into_inner(counting()).unwrap() });
    same(disk(&floats(), folder.path(), "").as_ref(), floats().as_ref());
    let n = files(folder.path()).len();
    let endless = Arc::new(Counting { names: vec![], ..Arc::into_inner(counting()).unwrap() });
    assert_eq!(disk(&endless, folder.path(), "").len(), None);
    assert_eq!(files(folder.path()).len(), n);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("taken"), "").unwrap();
    let inner = folder.path().join("taken/cache");
    let Err(error) = DiskCache::of(counting(), &inner, "") else { panic!("it was made") };
    assert!(matches!(error, Error::Io { .. }) && error.to_string().contains("taken"), "{error}");
}
