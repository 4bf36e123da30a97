//! Where readers must be careful: what decoders let pass, what archives hide, what people leave lying about.

use crate::make::{self, Named, encode, file, flat_png, folder, gzip, keys, options, png, tar, zip};
use image::{GrayImage, ImageBuffer, ImageFormat, Luma, LumaA, Rgb, RgbImage};
use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use tweedie_data::*;
use tweedie_weights::{DataType, TensorBytes, write_tensors};
use zip::CompressionMethod::{Deflated, Stored};

fn noise() -> RgbImage {
    RgbImage::from_fn(40, 30, |x, y| Rgb([(x * 37 + y * 91) as u8, (x * y) as u8, (x * x + y) as u8]))
}

#[test]
fn truncated_jpegs_are_refused() {
    let bytes = encode(noise(), ImageFormat::Jpeg);
    let read: Vec<usize> =
        (0..bytes.len() - 2).step_by(53).filter(|&n| decode(&bytes[..n], 3, [0; 3]).is_ok()).collect();
    assert!(read.is_empty(), "of {} bytes, these are read: {read:?}", bytes.len());
}

#[test]
fn grey_backgrounds_are_their_luma() {
    let teal = [10, 200, 30];
    let luma = (0.299f64 * 10.0 + 0.587 * 200.0 + 0.114 * 30.0).round() as u8;
    let clear = encode(ImageBuffer::from_pixel(1, 1, LumaA([9u8, 0])), ImageFormat::Png);
    assert_eq!(decode(&clear, 1, teal).unwrap().bytes, [luma]);
}

#[test]
fn grey_padding_is_the_backgrounds_luma() {
    let teal = [10, 200, 30];
    let luma = (0.299f64 * 10.0 + 0.587 * 200.0 + 0.114 * 30.0).round() as u8;
    let line = Pixels { channels: 1, height: 1, width: 4, bytes: vec![0; 4] };
    let planes = fit(&line, Shape { channels: 1, height: 4, width: 4 }, Fit::Pad, teal).unwrap();
    assert_eq!(planes[15], luma);
}

#[test]
fn fit_never_panics() {
    let shown = Pixels { channels: 1, height: 2, width: 2, bytes: vec![0; 4] };
    let mut panics = vec![];
    for (name, image, shape, how) in [
        ("pad to nothing", shown.clone(), (1, 0, 4), Fit::Pad),
        ("crop to nothing", shown.clone(), (1, 0, 4), Fit::Crop),
        ("stretch to nothing", shown.clone(), (1, 0, 4), Fit::Stretch),
        ("no channels", Pixels { channels: 0, bytes: vec![], ..shown.clone() }, (1, 2, 2), Fit::Crop),
        ("too many bytes", Pixels { bytes: vec![0; 9], ..shown.clone() }, (1, 2, 2), Fit::Crop),
        ("too few bytes", Pixels { bytes: vec![0; 3], ..shown.clone() }, (1, 3, 3), Fit::Crop),
        ("no pixels", Pixels { height: 0, bytes: vec![], ..shown.clone() }, (1, 3, 3), Fit::Pad),
        ("no pixels crop", Pixels { height: 0, bytes: vec![], ..shown.clone() }, (1, 3, 3), Fit::Crop),
    ] {
        let shape = Shape { channels: shape.0, height: shape.1, width: shape.2 };
        let result = std::panic::catch_unwind(|| fit(&image, shape, how, [0; 3]));
        if result.is_err() {
            panics.push(name);
        }
    }
    assert!(panics.is_empty(), "{panics:?}");
}

#[test]
fn a_skipped_file_lends_no_label() {
    let png = flat_png(2, 2, 9);
    // The head is right: it is found damaged only when its turn comes.
    let cut = &png[..png.len() / 2];
    let (_outer, path) = folder(&[("a/1.png", cut), ("a/2.png", &flat_png(2, 2, 5)), ("b/1.png", &png)]);
    let set = ImageFiles::open(&path, ImageOptions { bad_files: BadFiles::Skip, ..options() }).unwrap();
    let shown = set.get(0).unwrap();
    assert_eq!((shown.label, shown.image()), (Some(0), &[5; 12][..]), "the next of its class");
    // A class without any image has none to lend.
    let (_outer, path) = folder(&[("a/1.png", cut), ("b/1.png", &png)]);
    let set = ImageFiles::open(&path, ImageOptions { bad_files: BadFiles::Skip, ..options() }).unwrap();
    assert!(set.get(0).unwrap_err().to_string().contains("none of its files"));
}

