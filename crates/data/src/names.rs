//! Lists of names for people.

/// Names that a list shows.
const SHOWN: usize = 12;

/// The first names of a list, separated by commas, and how many more there are.
pub fn short_list<T: AsRef<str>>(names: &[T]) -> String {
    let mut shown: Vec<String> = names.iter().take(SHOWN).map(|name| name.as_ref().to_string()).collect();
    if let Some(more) = names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}
