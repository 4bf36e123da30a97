//! Examples of a data set that a model is evaluated on.

use crate::Error;
use crate::generation::Class;
use crate::recipes::RunConfig;
use std::sync::Arc;
use tch::{Device, Tensor};
use tweedie_data::{Dataset, Order, Values};
use tweedie_math::DataShape;
use tweedie_models::{Model, from_array, from_pixels};

/// The values and labels of some examples, independent of any model.
#[derive(Debug)]
pub struct Examples {
    /// A description for printing.
    pub what: String,
    /// The shape of one example.
    pub shape: DataShape,
    values: Vec<Values>,
    labels: Option<Vec<i64>>,
    /// The names of the classes, indexed by label.
    names: Vec<String>,
}

impl Examples {
    /// Opens `n` examples in an order given by `seed`, after skipping the first `skip`. They are held-out examples of the run or, with
    /// `all`, any examples of the data set.
    ///
    /// # Errors
    /// [`Error::NothingHeldOut`]; [`Error::TooFew`]; errors of the data set.
    pub fn open(config: &RunConfig, all: bool, seed: u64, skip: usize, n: usize) -> Result<Self, Error> {
        // The held-out part of an endless set consists of examples that are not used for training.
        let endless = config.data.is_endless();
        let (data, part): (Arc<dyn Dataset>, &str) = if all && !endless {
            (config.data.open_whole()?, "every example")
        } else {
            let share = if endless { 0.5 } else { config.held_out };
            let held_out = config.data.open(share)?.held_out;
            (held_out.ok_or(Error::NothingHeldOut)?, "held out")
        };
        let available = data.len().unwrap_or(u64::MAX);
        let needed = (skip + n) as u64;
        if available < needed {
            let set = format!("{} ({part})", data.name());
            return Err(Error::TooFew { set, available, needed, needed_twice: skip > 0 });
        }
        // For an endless set, the seed selects the first index.
        let first = if data.len().is_none() { seed.wrapping_mul(1 << 22) >> 1 } else { 0 };
        let mut order = Order::new(seed, data.len());
        let chosen: Vec<u64> = (skip..skip + n).map(|i| order.index(first + i as u64)).collect();
        let values = chosen.iter().map(|&index| data.values(index)).collect::<Result<_, _>>()?;
        let labels = chosen.iter().map(|&index| data.label(index).map(i64::from)).collect();
        Ok(Self {
            what: format!("{}, {part}", data.name()),
            shape: data.shape(),
            values,
            labels,
            names: data.class_names(),
        })
    }

    /// The values in a model's units, (N, …), on the CPU.
    ///
    /// # Errors
    /// [`Error::Shape`] and [`Error::Units`] for data that do not fit the model.
    pub fn clean(&self, model: &Model) -> Result<Tensor, Error> {
        let about = model.about();
        let fits = about.data.channels() == self.shape.channels()
            && about.size().is_none_or(|size| size == &self.shape.sides()[1..]);
        if !fits {
            return Err(Error::Shape {
                what: self.what.clone(),
                found: self.shape.clone(),
                expected: about.data.clone(),
            });
        }
        let size = self.shape.batch(1);
        let units = |found, expected| Error::Units { what: self.what.clone(), found, expected };
        let each = self.values.iter().map(|values| match (values, &about.standardization) {
            (Values::Bytes(bytes), None) => Ok(from_pixels(bytes, &size, about.range, Device::Cpu)?),
            (Values::Floats(values), Some(how)) => Ok(from_array(values, &size, how, Device::Cpu)?),
            (Values::Floats(_), None) => Err(units("arrays", "images")),
            (Values::Bytes(_), Some(_)) => Err(units("images", "arrays")),
        });
        Ok(Tensor::f_cat(&each.collect::<Result<Vec<_>, Error>>()?, 0)?)
    }

    /// The class rows that the model is conditioned on: the requested class, or the class of each example if `requested` is `None`.
    ///
    /// # Errors
    /// [`Error::Option`] for `all`; [`Error::UnknownClass`] for a label that the model does not have; errors of [`Class::of`].
    pub fn classes(&self, model: &Model, requested: Option<&str>) -> Result<Option<Vec<i64>>, Error> {
        if requested == Some("all") {
            return Err(Error::Option {
                option: "the class",
                found: "all".into(),
                allowed: "one class or none, or omitted to use the class of each example".into(),
            });
        }
        if let (None, Some(_), Some(labels)) = (requested, model.class_rows(), &self.labels) {
            return labels.iter().map(|&label| self.row_of(model, label)).collect::<Result<_, _>>().map(Some);
        }
        let class = Class::of(model, requested)?;
        Ok((0..self.values.len()).map(|i| class.row(i)).collect())
    }

    /// The model's class row for a label: the class with the same name or, if the model has no class names, with the same number.
    fn row_of(&self, model: &Model, label: i64) -> Result<i64, Error> {
        let names = &model.about().class_names;
        let name = usize::try_from(label).ok().and_then(|label| self.names.get(label));
        let n_classes = model.n_classes().unwrap_or(0);
        let unknown = |found: String| Error::UnknownClass { found, n_classes, names: names.clone() };
        let Some(name) = name else { return Err(unknown(label.to_string())) };
        match names.iter().position(|own| own == name) {
            Some(row) => Ok(row as i64),
            None if names.is_empty() && label < n_classes => Ok(label),
            None => Err(unknown(name.clone())),
        }
    }
}