#[test]
fn an_empty_class_beside_one_other_is_refused() {
    let (_outer, path) = folder(&[("a/1.png", &flat_png(2, 2, 7)), ("b/", b"")]);
    let text = make::refused(&path);
    assert!(text.contains("its class b has no images"), "{text}");
}

#[test]
fn a_macs_leftovers_are_no_class() {
    let png = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[("a/1.png", &png), ("b/1.png", &png), ("__MACOSX/a/._1.png", &png)]);
    assert_eq!(ImageFiles::open(&path, options()).unwrap().class_names(), ["a", "b"]);
}

#[test]
fn hidden_links_to_nowhere_are_ignored() {
    let (_outer, path) = folder(&[("a.png", &flat_png(2, 2, 7))]);
    symlink("someone@host.42", path.join(".#a.png")).unwrap();
    assert_eq!(keys(&ImageFiles::open(&path, options()).unwrap()), ["a.png"]);
}

#[test]
fn sets_are_named_without_their_ending() {
    let png = flat_png(2, 2, 7);
    for (name, bytes) in
        [("toy.tar", tar(&[("a.png", &png)])), ("toy.tar.gz", gzip(&tar(&[("a.png", &png)])))]
    {
        let (_outer, path) = file(name, &bytes);
        assert_eq!(ImageFiles::open(&path, options()).unwrap().name(), "toy");
    }
}
#[test]
fn folders_keep_their_name() {
    let png = flat_png(2, 2, 7);
    let (_outer, path) = folder(&[("v1.5/a.png", &png)]);
    assert_eq!(ImageFiles::open(&path.join("v1.5"), options()).unwrap().name(), "v1.5");
}

#[test]
fn zip_crc_is_checked() {
    for method in [Stored, Deflated] {
        let text = encode(GrayImage::from_pixel(2, 2, Luma([5])), ImageFormat::Pnm);
        let mut bytes = zip(&[("a.pgm", &text)], method);
        let at = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        bytes[at + 16] ^= 1;
        let (_outer, path) = file("toy.zip", &bytes);
        assert!(ImageFiles::open(&path, options()).map_or(true, |set| set.get(0).is_err()), "{method}");
    }
}

#[test]
fn the_last_of_two_members_of_a_name_counts() {
    let (first, last) = (flat_png(2, 2, 1), flat_png(2, 2, 2));
    let (_outer, path) = file("toy.tar", &tar(&[("a.png", &first), ("a.png", &last)]));
    let set = ImageFiles::open(&path, options()).unwrap();
    assert_eq!((keys(&set), set.get(0).unwrap().image()[0]), (vec!["a.png".to_string()], 2));
}

#[test]
fn hard_links_in_a_tar_are_read() {
    let png = flat_png(2, 2, 1);
    let mut builder = ::tar::Builder::new(Vec::new());
    let mut header = ::tar::Header::new_gnu();
    header.set_size(png.len() as u64);
    builder.append_data(&mut header, "a.png", &png[..]).unwrap();
    let mut header = ::tar::Header::new_gnu();
    header.set_size(0);
    header.set_entry_type(::tar::EntryType::Link);
    builder.append_link(&mut header, "b.png", "a.png").unwrap();
    let (_outer, path) = file("toy.tar", &builder.into_inner().unwrap());
    match ImageFiles::open(&path, options()) {
        Ok(set) => assert_eq!(keys(&set), ["a.png", "b.png"]),
        Err(error) => assert!(error.to_string().contains("b.png")),
    }
}

#[test]
fn captions_lie_beside_wrong_path() {
    let (_outer, path) = file("toy.tar", &tar(&[("a.png", &flat_png(2, 2, 1))]));
    let list = path.with_file_name("list.tsv");
    std::fs::write(&list, "no tab").unwrap();
    let error = ImageFiles::open(&path, ImageOptions { captions: Some("list.tsv".into()), ..options() })
        .err()
        .unwrap();
    assert!(error.to_string().contains(&list.display().to_string()), "{error}");
}

