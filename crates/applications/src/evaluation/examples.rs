//! Examples of a set that a model is judged on.

use crate::Error;
use crate::generation::Class;
use crate::recipes::RunConfig;
use std::sync::Arc;
use tch::{Device, Tensor};
use tweedie_data::{Dataset, Order, Values};
use tweedie_math::DataShape;
use tweedie_models::{Model, from_array, from_pixels};

/// Values of some examples with their labels, apart from any model.
#[derive(Debug)]
pub struct Examples {
    /// What they are, for people.
    pub what: String,
    /// The shape of one.
    pub shape: DataShape,
    values: Vec<Values>,
    labels: Option<Vec<i64>>,
    /// Of the classes, by label.
    names: Vec<String>,
}

impl Examples {
    /// `n` examples in an order of their own, from the `skip`-th on: the run's held-out ones, or, with `all`, any of the set.
    ///
    /// # Errors
    /// [`Error::NothingHeldOut`]; [`Error::TooFew`]; what the data report.
    pub fn open(config: &RunConfig, all: bool, seed: u64, skip: usize, n: usize) -> Result<Self, Error> {
        // A set without end has other examples than those of training, wherever it lies.
        let endless = config.data.is_endless();
        let (data, part): (Arc<dyn Dataset>, &str) = if all && !endless {
            (config.data.open(0.0)?.shown, "every example")
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
        // Of a set without end, a stretch that the seed chooses.
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
    /// [`Error::Shape`], [`Error::Units`].
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

    /// The class rows that a model is conditioned on: each example's own, unless a class or none was chosen.
    ///
    /// # Errors
    /// [`Error::Option`] for `all`; [`Error::UnknownClass`]; those of [`Class::of`].
    pub fn classes(&self, model: &Model, asked: Option<&str>) -> Result<Option<Vec<i64>>, Error> {
        if asked == Some("all") {
            return Err(Error::Option {
                option: "the class",
                found: "all".into(),
                allowed: "one class, none, or left out, which conditions on each example's own".into(),
            });
        }
        if let (None, Some(_), Some(labels)) = (asked, model.class_rows(), &self.labels) {
            return labels.iter().map(|&label| self.row_of(model, label)).collect::<Result<_, _>>().map(Some);
        }
        let class = Class::of(model, asked)?;
        Ok((0..self.values.len()).map(|i| class.row(i)).collect())
    }

    /// The model's row of a label: the class of the same name, or, where the model has no names, of the same number.
    fn row_of(&self, model: &Model, label: i64) -> Result<i64, Error> {
        let names = &model.about().class_names;
        let name = usize::try_from(label).ok().and_then(|label| self.names.get(label));
        let unknown = |found: String| Error::UnknownClass { found, names: names.clone() };
        let Some(name) = name else { return Err(unknown(label.to_string())) };
        match names.iter().position(|own| own == name) {
            Some(row) => Ok(row as i64),
            None if names.is_empty() && label < model.n_classes().unwrap_or(0) => Ok(label),
            None => Err(unknown(name.clone())),
        }
    }
}
