//! Output files of samples.

use crate::arguments::Sample;
use crate::output::{line, save_image, save_png};
use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use tweedie_applications::generation::Samples;
use tweedie_applications::recipes::scatter_of;
use tweedie_data::points_text;
use tweedie_math::DataShape;
use tweedie_models::Model;
use tweedie_report::{Canvas, Sheet, most_on_a_sheet, sheet};

/// The output: one file for all samples, or a folder with one file per sample.
pub(super) enum Targets {
    Sheet(PathBuf),
    Folder(PathBuf),
    Table(PathBuf),
    Scatter(PathBuf),
}

impl Targets {
    /// The target of the samples, or `None` if they are written only as a tensor (`--raw`). Its files are checked before the sampling
    /// starts, so that a path that cannot be written is reported at once.
    pub(super) fn new(options: &Sample, model: &Model, shape: &DataShape) -> anyhow::Result<Option<Self>> {
        let about = model.about();
        let target = if about.is_points() {
            Self::for_points(options)?
        } else if about.is_images() {
            Self::for_images(options)?
        } else {
            if options.raw.is_none() {
                bail!(
                    "this model generates arrays of {} channels, which are not images; write them with --raw FILE",
                    about.data.channels()
                );
            }
            if options.save_steps.is_some() {
                bail!("--save-steps applies to images; this model generates arrays");
            }
            return Self::check(options, None);
        };
        let rows = if options.between.is_some() { 1 } else { options.n };
        target.check_sheet(rows.saturating_mul(options.interpolate.unwrap_or(1) as usize), shape)?;
        Self::check(options, Some(target))
    }

    /// Returns an error for more samples than a sheet can show.
    fn check_sheet(&self, n: usize, shape: &DataShape) -> anyhow::Result<()> {
        let (Self::Sheet(_), Some([_, height, width])) = (self, shape.as_image()) else { return Ok(()) };
        let most = most_on_a_sheet(height, width);
        if n > most {
            bail!(
                "a sheet of {n} samples is too large; for images of this size there must be at most {most}"
            );
        }
        Ok(())
    }

