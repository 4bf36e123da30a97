//! A reader of the small part of SVG that plots are made of.

use std::collections::BTreeMap;

/// An element without its children.
#[derive(Debug)]
pub struct Element {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    pub text: String,
}

impl Element {
    pub fn number(&self, attribute: &str) -> f64 {
        self.attributes[attribute].parse().unwrap()
    }

    /// The points of a polyline.
    pub fn points(&self) -> Vec<(f64, f64)> {
        let pair = |pair: &str| {
            let (x, y) = pair.split_once(',').unwrap();
            (x.parse().unwrap(), y.parse().unwrap())
        };
        self.attributes["points"].split(' ').map(pair).collect()
    }
}

/// All elements in the order of their beginnings.
///
/// # Panics
/// When the document is not well-formed.
pub fn elements(document: &str) -> Vec<Element> {
    let (mut found, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut rest = document.trim_end();
    while let Some((text, after)) = rest.split_once('<') {
        match open.last() {
            Some(&last) => found[last].text += &unescaped(text),
            None => assert!(text.is_empty() && found.is_empty(), "{text:?} outside of the document"),
        }
        let (tag, after) = after.split_once('>').expect("a tag that does not end");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop().expect("an end without a beginning");
            assert_eq!(found[last].name, name);
            continue;
        }
        let alone = tag.strip_suffix('/');
        if alone.is_none() {
            open.push(found.len());
        }
        found.push(element(alone.unwrap_or(tag)));
    }
    assert!(open.is_empty() && rest.is_empty(), "unclosed, or followed by {rest:?}");
    found
}

fn element(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut attributes = BTreeMap::new();
    while !rest.is_empty() {
        let (key, value) = rest.split_once("=\"").expect("an attribute without a value");
        let (value, after) = value.split_once('"').expect("an attribute that does not end");
        assert!(attributes.insert(key.to_string(), unescaped(value)).is_none(), "{key} twice");
        assert!(after.is_empty() || after.starts_with(' '), "{after:?} after {key}");
        rest = after.trim_start();
    }
    Element { name: name.to_string(), attributes, text: String::new() }
}

fn unescaped(text: &str) -> String {
    assert!(!text.contains('>'), "{text:?} holds a bare >");
    let entity = |part: &str| {
        let (name, after) = part.split_once(';').expect("a bare &");
        let letter = match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            other => panic!("the entity {other}"),
        };
        format!("{letter}{after}")
    };
    let mut parts = text.split('&');
    let first = parts.next().unwrap_or_default().to_string();
    first + &parts.map(entity).collect::<String>()
}
