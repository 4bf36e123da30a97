//! Tables of points: what is written comes back, and what tables of the world look like is read.

use crate::make::file;
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;
use tweedie_data::{Dataset, Error, PointFile, PointFileOptions, Values, points_text, split};
use tweedie_math::DataShape;

pub fn open(name: &str, text: &[u8], options: PointFileOptions) -> Result<PointFile, Error> {
    let (_folder, path) = file(name, text);
    PointFile::open(&path, options)
}

/// A table read with the default options.
pub fn read(text: &str) -> Result<PointFile, Error> {
    open("toy.csv", text.as_bytes(), PointFileOptions::default())
}

fn points(set: &PointFile) -> Vec<Vec<f32>> {
    let values = |index| match set.values(index).unwrap() {
        Values::Floats(values) => values,
        Values::Bytes(_) => panic!("points are numbers"),
    };
    (0..set.len().unwrap()).map(values).collect()
}

fn labels(set: &PointFile) -> Vec<Option<u32>> {
    (0..set.len().unwrap()).map(|index| set.label(index)).collect()
}

fn bits(points: &[Vec<f32>]) -> Vec<u32> {
    points.iter().flatten().map(|value| value.to_bits()).collect()
}

/// A name that is not a number, without blanks around it, in a file of its own language.
fn name() -> impl Strategy<Value = String> {
    "[a-zäλ,;\t\" .0-9]{1,8}".prop_map(|text| format!("c{}", text.trim_end()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn points_come_back_bit_for_bit(
        d in 1usize..5,
        bits_of in vec(any::<u32>(), 8..60),
        names in proptest::collection::btree_set(name(), 5),
        delimiter in prop_oneof![Just(','), Just('\t'), Just(';')],
    ) {
        let finite: Vec<f32> = bits_of.into_iter().map(f32::from_bits).filter(|value| value.is_finite()).collect();
        let rows: Vec<Vec<f32>> = finite.chunks_exact(d).map(<[f32]>::to_vec).collect();
        let names: Vec<String> = names.into_iter().take(d).collect();
        prop_assume!(rows.len() > 1 && (0..d).all(|i| rows.iter().any(|row| row[i] != rows[0][i])));
        let text = points_text(&names, rows.iter().map(Vec::as_slice), delimiter);
        let set = open("toy.csv", text.as_bytes(), PointFileOptions::default()).unwrap();
        prop_assert_eq!(set.columns(), &names[..]);
        prop_assert_eq!(bits(&points(&set)), bits(&rows));
        // Without a header they come back as well.
        let numbers: Vec<String> = (1..=d).map(|i| i.to_string()).collect();
        let text = points_text(&numbers, rows.iter().map(Vec::as_slice), delimiter);
        let set = open("toy.csv", text.as_bytes(), PointFileOptions::default()).unwrap();
        prop_assert_eq!(set.columns(), &numbers[..]);
        prop_assert_eq!(bits(&points(&set)), bits(&rows));
    }
}

#[test]
fn numbers_are_written_short() {
    let rows: [&[f32]; 2] = [&[0.1, -2.0, 1e-7], &[1e30, 123_456.0, f32::MIN_POSITIVE]];
    let names = ["a", "b,c", ""].map(String::from);
    let text = points_text(&names, rows, ',');
    assert_eq!(text, "a,\"b,c\",\"\"\n0.1,-2,1e-7\n1e30,123456,1.1754944e-38\n");
    assert_eq!(points_text(&names[..1], [], '\t'), "a\n");
}

#[test]
fn a_tsv_with_classes_is_read() {
    let text = "kind\tx\ty\nring\t1.5\t-2e3\nring\t0.25\t4\narm\t3\t5\n";
    let set = open("toy.tsv", text.as_bytes(), PointFileOptions::default()).unwrap();
    assert_eq!((set.name().as_str(), set.len(), set.may_flip()), ("toy", Some(3), false));
    assert_eq!((set.columns(), set.shape()), (&["x".to_string(), "y".into()][..], DataShape::point(2)));
    assert_eq!(points(&set), [[1.5, -2e3], [0.25, 4.0], [3.0, 5.0]]);
    assert_eq!(
        (set.class_names(), labels(&set)),
        (vec!["ring".into(), "arm".into()], vec![Some(0), Some(0), Some(1)])
    );
    assert_eq!((0..3).map(|i| set.key(i) + &set.caption(i)).collect::<Vec<_>>(), ["1ring", "2ring", "3arm"]);
    for index in [3, u64::MAX] {
        assert!(set.get(index).unwrap_err().to_string().contains("below the number of examples, 3"));
        assert_eq!(
            (set.label(index), set.caption(index), set.key(index)),
            (None, String::new(), String::new())
        );
    }
}

/// The same points in every dress.
#[test]
fn dialects_are_understood() {
    let plain = points(&read("x,y\n1,2\n-3,4.5\n").unwrap());
    for text in [
        "x\ty\n1\t2\n-3\t4.5\n",
        "x;y\n1;2\n-3;4.5\n",
        "1,2\n-3,4.5\n",
        "1,2\n-3,4.5",
        "\u{feff}x,y\r\n1,2\r\n-3,4.5\r\n",
        "\n\r\n  \nx,y\n\n1,2\n \n-3,4.5\n\n\n",
        " x , y \n 1 , 2 \n -3 , 4.5 \n",
        "\"x\",\"y\"\n\"1\",\"2\"\n-3,\"4.5\"\n",
        "\"x, across\",\"the \"\"y\"\"\"\n1,2\n-3,4.5\n",
        "\"x;;;;\",y\n+1.0,2e0\n-3.,.45E+1\n",
        ",x,y\n0,1,2\n1,-3,4.5\n",
    ] {
        assert_eq!(
            points(&read(text).unwrap_or_else(|error| panic!("{text:?}: {error}"))),
            plain,
            "{text:?}"
        );
    }
    let names = |text| read(text).unwrap().columns().to_vec();
    assert_eq!(names("\"x, across\",\"the \"\"y\"\"\"\n1,2\n-3,4.5\n"), ["x, across", "the \"y\""]);
    assert_eq!(names("1;2\n3;4"), ["1", "2"]);
    assert_eq!(points(&read("h\n1\n\n2\n").unwrap()), [[1.0], [2.0]]);
}

#[test]
fn columns_and_classes_are_chosen() {
    let text = "id,x,y,z,species,site\n7,1,2,3,cat,a\n8,4,5,6,dog,b\n9,7,8,0,cat,b\n";
    let with = |columns: Option<&[&str]>, class: Option<&str>, only: Option<&str>| {
        let columns = columns.map(|names| names.iter().map(ToString::to_string).collect());
        let options =
            PointFileOptions { columns, class: class.map(String::from), only: only.map(String::from) };
        open("pets.csv", text.as_bytes(), options)
    };
    // Two columns of text: neither is taken for the class unless it is named.
    let all = with(None, None, None).unwrap();
    assert_eq!(
        (all.columns().join(" "), all.class_names().len(), labels(&all)[0]),
        ("id x y z".into(), 0, None)
    );
    let chosen = with(Some(&["z", "x"]), Some("site"), None).unwrap();
    assert_eq!(points(&chosen), [[3.0, 1.0], [6.0, 4.0], [0.0, 7.0]]);
    assert_eq!(
        (chosen.class_names().join(" "), labels(&chosen)),
        ("a b".into(), vec![Some(0), Some(1), Some(1)])
    );
    // A column of numbers may be the class; then it is no coordinate.
    let numbered = with(None, Some("id"), None).unwrap();
    assert_eq!(
        (numbered.columns().join(" "), numbered.class_names().join(" ")),
        ("x y z".into(), "7 8 9".into())
    );
    let cats = with(Some(&["x"]), Some("species"), Some("cat")).unwrap();
    assert_eq!((points(&cats), cats.name().as_str()), (vec![vec![1.0], vec![7.0]], "pets (cat)"));
    assert_eq!((cats.class_names().len(), labels(&cats), cats.key(1)), (0, vec![None; 2], "3".into()));
}

/// Moments are those of what is kept, computed here in another way; the version knows the values.
#[test]
fn moments_and_version_are_the_datas_own() {
    let text = "c,x,y\na,0.1,10\nb,9,100\na,0.3,30\na,0.8,50\n";
    let only = PointFileOptions { only: Some("a".into()), ..Default::default() };
    let set = open("toy.csv", text.as_bytes(), only.clone()).unwrap();
    let (means, scales) = set.moments().unwrap();
    for (i, values) in [[0.1f32, 0.3, 0.8], [10.0, 30.0, 50.0]].into_iter().enumerate() {
        let [mean, square] =
            [1, 2].map(|power| values.iter().map(|&v| f64::from(v).powi(power)).sum::<f64>() / 3.0);
        assert!((means[i] - mean).abs() < 1e-12 && (scales[i] - (square - mean * mean).sqrt()).abs() < 1e-9);
    }
    let changed = open("toy.csv", text.replace("0.3", "0.4").as_bytes(), only.clone()).unwrap();
    let elsewhere = open("toy.csv", text.replace("9,", "8,").as_bytes(), only).unwrap();
    assert_ne!(changed.version(), set.version());
    assert_eq!(elsewhere.version(), set.version());
}

/// A point stays on its side when the table grows.
#[test]
fn tables_can_be_split() {
    let rows = |n: u32| (0..n).map(|i| format!("{i},{}\n", i * i)).collect::<String>();
    let parts = |n| split(Arc::new(read(&rows(n)).unwrap()), 0.3).unwrap();
    let ((_, few), (_, many)) = (parts(100), parts(200));
    let keys = |part: &dyn Dataset| (0..part.len().unwrap()).map(|i| part.key(i)).collect::<Vec<_>>();
    assert!(few.len() > Some(10) && keys(&many).starts_with(&keys(&few)));
    assert_eq!((few.shape(), few.moments().is_some()), (DataShape::point(2), true));
}

#[test]
fn the_datasaurus_is_read() {
    let Some(path) = tweedie_testing::shared("data/datasaurus/DatasaurusDozen-Long.tsv") else { return };
    let all = PointFile::open(&path, PointFileOptions::default()).unwrap();
    assert_eq!(
        (all.len(), all.class_names().len(), all.columns().join(" ")),
        (Some(13 * 142), 13, "x y".into())
    );
    assert_eq!((all.class_names()[0].as_str(), points(&all)[0].clone()), ("dino", vec![55.3846, 97.1795]));
    // The sets of the dozen share their moments to two digits.
    for name in all.class_names() {
        let only = PointFileOptions { only: Some(name.clone()), ..Default::default() };
        let set = PointFile::open(&path, only).unwrap();
        let (means, scales) = set.moments().unwrap();
        assert_eq!(set.len(), Some(142));
        for (found, expected) in means.iter().chain(&scales).zip([54.26, 47.83, 16.71, 26.84]) {
            assert!((found - expected).abs() < 0.02, "{name}: {found} and {expected}");
        }
    }
    let no = PointFileOptions { only: Some("Dino".into()), ..Default::default() };
    let text = PointFile::open(&path, no).unwrap_err().to_string();
    assert!(text.contains("has no class Dino") && text.contains("did you mean dino?"), "{text}");
}