    fn check(options: &Sample, target: Option<Self>) -> anyhow::Result<Option<Self>> {
        let mut files: Vec<PathBuf> = options.raw.iter().cloned().collect();
        if let Some(target) = &target {
            let first = match target {
                Self::Sheet(path) | Self::Table(path) | Self::Scatter(path) => path.clone(),
                Self::Folder(folder) => folder.join(name(options.first)),
            };
            if let Some(folder) = first.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("cannot create {}", folder.display()))?;
            }
            files.push(first);
            if options.save_steps.is_some() {
                files.push(target.beside("steps"));
            }
        }
        files.iter().try_for_each(|path| tweedie_files::check_writable(path))?;
        Ok(target)
    }

    fn for_images(options: &Sample) -> anyhow::Result<Self> {
        let target = match &options.out {
            Some(path) if options.grid || has_extension(path, &["png"]) => Self::Sheet(path.clone()),
            Some(path) if has_extension(path, &["csv", "tsv"]) => {
                bail!(
                    "{} is a table; the output of this model must be a folder or a .png file",
                    path.display()
                )
            }
            Some(path) if has_extension(path, &OTHER_FILES) => {
                bail!(
                    "{} looks like the name of a file; images are written as PNG: name a folder, or a .png for one sheet",
                    path.display()
                )
            }
            Some(path) => Self::Folder(path.clone()),
            // Interpolations are written as rows of a sheet.
            None if options.grid || options.interpolate.is_some() => Self::Sheet("samples.png".into()),
            None => Self::Folder("samples".into()),
        };
        if let Self::Sheet(path) = &target
            && path.is_dir()
        {
            bail!(
                "--grid writes one image, but {} is a folder; name a file, such as samples.png",
                path.display()
            );
        }
        Ok(target)
    }

    fn for_points(options: &Sample) -> anyhow::Result<Self> {
        if options.save_steps.is_some() {
            bail!("--save-steps applies to images; this model generates points");
        }
        match &options.out {
            Some(path) if has_extension(path, &["png"]) => Ok(Self::Scatter(path.clone())),
            Some(path) if has_extension(path, &["csv", "tsv"]) => Ok(Self::Table(path.clone())),
            Some(path) => bail!(
                "{} is not a .csv, .tsv or .png file; points can be written only to these",
                path.display()
            ),
            None if options.grid => Ok(Self::Scatter("samples.png".into())),
            None => Ok(Self::Table("samples.csv".into())),
        }
    }

    /// The path of an additional PNG file: in the folder of the samples, or named after their sheet.
    fn beside(&self, what: &str) -> PathBuf {
        match self {
            Self::Sheet(path) | Self::Table(path) | Self::Scatter(path) => {
                let stem = path.file_stem().map_or_else(Default::default, |stem| stem.to_string_lossy());
                path.with_file_name(format!("{stem}-{what}.png"))
            }
            Self::Folder(folder) => folder.join(format!("{what}.png")),
        }
    }

    pub(super) fn write(
        &self,
        samples: &Samples,
        model: &Model,
        shape: &DataShape,
        columns: usize,
        first: u64,
        parameters: impl Fn(Option<usize>) -> String,
    ) -> anyhow::Result<()> {
        let (about, n) = (model.about(), samples.len());
        match (self, shape.as_image()) {
            (Self::Sheet(path), Some(shape)) => {
                let layout = Sheet { columns, ..Sheet::default() };
                let canvas = sheet(&samples.images(about)?, shape, &layout);
                save_png(path, &canvas, &[("parameters", parameters(None))])?;
                line(format!("{n} samples: {}", path.display()));
            }
            (Self::Folder(folder), Some(shape)) => {
                for (i, image) in samples.images(about)?.iter().enumerate() {
                    let mut canvas = Canvas::new(shape[2], shape[1], [0; 3]);
                    canvas.draw(0, 0, image, shape, 1);
                    let path = folder.join(name(first + i as u64));
                    save_image(&path, &canvas, shape[0], &[("parameters", parameters(Some(i)))])?;
                }
                line(format!("{n} samples: {} …", folder.join(name(first)).display()));
            }
            (Self::Table(path), _) => {
                let points = samples.points(about)?;
                let names: Vec<String> = match points.first().map_or(0, Vec::len) {
                    d @ 0..=3 => ["x", "y", "z"].iter().take(d).map(ToString::to_string).collect(),
                    d => (1..=d).map(|i| format!("x{i}")).collect(),
                };
                let delimiter = if has_extension(path, &["tsv"]) { '\t' } else { ',' };
                let text = points_text(&names, points.iter().map(Vec::as_slice), delimiter);
                tweedie_files::write_file(path, text.as_bytes())?;
                line(format!("{n} samples: {}", path.display()));
            }
            (Self::Scatter(path), _) => {
                let canvas = scatter_of(&[], &samples.points(about)?);
                save_png(path, &canvas, &[("parameters", parameters(None))])?;
                line(format!("{n} samples: {}", path.display()));
            }
            _ => bail!("data of shape {shape} are not images"),
        }
        self.write_previews(samples, model, shape, parameters(None))
    }

    fn write_previews(
        &self,
        samples: &Samples,
        model: &Model,
        shape: &DataShape,
        parameters: String,
    ) -> anyhow::Result<()> {
        let (Some(previews), Some(shape)) = (&samples.previews, shape.as_image()) else { return Ok(()) };
        let text = [("Software", "tweedie".to_string()), ("parameters", parameters)];
        let [still, moving] = previews.images(model.about(), shape, &text)?;
        let path = self.beside("steps");
        let animation = path.with_extension("apng");
        tweedie_files::write_file(&path, &still)?;
        tweedie_files::write_file(&animation, &moving)?;
        line(format!(
            "{} intermediate steps: {}, animation: {}",
            previews.frames().len(),
            path.display(),
            animation.display()
        ));
        Ok(())
    }
}

/// Endings of files that are not written here, so that a folder of that name is a mistake.
const OTHER_FILES: [&str; 16] = [
    "jpg",
    "jpeg",
    "jfif",
    "webp",
    "bmp",
    "gif",
    "tif",
    "tiff",
    "avif",
    "jp2",
    "apng",
    "svg",
    "pdf",
    "npz",
    "npy",
    "safetensors",
];

fn has_extension(path: &Path, wanted: &[&str]) -> bool {
    path.extension().is_some_and(|found| wanted.iter().any(|wanted| found.eq_ignore_ascii_case(wanted)))
}

/// The file name of a sample.
fn name(image: u64) -> String {
    format!("{image:05}.png")
}
