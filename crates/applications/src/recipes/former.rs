//! Former names of configuration keys. An earlier run's `config.toml` keeps working after a rename.

use toml::{Table, Value};

/// Former and current paths of keys. A rename moves within one table.
const FORMER: [(&str, &str); 2] = [
    ("training.report.sheet_pictures", "training.report.sheet_images"),
    ("training.report.held_out_pictures", "training.report.held_out_images"),
];

/// The keys of image files that an earlier version wrote into the configuration of a run. It had no others with a value.
const FORMER_FOLDER: [&str; 8] =
    ["channels", "height", "width", "fit", "background", "flip", "bad_files", "memory_mib"];

/// What that version did: keys that it had not, with their values.
const FORMER_CHOICES: [(&str, &str); 2] = [("classes", "top"), ("splits", "ignore")];

/// The current path of a key.
pub(super) fn current(path: &str) -> &str {
    FORMER.iter().find(|(former, _)| *former == path).map_or(path, |(_, current)| current)
}

/// Adds the keys that a configuration written by an earlier version lacks. A run's configuration contains every key, so the missing ones
/// were unknown to that version; a configuration written by hand gets the current defaults instead.
pub(super) fn complete(table: &mut Table) {
    let Some(data) = table.get_mut("data").and_then(Value::as_table_mut) else { return };
    let is_folder = data.get("kind").and_then(Value::as_str) == Some("folder");
    let is_former = FORMER_FOLDER.iter().all(|key| data.contains_key(*key))
        && FORMER_CHOICES.iter().all(|(key, _)| !data.contains_key(*key));
    if is_folder && is_former {
        data.extend(FORMER_CHOICES.map(|(key, value)| (key.to_string(), Value::from(value))));
    }
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
    fn a_runs_configuration_keeps_the_classes_that_it_had() {
        let folder = "channels = 3\nheight = 8\nwidth = 8\nfit = \"crop\"\nbackground = [0, 0, 0]\nflip = true\nbad_files = \"error\"";
        let of = |text: String| {
            let mut table: Table = text.parse().unwrap();
            complete(&mut table);
            let value = |key: &str| table["data"].get(key).and_then(Value::as_str).map(String::from);
            (value("classes"), value("splits"))
        };
        let whole = format!("[data]\nkind = \"folder\"\nmemory_mib = 1\n{folder}");
        assert_eq!(of(whole.clone()), (Some("top".into()), Some("ignore".into())));
        assert_eq!(of(format!("{whole}\nclasses = \"leaf\"")), (Some("leaf".into()), None));
        assert_eq!(of(format!("[data]\nkind = \"folder\"\n{folder}")), (None, None));
        assert_eq!(of("[data]\nkind = \"shapes\"".into()), (None, None));
    }

    #[test]
    fn both_names_at_once_are_left_for_the_complaint() {
        let text = "[training.report]\nsheet_pictures = 9\nsheet_images = 8";
        let (mut table, before): (Table, Table) = (text.parse().unwrap(), text.parse().unwrap());
        rename(&mut table);
        assert_eq!(table, before);
    }
}
