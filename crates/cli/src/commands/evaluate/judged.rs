//! The pictures that a likelihood is that of.

use crate::config::{DataConfig, RunConfig};
use anyhow::bail;
use std::sync::Arc;
use tch::{Device, Tensor};
use tweedie_data::{Dataset, Order, Shape, Values};
use tweedie_models::{Model, from_array, from_pixels};

/// Values of some pictures with their labels, apart from any model.
pub(in crate::commands) struct Judged {
    /// What they are, for people.
    pub(in crate::commands) what: String,
    pub(in crate::commands) shape: Shape,
    values: Vec<Values>,
    labels: Option<Vec<i64>>,
    /// Of the classes, by label.
    names: Vec<String>,
}

impl Judged {
    /// `n` pictures in an order of their own, from the `skip`-th on: the run's held-out ones, or all where --data names them.
    pub(in crate::commands) fn open(
        config: &RunConfig,
        names_data: bool,
        seed: u64,
        skip: usize,
        n: usize,
    ) -> anyhow::Result<Self> {
        // A set without end has others than those that training draws, wherever it lies.
        let endless = matches!(config.data, DataConfig::Shapes { .. } | DataConfig::Nouns { .. });
        let (data, part): (Arc<dyn Dataset>, &str) = if names_data && !endless {
            (config.data.open(0.0)?.shown, "every picture")
        } else {
            let share = if endless { 0.5 } else { config.held_out };
            match config.data.open(share)?.held_out {
                Some(held_out) => (held_out, "held out"),
                None => bail!(
                    "the run held no pictures out, so that what it was trained on would be judged; say which others with --data PATH"
                ),
            }
        };
        let available = data.len().unwrap_or(u64::MAX);
        if available < (skip + n) as u64 {
            bail!(
                "{} has {available} pictures ({part}), and {} are needed; -n says how many are judged{}",
                data.name(),
                skip + n,
                if skip > 0 { ", and the optimal variance is measured on as many others" } else { "" }
            );
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

    /// The values as a model sees them, (N, C, H, W).
    pub(in crate::commands) fn clean(&self, model: &Model) -> anyhow::Result<Tensor> {
        let description = model.description();
        let channels = model.network().config().in_channels;
        if channels != self.shape.channels as i64 {
            bail!(
                "the model knows pictures of {channels} channels, and {} have {}",
                self.what,
                self.shape.channels
            );
        }
        let [height, width] = [self.shape.height as i64, self.shape.width as i64];
        if let Some([h, w]) = model.network().config().sample_size.map(|size| size.sides())
            && [h, w] != [height, width]
        {
            bail!("the model knows pictures of {h}×{w}, and {} are {height}×{width}", self.what);
        }
        let size = [1, channels, height, width];
        let each = self.values.iter().map(|values| match (values, &description.standardization) {
            (Values::Bytes(bytes), None) => Ok(from_pixels(bytes, &size, description.range, Device::Cpu)?),
            (Values::Floats(values), Some(how)) => Ok(from_array(values, &size, how, Device::Cpu)?),
            (Values::Floats(_), None) => bail!("{} holds arrays, and the model knows pictures", self.what),
            (Values::Bytes(_), Some(_)) => bail!("{} holds pictures, and the model knows arrays", self.what),
        });
        Ok(Tensor::f_cat(&each.collect::<anyhow::Result<Vec<_>>>()?, 0)
            .map_err(tweedie_torch::Error::from)?)
    }

    /// The class rows that a model is told: each picture's own, unless a class or none was asked for.
    pub(in crate::commands) fn classes(
        &self,
        model: &Model,
        asked: Option<&str>,
    ) -> anyhow::Result<Option<Vec<i64>>> {
        use crate::commands::class::Class;
        let n = self.values.len();
        if asked == Some("all") {
            bail!(
                "--class all draws each class in turn; a picture has one: leave the flag out to tell each its own"
            );
        }
        if let (None, Some(_), Some(labels)) =
            (asked, model.network().config().num_class_embeds, &self.labels)
        {
            return labels
                .iter()
                .map(|&label| self.row_of(model, label))
                .collect::<anyhow::Result<_>>()
                .map(Some);
        }
        let class = Class::of(model, asked)?;
        Ok((0..n).map(|i| class.row(i)).collect())
    }

    /// The model's row of a label: the class of the same name, else, where the model has no names, of the same number.
    fn row_of(&self, model: &Model, label: i64) -> anyhow::Result<i64> {
        let names = &model.description().class_names;
        let Some(name) = usize::try_from(label).ok().and_then(|label| self.names.get(label)) else {
            bail!("{} has a class without a name, {label}", self.what);
        };
        let rows = model.network().config().num_class_embeds.unwrap_or(0);
        let n_classes = rows - i64::from(model.description().null_class.is_some());
        match names.iter().position(|own| own == name) {
            Some(row) => Ok(row as i64),
            None if names.is_empty() && label < n_classes => Ok(label),
            None => bail!(
                "{} has the class {name}, which the model does not know: --class none, or one of its own",
                self.what
            ),
        }
    }
}
