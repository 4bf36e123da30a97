//! Former names of configuration keys. An earlier run's `config.toml` keeps working after a rename.

use toml::{Table, Value};

/// Former and current paths of keys. A rename moves within one table.
const FORMER: [(&str, &str); 2] = [
    ("training.report.sheet_pictures", "training.report.sheet_images"),
    ("training.report.held_out_pictures", "training.report.held_out_images"),
];

/// The current path of a key.
pub(super) fn current(path: &str) -> &str {
    FORMER.iter().find(|(former, _)| *former == path).map_or(path, |(_, current)| current)
}

/// Renames all former keys of a whole configuration. If a key is given under both names, the former one is not renamed, so that the
/// error message names it.
pub(super) fn rename(table: &mut Table) {
    for (former, current) in FORMER {
        let (Some((place, from)), Some((_, to))) = (former.rsplit_once('.'), current.rsplit_once('.')) else {
            continue;
        };
        let found = place
            .split('.')
            .try_fold(&mut *table, |table, part| table.get_mut(part).and_then(Value::as_table_mut));
        if let Some(table) = found.filter(|table| !table.contains_key(to))
            && let Some(value) = table.remove(from)
        {
            table.insert(to.into(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn former_keys_are_renamed_and_others_stay() {
        let text = "[training]\nbatch = 2\n[training.report]\nsheet_pictures = 9\ntick = 1";
        let mut table: Table = text.parse().unwrap();
        rename(&mut table);
        let expected = "[training]\nbatch = 2\n[training.report]\nsheet_images = 9\ntick = 1";
        assert_eq!(table, expected.parse::<Table>().unwrap());
        assert_eq!(current("training.report.held_out_pictures"), "training.report.held_out_images");
        assert_eq!(current("training.batch"), "training.batch");
    }

    #[test]
    fn both_names_at_once_are_left_for_the_complaint() {
        let text = "[training.report]\nsheet_pictures = 9\nsheet_images = 8";
        let (mut table, before): (Table, Table) = (text.parse().unwrap(), text.parse().unwrap());
        rename(&mut table);
        assert_eq!(table, before);
    }
}
