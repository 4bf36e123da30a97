//! A page about a run with arbitrary texts.

use crate::html::{Element, elements};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tweedie_report::{Page, Plot, Scale, Series};

/// Texts that mean something to a browser, or to a careless writer.
const STRANGE: [&str; 9] = [
    "</pre></td></body><script>alert(1)</script>",
    "<img src=x onerror=\"alert(1)\">",
    "\" onload=\"alert(1)",
    "&lt;already&gt; &amp; &#60;",
    "<!-- <![CDATA[ ]]> -->",
    "</title></style></script><h1>",
    "a < b > c && d || e == 'f'",
    "größer\u{2028}als\u{202e} π\ttabs\nand lines\r\n🙂",
    "",
];

fn page(text: &str) -> Page {
    let series = vec![Series { name: format!("line {text}"), points: vec![(0.0, 1.0), (1.0, 0.5)] }];
    let [title, x_label, y_label] = [text, text, text].map(String::from);
    Page {
        title: text.into(),
        facts: vec![(text.into(), text.into()), ("images".into(), text.into())],
        plots: vec![Plot { title, x_label, y_label, y_scale: Scale::Linear, series }],
        sheets: vec![("first".into(), b"one".to_vec()), (text.into(), text.as_bytes().to_vec())],
        texts: vec![(text.into(), text.into())],
    }
}

fn all<'a>(found: &'a [Element], name: &str) -> Vec<&'a Element> {
    found.iter().filter(|element| element.name == name).collect()
}

fn texts<'a>(found: &'a [Element], name: &str) -> Vec<&'a str> {
    all(found, name).into_iter().map(|element| element.text.as_str()).collect()
}

#[test]
fn strange_texts_are_shown_and_mean_nothing() {
    let plain: Vec<String> =
        elements(&page("plain").html()).into_iter().map(|element| element.name).collect();
    for text in STRANGE {
        let found = elements(&page(text).html());
        let names: Vec<&str> = found.iter().map(|element| element.name.as_str()).collect();
        assert_eq!(names, plain, "{text:?} added elements");
        assert_eq!(texts(&found, "title"), [text]);
        assert_eq!(texts(&found, "h1"), [text]);
        assert_eq!(texts(&found, "td"), [text, text, "images", text]);
        assert_eq!(texts(&found, "pre"), [text]);
        assert_eq!(texts(&found, "h2").last(), Some(&text));
        assert_eq!(texts(&found, "span"), [text]);
        let sheet = all(&found, "img")[1];
        assert_eq!((sheet.attribute("alt"), sheet.attribute("title")), (Some(text), Some(text)));
        assert!(found.iter().all(|element| element.attributes.iter().all(|(key, _)| !key.starts_with("on"))));
    }
}

#[test]
fn the_newest_sheet_is_the_one_that_is_seen() {
    let sheets: Vec<(String, Vec<u8>)> =
        (0..7u8).map(|i| (format!("after {i}"), (0..=i).collect())).collect();
    let found = elements(&Page { sheets: sheets.clone(), ..Page::default() }.html());
    let images = all(&found, "img");
    assert_eq!(images.len(), 7);
    for (i, (image, (caption, png))) in images.iter().zip(&sheets).enumerate() {
        assert_eq!(image.attribute("hidden").is_none(), i == 6, "sheet {i}");
        assert_eq!(image.attribute("title"), Some(caption.as_str()));
        let data = image.attribute("src").unwrap().strip_prefix("data:image/png;base64,").unwrap();
        assert_eq!(&STANDARD.decode(data).unwrap(), png);
    }
    let slider = all(&found, "input")[0];
    assert_eq!((slider.attribute("max"), slider.attribute("value")), (Some("6"), Some("6")));
    assert_eq!(texts(&found, "span"), ["after 6"]);
}

#[test]
fn an_empty_page_is_a_page() {
    let found = elements(&Page::default().html());
    assert!(all(&found, "img").is_empty() && all(&found, "script").is_empty());
    assert_eq!(all(&found, "body").len(), 1);
}
