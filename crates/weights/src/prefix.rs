//! Detection of a common prefix of all names, added by wrappers such as `DataParallel` (`module.`) and `torch.compile`
//! (`_orig_mod.`).

use crate::Expected;

/// The prefix, ending with a dot, whose removal from all found names gives exactly the expected names; `None` if there is none.
pub fn common_prefix(found: &Expected, expected: &Expected) -> Option<String> {
    let first = expected.keys().next()?;
    if found.len() != expected.len() {
        return None;
    }
    let candidates = found.keys().filter_map(|name| name.strip_suffix(first.as_str()));
    let fits = |prefix: &&str| {
        prefix.ends_with('.')
            && found
                .keys()
                .all(|name| name.strip_prefix(*prefix).is_some_and(|rest| expected.contains_key(rest)))
    };
    candidates.into_iter().find(fits).map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Expected {
        list.iter().map(|name| (name.to_string(), vec![1])).collect()
    }

    #[test]
    fn one_prefix_of_all_names_is_found() {
        let expected = names(&["a.weight", "b.a.weight", "b.bias"]);
        for prefix in ["module.", "_orig_mod.", "module._orig_mod.", "unet."] {
            let found = expected.keys().map(|name| (format!("{prefix}{name}"), vec![1])).collect();
            assert_eq!(common_prefix(&found, &expected).as_deref(), Some(prefix));
        }
    }

    #[test]
    fn other_differences_are_no_prefix() {
        let expected = names(&["a.weight", "b.bias"]);
        for found in [
            names(&["a.weight", "b.bias"]),
            names(&["module.a.weight", "b.bias"]),
            names(&["module.a.weight", "module.b.bias", "module.c"]),
            names(&["module.a.weight", "other.b.bias"]),
            names(&["xa.weight", "xb.bias"]),
            names(&[]),
        ] {
            assert_eq!(common_prefix(&found, &expected), None, "{found:?}");
        }
        assert_eq!(common_prefix(&names(&["a"]), &names(&[])), None);
    }
}
