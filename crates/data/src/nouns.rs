//! Nouns: images of 32×32 pixels, composed of named parts from `image-data.json` of the Nouns project.

use crate::files::MOST_BYTES;
use crate::identity::version_of;
use crate::{Dataset, Error, Shape, Values};
use serde::Deserialize;
use std::path::Path;
use tweedie_math::DataShape;
use tweedie_math::random::{Key, Purpose, Stream};

/// Random combinations of background, body, accessory, head and glasses: an endless set, whose images repeat after many draws
/// ([`Nouns::n_combinations`]).
#[derive(Debug)]
pub struct Nouns {
    backgrounds: Vec<[u8; 3]>,
    palette: Vec<[u8; 3]>,
    layers: [Vec<Piece>; 4],
    seed: u64,
    version: String,
}

const SIDE: usize = 32;

/// A part of the image, encoded as runs of equal colour inside a box.
#[derive(Debug)]
struct Piece {
    name: String,
    top: usize,
    left: usize,
    right: usize,
    /// Length and palette index of each run; the index 0 is transparent.
    runs: Vec<(usize, usize)>,
}

#[derive(Deserialize)]
struct File {
    bgcolors: Vec<String>,
    palette: Vec<String>,
    images: Layers,
}

#[derive(Deserialize)]
struct Layers {
    bodies: Vec<Encoded>,
    accessories: Vec<Encoded>,
    heads: Vec<Encoded>,
    glasses: Vec<Encoded>,
}

#[derive(Deserialize)]
struct Encoded {
    filename: String,
    data: String,
}

impl Nouns {
    /// Reads `image-data.json`, or this file in a folder.
    ///
    /// # Errors
    /// [`Error::Format`] for a file of another structure, and for runs that do not fit into the image.
    pub fn open(path: &Path, seed: u64) -> Result<Self, Error> {
        let path = if path.is_dir() { path.join("image-data.json") } else { path.to_path_buf() };
        let bad = |reason: String| Error::Format { path: path.clone(), reason };
        let text = tweedie_files::read_text(&path, MOST_BYTES)
            .map_err(|source| Error::Io { path: path.clone(), source })?;
        let file: File = serde_json::from_str(&text)
            .map_err(|error| bad(format!("it is not the image-data.json of Nouns ({error})")))?;
        let colours = |list: &[String]| list.iter().map(|text| colour(text)).collect::<Option<Vec<_>>>();
        let palette = colours(&file.palette)
            .ok_or_else(|| bad("its palette contains an entry that is not a colour RRGGBB".into()))?;
        let backgrounds = colours(&file.bgcolors)
            .ok_or_else(|| bad("its bgcolors contain an entry that is not a colour RRGGBB".into()))?;
        let decode = |list: Vec<Encoded>| {
            list.into_iter()
                .map(|part| {
                    piece(&part, palette.len())
                        .ok_or_else(|| bad(format!("its part {} is damaged", part.filename)))
                })
                .collect::<Result<Vec<_>, _>>()
        };
        let Layers { bodies, accessories, heads, glasses } = file.images;
        let layers = [decode(bodies)?, decode(accessories)?, decode(heads)?, decode(glasses)?];
        if backgrounds.is_empty() || layers.iter().any(Vec::is_empty) {
            return Err(bad("it has no backgrounds or no parts of some kind".into()));
        }
        Ok(Self { backgrounds, palette, layers, seed, version: version_of([&text]) })
    }

    /// The number of combinations of a background and a part of each kind: 2·30·143·254·23 = 50,124,360 for the project's own file.
    pub fn n_combinations(&self) -> u64 {
        self.layers.iter().map(|layer| layer.len() as u64).product::<u64>() * self.backgrounds.len() as u64
    }

    /// The background and the parts of the image at an index.
    fn choose(&self, index: u64) -> (usize, [&Piece; 4]) {
        let mut numbers =
            Stream::new(Key { seed: self.seed, image: index, purpose: Purpose::DATA, visit: 0, draw: 0 });
        let mut one_of = |n: usize| numbers.below(n as u64) as usize;
        let background = one_of(self.backgrounds.len());
        (background, std::array::from_fn(|layer| &self.layers[layer][one_of(self.layers[layer].len())]))
    }
}

/// Parses a colour RRGGBB. The empty text, which means transparent, is black.
fn colour(text: &str) -> Option<[u8; 3]> {
    if text.is_empty() {
        return Some([0; 3]);
    }
    let value = u32::from_str_radix(text, 16).ok().filter(|_| text.len() == 6 && !text.starts_with('+'))?;
    let [_, red, green, blue] = value.to_be_bytes();
    Some([red, green, blue])
}

/// Decodes a part from hexadecimal bytes: palette (unused), top, right, bottom, left, then (length, colour) of each run.
fn piece(part: &Encoded, colours: usize) -> Option<Piece> {
    let hex = part.data.strip_prefix("0x")?.as_bytes();
    let digit = |byte: u8| (byte as char).to_digit(16);
    let bytes: Vec<usize> = hex
        .chunks(2)
        .map(|pair| Some((digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?) as usize))
        .collect::<Option<_>>()?;
    let &[_, top, right, _, left, ref runs @ ..] = bytes.as_slice() else { return None };
    let runs: Vec<(usize, usize)> =
        runs.chunks(2).map(|run| Some((run[0], *run.get(1)?))).collect::<Option<_>>()?;
    let n: usize = runs.iter().map(|run| run.0).sum();
    let fits = left <= right
        && right <= SIDE
        && (runs.is_empty() || (left < right && top + n.div_ceil(right - left) <= SIDE));
    let known = runs.iter().all(|run| run.1 < colours);
    let name =
        part.filename.split_once('-').map_or(part.filename.as_str(), |(_, name)| name).replace('-', " ");
    (fits && known).then_some(Piece { name, top, left, right, runs })
}

impl Piece {
    fn paint(&self, palette: &[[u8; 3]], planes: &mut [u8]) {
        let width = (self.right - self.left).max(1);
        let mut at = 0;
        for &(length, colour) in &self.runs {
            for place in at..at + length {
                if colour > 0 {
                    let pixel = (self.top + place / width) * SIDE + self.left + place % width;
                    for (channel, value) in palette[colour].into_iter().enumerate() {
                        planes[channel * SIDE * SIDE + pixel] = value;
                    }
                }
            }
            at += length;
        }
    }
}

impl Dataset for Nouns {
    fn name(&self) -> String {
        "nouns".into()
    }

    fn shape(&self) -> DataShape {
        Shape { channels: 3, height: SIDE, width: SIDE }.into()
    }

    fn len(&self) -> Option<u64> {
        None
    }

    fn class_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn may_flip(&self) -> bool {
        false
    }

    fn version(&self) -> String {
        self.version.clone()
    }

    fn values(&self, index: u64) -> Result<Values, Error> {
        let (background, parts) = self.choose(index);
        let mut planes: Vec<u8> =
            self.backgrounds[background].iter().flat_map(|&value| [value; SIDE * SIDE]).collect();
        for part in parts {
            part.paint(&self.palette, &mut planes);
        }
        Ok(Values::Bytes(planes))
    }

    fn label(&self, _index: u64) -> Option<u32> {
        None
    }

    fn caption(&self, index: u64) -> String {
        let (_, [body, accessory, head, glasses]) = self.choose(index);
        format!("a {} head with {} glasses, {} body, {}", head.name, glasses.name, body.name, accessory.name)
    }
}
