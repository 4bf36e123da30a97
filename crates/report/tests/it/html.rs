//! A reader of the small part of HTML that pages are made of; stricter than a browser.

/// Elements that have no end.
const ALONE: [&str; 3] = ["meta", "input", "img"];

/// Everything that a page may be made of.
const KNOWN: [&str; 24] = [
    "html", "head", "body", "title", "style", "script", "h1", "h2", "table", "tr", "td", "p", "span", "div",
    "pre", "meta", "input", "img", "svg", "rect", "text", "line", "polyline", "g",
];

/// An element: its name, its attributes and the text right inside it.
#[derive(Debug, Default)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// All elements in the order of their beginnings.
///
/// # Panics
/// When the document is not well-formed, or holds elements that no page has.
pub fn elements(document: &str) -> Vec<Element> {
    let mut rest = document.strip_prefix("<!doctype html>\n").expect("no doctype");
    let (mut found, mut open): (Vec<Element>, Vec<usize>) = (Vec::new(), Vec::new());
    while let Some((text, after)) = rest.split_once('<') {
        match open.last() {
            Some(&last) => found[last].text += &unescaped(text),
            None => assert!(text.trim().is_empty(), "{text:?} outside of the document"),
        }
        // Quoted values hold no bare angle here, so the tag ends at the first.
        let (tag, after) = after.split_once('>').expect("a tag that does not end");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            let last = open.pop().expect("an end without a beginning");
            assert_eq!(found[last].name, name);
            continue;
        }
        let closed = tag.ends_with('/');
        let element = element(tag.trim_end_matches('/'));
        assert!(KNOWN.contains(&element.name.as_str()), "the element {}", element.name);
        if ["style", "script"].contains(&element.name.as_str()) {
            // Their text is raw until their end.
            rest = rest.split_once(&format!("</{}>", element.name)).expect("raw text without end").1;
        } else if !closed && !ALONE.contains(&element.name.as_str()) {
            open.push(found.len());
        }
        found.push(element);
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "unclosed, or followed by {rest:?}");
    found
}

fn element(tag: &str) -> Element {
    let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
    let mut attributes: Vec<(String, String)> = Vec::new();
    while !rest.is_empty() {
        let end = rest.find(['=', ' ']).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        assert!(!key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{key:?}");
        let value = match after.strip_prefix("=\"") {
            Some(after) => {
                let (value, after) = after.split_once('"').expect("an attribute that does not end");
                assert!(after.is_empty() || after.starts_with(' '), "{after:?} after {key}");
                rest = after.trim_start();
                unescaped(value)
            }
            None => {
                assert!(after.is_empty() || after.starts_with(' '), "{after:?} after {key}");
                rest = after.trim_start();
                String::new()
            }
        };
        assert!(attributes.iter().all(|(other, _)| other != key), "{key} twice");
        attributes.push((key.to_string(), value));
    }
    Element { name: name.to_string(), attributes, text: String::new() }
}

fn unescaped(text: &str) -> String {
    assert!(!text.contains(['<', '>']), "{text:?} holds a bare angle");
    let entity = |part: &str| {
        let (name, after) = part.split_once(';').unwrap_or_else(|| panic!("a bare & before {part:?}"));
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
    parts.next().unwrap_or_default().to_string() + &parts.map(entity).collect::<String>()
}
