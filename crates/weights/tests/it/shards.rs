//! Weights are the same in one file and in several, of either kind; an index is believed in nothing that can be checked.

use crate::torch_file::{Two, counting, floats, of_tensors};
use crate::{place, put, written};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tweedie_weights::{DataType, Error, Weights};

/// A folder of two shards of each kind, named by their tensors: a counts three numbers up, b two, c is one.
fn shards() -> (TempDir, PathBuf) {
    let (folder, index) = place("model.index.json");
    for (name, tensors) in [
        ("ab", &[("a", &[3][..]), ("b", &[2])][..]),
        ("c", &[("c", &[])]),
        ("bc", &[("b", &[2]), ("c", &[])]),
    ] {
        let (_made, path) = written(tensors);
        std::fs::copy(path, folder.path().join(format!("{name}.safetensors"))).unwrap();
        let views: Vec<_> = tensors
            .iter()
            .map(|(name, shape)| {
                let shape: Vec<i64> = shape.iter().map(|&side| side as i64).collect();
                (*name, floats("0", 0, &shape, &vec![1; shape.len()]))
            })
            .collect();
        let bytes = of_tensors(Two, &views, &[("0", &counting(3))]);
        std::fs::write(folder.path().join(format!("{name}.bin")), bytes).unwrap();
    }
    (folder, index)
}

/// Opens an index that maps names to shards.
fn open(index: &Path, map: &[(&str, &str)]) -> Result<Weights, Error> {
    let entries: Vec<String> = map.iter().map(|(name, shard)| format!("{name:?}: {shard:?}")).collect();
    let text =
        format!("{{\"metadata\": {{\"total_size\": 24}}, \"weight_map\": {{{}}}}}", entries.join(", "));
    std::fs::write(index, text).unwrap();
    Weights::open(index)
}

/// Asserts that the shards are refused, in a sentence that holds `reason`.
#[track_caller]
fn refused(result: Result<Weights, Error>, reason: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Shards { .. }), "{error:?}");
    assert!(error.to_string().contains(reason), "{error} lacks {reason:?}");
}

#[test]
fn shards_of_either_kind_hold_the_same() {
    let (folder, index) = shards();
    for (first, second) in [
        ("ab.safetensors", "c.safetensors"),
        ("ab.bin", "c.bin"),
        ("ab.bin", "c.safetensors"),
        ("ab.safetensors", "c.bin"),
    ] {
        let mut weights = open(&index, &[("a", first), ("b", first), ("c", second)]).unwrap();
        assert_eq!(weights.path(), index);
        let shapes = [("a", vec![3]), ("b", vec![2]), ("c", vec![])];
        assert_eq!(weights.shapes(), shapes.map(|(name, shape)| (name.to_string(), shape)).into());
        for (name, n) in [("c", 1), ("a", 3), ("b", 2), ("a", 3)] {
            assert_eq!(weights.read(name).unwrap(), Some((DataType::F32, counting(n))), "{name}");
        }
        assert_eq!(weights.read("d").unwrap(), None);
    }
    // The file alone.
    for name in ["ab.safetensors", "ab.bin"] {
        let mut weights = Weights::open(&folder.path().join(name)).unwrap();
        assert_eq!(weights.shapes().len(), 2);
        assert_eq!(weights.read("b").unwrap(), Some((DataType::F32, counting(2))));
    }
    assert!(open(&index, &[]).unwrap().shapes().is_empty());
}

