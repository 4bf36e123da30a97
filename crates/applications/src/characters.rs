//! Characters that do not belong in a line of text.

/// Whether a character controls a terminal or changes the direction of writing, such as ESC or U+202E. Names in files and archives may
/// contain any character; a line that is shown to a person should not.
pub fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
