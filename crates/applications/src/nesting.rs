//! The nesting of TOML text, which is checked before the text is parsed. Parsing and dropping deep values would exhaust the stack.

/// The greatest depth of tables and lists inside each other, and the greatest number of parts of a dotted key.
pub const DEEPEST: usize = 32;

/// Returns an error if tables and lists in a text are nested too deeply, or if a key has too many parts. Text that is not TOML is not an
/// error here.
///
/// # Errors
/// A sentence that names the limit, [`DEEPEST`].
pub fn check(text: &str) -> Result<(), String> {
    let (mut depth, mut parts) = (0usize, 1usize);
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let skipped = skip(rest);
        if skipped > 0 {
            rest = &rest[skipped..];
            continue;
        }
        rest = &rest[next.len_utf8()..];
        match next {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            '.' => parts += 1,
            _ => {}
        }
        if matches!(next, '[' | ']' | '{' | '}' | ',' | '=' | '\n') {
            parts = 1;
        }
        if depth > DEEPEST {
            return Err(format!(
                "tables and lists are nested more than {DEEPEST} deep; at most {DEEPEST} are allowed"
            ));
        }
        check_parts(parts)?;
    }
    Ok(())
}

/// Returns an error for a dotted key with too many parts.
pub(crate) fn check_parts(parts: usize) -> Result<(), String> {
    if parts <= DEEPEST {
        return Ok(());
    }
    Err(format!("a key has more than {DEEPEST} parts, separated by dots; at most {DEEPEST} are allowed"))
}

/// The length of the string or comment at the start of a text; 0 if there is none.
fn skip(text: &str) -> usize {
    for quotes in ["\"\"\"", "'''", "\"", "'"] {
        if let Some(inside) = text.strip_prefix(quotes) {
            return quotes.len() + rest_of_string(inside, quotes);
        }
    }
    if text.starts_with('#') { text.find('\n').unwrap_or(text.len()) } else { 0 }
}

/// The length of a string after its first quotes. A string with one quote at each end ends at the end of the line at the latest.
fn rest_of_string(inside: &str, quotes: &str) -> usize {
    let (escapes, on_one_line) = (quotes.starts_with('"'), quotes.len() == 1);
    let mut is_escaped = false;
    for (at, next) in inside.char_indices() {
        if on_one_line && next == '\n' {
            return at;
        }
        if !is_escaped && inside[at..].starts_with(quotes) {
            return at + quotes.len();
        }
        is_escaped = escapes && next == '\\' && !is_escaped;
    }
    inside.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_passes() {
        let text = "a.b = 1.5 # [[[[\n[c]\nlist = [[1, 2], [3]]\ntext = \"}}]]\\\"{\"\nraw = '[[['\nlong = \"\"\"\n[[ \\\" \"\"\"\n\
                    day = 1979-05-27T07:32:00.5\n";
        assert_eq!(check(text), Ok(()));
        for quotes in ["\"", "'", "\"\"\"", "'''"] {
            assert_eq!(check(&format!("a = {quotes}{}{quotes}", "[.".repeat(100))), Ok(()));
        }
    }

    #[test]
    fn what_is_nested_too_deeply_is_refused() {
        for text in [
            format!("a = {}{}", "[".repeat(33), "]".repeat(33)),
            format!("a = {}1{}", "{a = ".repeat(100_000), "}".repeat(100_000)),
            format!("x = 1\n[{}]", ["a"; 20_000].join(".")),
            format!("{} = 1", ["\"a\""; 33].join(" . ")),
            format!("a = {{ {} = 1 }}", ["a"; 33].join(".")),
            // An unfinished string ends with its line.
            format!("a = \"\nb = {}", "[".repeat(33)),
        ] {
            let refused = check(&text).unwrap_err();
            assert!(refused.contains("at most 32"), "{refused}");
        }
        assert_eq!(check(&format!("a = {}{}", "[".repeat(32), "]".repeat(32))), Ok(()));
        assert_eq!(check(&format!("{} = 1", ["a"; 32].join("."))), Ok(()));
    }
}