#[test]
fn an_index_that_lies_is_caught() {
    let (_folder, index) = shards();
    let open = |map: &[(&str, &str)]| open(&index, map);
    refused(open(&[("a", "ab.bin"), ("c", "d.bin")]), "its shard d.bin is missing");
    refused(open(&[("a", "ab.bin"), ("x", "ab.bin")]), "lists x in ab.bin, which does not contain it");
    // Another shard holds it: an earlier one, a later one.
    refused(open(&[("a", "ab.bin"), ("b", "c.bin")]), "lists b in c.bin, which does not contain it");
    refused(open(&[("a", "c.bin"), ("c", "ab.bin")]), "lists c in ab.bin, which does not contain it");
    refused(open(&[("a", "ab.bin"), ("b", "ab.bin"), ("c", "ab.bin"), ("d", "c.bin")]), "lists c in ab.bin");
    refused(open(&[("a", "ab.bin"), ("b", "ab.bin"), ("c", "bc.bin")]), "b is also in an earlier shard");
    refused(open(&[("a", "ab.bin"), ("b", "bc.safetensors")]), "b is also in an earlier shard");
}

#[test]
fn a_shard_lies_beside_its_index() {
    let (folder, index) = shards();
    std::fs::create_dir(folder.path().join("inner")).unwrap();
    std::fs::copy(folder.path().join("c.bin"), folder.path().join("inner/c.bin")).unwrap();
    let absolute = folder.path().join("c.bin").display().to_string();
    for shard in
        ["inner/c.bin", "../c.bin", "inner/../c.bin", "./inner/c.bin", &absolute, "..", "", ".", "/", "./"]
    {
        let error = open(&index, &[("c", shard)]).unwrap_err();
        assert!(matches!(error, Error::Shards { .. }), "{shard}: {error:?}");
    }
    refused(open(&index, &[("c", "../c.bin")]), "its shard `../c.bin` is not a file in the same folder");
    let error = open(&index, &[("c", "inner")]).unwrap_err();
    assert!(error.to_string().contains("it is a folder, not a file"), "{error}");
    // An index is no shard, not even of itself.
    let error = open(&index, &[("c", "model.index.json")]).unwrap_err();
    assert!(error.to_string().contains("is an index itself"), "{error}");
}

#[test]
fn what_is_no_index_is_refused() {
    let (_folder, missing) = place("model.index.json");
    crate::failed_at(&Weights::open(&missing).unwrap_err(), &missing);
    for text in ["", "[]", "{}", "{\"weight_map\": []}", "{\"weight_map\": {\"a\": 1}}", &"[".repeat(100_000)]
    {
        refused(Weights::open(&put("model.index.json", text.as_bytes())), "it is not an index");
    }
}

/// A damaged shard is named itself.
#[test]
fn a_damaged_shard_is_named() {
    let (folder, index) = shards();
    for name in ["c.bin", "c.safetensors"] {
        let path = folder.path().join(name);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let error = open(&index, &[("c", name)]).unwrap_err();
        assert!(matches!(error, Error::Format { .. } | Error::Pickle { .. }), "{error:?}");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
}

#[test]
fn renaming_keeps_the_values_and_never_merges() {
    let (_folder, index) = shards();
    let weights = || open(&index, &[("a", "ab.bin"), ("c", "c.safetensors")]).unwrap();
    let mut renamed = weights().renamed(|name| format!("unet.{name}")).unwrap();
    assert_eq!(renamed.shapes().into_keys().collect::<Vec<_>>(), ["unet.a", "unet.b", "unet.c"]);
    assert_eq!(renamed.read("unet.a").unwrap(), Some((DataType::F32, counting(3))));
    assert_eq!(renamed.read("a").unwrap(), None);
    // Names may change places.
    let mut turned =
        weights().renamed(|name| if name == "a" { "c" } else { "a" }.repeat(name.len())).map_err(drop);
    assert!(turned.is_err());
    turned = weights()
        .renamed(|name| match name {
            "a" => "c".into(),
            "c" => "a".into(),
            other => other.into(),
        })
        .map_err(drop);
    assert_eq!(turned.unwrap().read("c").unwrap(), Some((DataType::F32, counting(3))));

    let error = weights().renamed(|name| name.replace('c', "a")).unwrap_err();
    assert!(matches!(&error, Error::Names { path, .. } if *path == index), "{error:?}");
    assert!(error.to_string().contains("it contains a under an old and a new name"), "{error}");
}
