//! Where pictures go.

use crate::arguments::Sample;
use crate::output::line;
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use tweedie_report::{Canvas, Sheet, sheet, write_png};

/// A sheet of all of them, or a folder of one file each.
pub(super) enum Targets {
    Sheet(PathBuf),
    Folder(PathBuf),
}

impl Targets {
    /// Made before the work begins, so that a place that cannot be written is known at once.
    pub(super) fn new(options: &Sample) -> anyhow::Result<Self> {
        let is_png =
            |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("png"));
        let target = match &options.out {
            Some(path) if options.grid || is_png(path) => Self::Sheet(path.clone()),
            Some(path) => Self::Folder(path.clone()),
            // Ways are looked at row by row.
            None if options.grid || options.interpolate.is_some() => Self::Sheet("samples.png".into()),
            None => Self::Folder("samples".into()),
        };
        let first = match &target {
            Self::Sheet(path) if path.is_dir() => {
                bail!(
                    "--grid draws one picture, and {} is a folder: name a file, such as samples.png",
                    path.display()
                )
            }
            Self::Sheet(path) => path.clone(),
            Self::Folder(folder) => folder.join(name(options.first)),
        };
        if let Some(folder) = first.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        tweedie_weights::check_writable(&first)?;
        Ok(target)
    }

    /// A PNG beside the pictures: in their folder, or named after their sheet.
    pub(super) fn beside(&self, what: &str) -> PathBuf {
        match self {
            Self::Sheet(path) => {
                let stem = path.file_stem().map_or_else(Default::default, |stem| stem.to_string_lossy());
                path.with_file_name(format!("{stem}-{what}.png"))
            }
            Self::Folder(folder) => folder.join(format!("{what}.png")),
        }
    }

    pub(super) fn write(
        &self,
        pictures: &[Vec<u8>],
        shape: [usize; 3],
        columns: usize,
        first: u64,
        parameters: impl Fn(Option<usize>) -> String,
    ) -> anyhow::Result<()> {
        match self {
            Self::Sheet(path) => {
                save(
                    &sheet(pictures, shape, &Sheet { columns, ..Sheet::default() }),
                    path,
                    parameters(None),
                )?;
                line(format!("{} samples: {}", pictures.len(), path.display()));
            }
            Self::Folder(folder) => {
                for (i, picture) in pictures.iter().enumerate() {
                    let mut canvas = Canvas::new(shape[2], shape[1], [0; 3]);
                    canvas.draw(0, 0, picture, shape, 1);
                    save(&canvas, &folder.join(name(first + i as u64)), parameters(Some(i)))?;
                }
                line(format!("{} samples: {} …", pictures.len(), folder.join(name(first)).display()));
            }
        }
        Ok(())
    }
}

/// A picture's name in its folder.
fn name(image: u64) -> String {
    format!("{image:05}.png")
}

fn save(canvas: &Canvas, path: &Path, parameters: String) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    write_png(canvas, &[("Software", "tweedie".into()), ("parameters", parameters)], &mut bytes)?;
    Ok(tweedie_weights::write_file(path, &bytes)?)
}