#[test]
fn captions_inside_the_one_folder_around() {
    let files: [Named; 2] = [("toy/a.png", &flat_png(2, 2, 1)), ("toy/captions.tsv", b"a.png\tone")];
    let (_outer, path) = file("toy.zip", &zip(&files, Deflated));
    assert_eq!(ImageFiles::open(&path, options()).unwrap().caption(0), "one");
}

#[test]
fn captions_mark() {
    let png = flat_png(2, 2, 1);
    let files: [Named; 2] = [("a.png", &png), ("captions.tsv", b"\xef\xbb\xbfa.png\tone")];
    let (_outer, path) = folder(&files);
    assert_eq!(ImageFiles::open(&path, options()).unwrap().caption(0), "one");
}

#[test]
fn classes_inside_the_one_folder_around() {
    let png = flat_png(2, 2, 1);
    let files: [Named; 2] = [("toy/cat/a.png", &png), ("toy/dog/a.png", &png)];
    let (_outer, path) = file("toy.zip", &zip(&files, Deflated));
    assert_eq!(ImageFiles::open(&path, options()).unwrap().class_names(), ["cat", "dog"]);
}

fn floats(name: &str, values: &[f32], shape: &[usize]) -> (String, TensorBytes) {
    let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    (name.into(), TensorBytes { kind: DataType::F32, shape: shape.to_vec(), bytes })
}

#[test]
fn a_mean_must_be_finite() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    write_tensors(&path, &[floats("x", &[1.0, 2.0], &[2, 1, 1, 1])].into(), &BTreeMap::new()).unwrap();
    for mean in [f64::NAN, f64::INFINITY] {
        assert!(Arrays::open(&path, None, Some((vec![mean], vec![1.0]))).is_err(), "{mean}");
    }
}

#[test]
fn floats_take_four_bytes_each() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    write_tensors(&path, &[floats("x", &[1.0, 2.0], &[2, 1, 1, 1])].into(), &BTreeMap::new()).unwrap();
    let set: Arc<dyn Dataset> = Arc::new(Arrays::open(&path, None, None).unwrap());
    assert!(Arc::ptr_eq(&MemoryCache::of(Arc::clone(&set), 7), &set));
}

#[test]
fn a_disk_cache_sees_a_changed_image() {
    let (_outer, path) = folder(&[("a.png", &flat_png(2, 2, 1))]);
    let cache = tempfile::tempdir().unwrap();
    let open =
        || DiskCache::of(Arc::new(ImageFiles::open(&path, options()).unwrap()), cache.path(), "").unwrap();
    assert_eq!(open().get(0).unwrap().image()[0], 1);
    std::fs::write(path.join("a.png"), flat_png(2, 2, 2)).unwrap();
    assert_eq!(open().get(0).unwrap().image()[0], 2);
}

#[test]
fn sizes_of_nothing_are_bad() {
    let mut bitmap = encode(noise(), ImageFormat::Bmp);
    bitmap[18..22].copy_from_slice(&[0; 4]);
    let (_outer, path) =
        folder(&[("a.bmp", &bitmap), ("b.pgm", b"P5 0 4 255 "), ("c.png", &png([0, 4], 8, 0, &[], &[]))]);
    let (sizes, bad) = ImageFiles::open(&path, options()).unwrap().sizes();
    assert!(sizes.is_empty() && bad.len() == 3, "{sizes:?} {bad:?}");
}

#[test]
fn nouns_colours_are_hexadecimal() {
    let part = r#"[{"filename":"x-y","data":"0x0000000000"}]"#;
    let text = format!(
        r#"{{"bgcolors":["+12345"],"palette":[""],"images":{{"bodies":{part},"accessories":{part},"heads":{part},"glasses":{part}}}}}"#
    );
    let (_outer, path) = file("image-data.json", text.as_bytes());
    assert!(Nouns::open(&path, 0).is_err());
}

#[test]
fn cifar_missing_batches() {
    let (_outer, path) = folder(&[("data_batch_1.bin", &[0; 3073]), ("data_batch_3.bin", &[0; 3073])]);
    assert!(Cifar::open(&path).is_err(), "batch 2 is missing");
}
